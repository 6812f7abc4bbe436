import type { BodyStage, StagedBody } from "../../store/mod.ts";
import {
  type AppendOptions,
  type AppendReader,
  type CommandLine,
  type LiteralHeader,
  no,
} from "../../wire/imap/mod.ts";
import { requireStillOpen, type Target } from "./access.ts";
import type { ImapSession } from "./context.ts";
import type { ImapLimits } from "./limits.ts";
import { tooManyAtOnce } from "./message_limit.ts";
import { Rejection } from "./errors.ts";
import { flagsWithin } from "./flag_rights.ts";
import { requireShortKeywords } from "./flags.ts";
import type { Room } from "./quota.ts";
import type { StreamedLiteral } from "./streamed_literal.ts";
import { openUrl } from "./url_source.ts";

/** A message that has come in whole and is in no mailbox yet. */
export interface IncomingMessage {
  readonly body: StagedBody;
  readonly flags: readonly string[];
  readonly internalDate: number;
}

export interface IncomingOptions {
  /** The mailbox that shall have the messages. */
  readonly target: Target;
  /** What its owner may still keep. */
  readonly room: Room;
  readonly streamed: StreamedLiteral | null;
}

/** The message at hand. */
interface Open extends AppendOptions {
  readonly stage: BodyStage;
  readonly isAssembled: boolean;
}

/**
 * Takes in the messages of APPEND (RFC 3502, RFC 4469) or REPLACE: each goes to the store as it comes, and what can be refused is refused
 * before a waiting client sends it. Whoever makes one calls `discard` in the end, whatever happened.
 */
export class IncomingMessages {
  readonly #session: ImapSession;
  readonly #options: IncomingOptions;
  readonly #stages: BodyStage[] = [];
  readonly #messages: IncomingMessage[] = [];
  #open: Open | null = null;
  /** Bytes of the messages that are complete. */
  #total = 0;
  #parts = 0;

  constructor(session: ImapSession, options: IncomingOptions) {
    this.#session = session;
    this.#options = options;
  }

  /** Follows the command to its end. */
  async collect(steps: AppendReader, first: CommandLine): Promise<readonly IncomingMessage[]> {
    let line = first;
    for (let step = steps.next(line); !step.done; step = steps.next(line)) {
      const { value } = step;
      switch (value.kind) {
        case "message":
          this.#begin(value);
          break;
        case "url":
          await this.#addUrl(value.url);
          break;
        case "text":
          this.#require(value.header.size);
          await this.#add(this.#literal.read());
          line = await this.#literal.nextLine();
          break;
        case "url-literal":
          this.#requireShort(value.header);
          await this.#addUrl(await this.#literal.bytes());
          line = await this.#literal.nextLine();
      }
    }
    this.#close();
    await requireStillOpen(this.#session, this.#options.target);
    return this.#messages;
  }

  /** Gives up what no mailbox took. */
  discard(): void {
    for (const stage of this.#stages) stage.discard();
  }

  /** There is one wherever the grammar has found one. */
  get #literal(): StreamedLiteral {
    const { streamed } = this.#options;
    if (streamed === null) throw new Error("The command has no literal, though its grammar needed one");
    return streamed;
  }

  #begin({ flags, internalDate, isAssembled }: AppendOptions & { readonly isAssembled: boolean }): void {
    this.#close();
    const { limits, store } = this.#session;
    requireRoomForOneMore(limits, this.#messages.length);
    const { room } = this.#options;
    if (room.messages !== null && this.#messages.length >= room.messages) throw overQuota();
    requireShortKeywords(this.#session, flags);
    const stage = store.bodies.stage();
    this.#stages.push(stage);
    this.#open = { flags, internalDate, isAssembled, stage };
    this.#parts = 0;
  }

  /** Completes the message at hand. */
  #close(): void {
    if (this.#open === null) return;
    const { flags, internalDate, stage } = this.#open;
    this.#open = null;
    if (stage.size === 0) throw emptyMessage();
    this.#total += stage.size;
    this.#messages.push({
      body: stage.seal(),
      // RFC 4314 section 4: flags that the user has no right to set are left out.
      flags: flagsWithin(this.#options.target.rights, flags),
      internalDate: internalDate ?? this.#session.deps.clock.now(),
    });
  }

  get #current(): Open {
    if (this.#open === null) throw new Error("A part came before its message");
    return this.#open;
  }

  async #addUrl(url: Uint8Array): Promise<void> {
    const source = await openUrl(this.#session, url);
    this.#require(source.size);
    await this.#add(source.read());
    await this.#session.pace.rest();
  }

  async #add(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const { stage } = this.#current;
    for await (const chunk of chunks) await stage.write(chunk);
  }

  /** Throws when so many bytes more would be too many. */
  #require(size: number): void {
    const { stage, isAssembled } = this.#current;
    const { limits } = this.#session;
    if (++this.#parts > limits.catenateParts) {
      throw new Rejection(no(`A message can have at most ${limits.catenateParts} parts`, { code: "LIMIT" }));
    }
    if (size === 0 && !isAssembled) throw emptyMessage();
    if (stage.size + size > limits.messageBytes) {
      throw new Rejection(no(`A message can have at most ${limits.messageBytes} bytes`, { code: "TOOBIG" }));
    }
    const { room } = this.#options;
    if (room.bytes !== null && this.#total + stage.size + size > room.bytes) throw overQuota();
  }

  #requireShort({ size }: LiteralHeader): void {
    const { literalBytes } = this.#session.limits;
    if (size > literalBytes) {
      throw new Rejection(no(`A URL can have at most ${literalBytes} bytes`, { code: "TOOBIG" }));
    }
  }
}

/** RFC 9208 section 4.3.1. */
function overQuota(): Rejection {
  return new Rejection(no("The quota leaves no room for that", { code: "OVERQUOTA" }));
}

function emptyMessage(): Rejection {
  return new Rejection(no("A message cannot be empty", { code: "CANNOT" }));
}

/** Throws NO for an APPEND of more messages than one may have (RFC 3502), or than any command may touch (RFC 9738). */
function requireRoomForOneMore({ appendMessages, messages }: ImapLimits, count: number): void {
  if (messages > 0 && count === messages) throw tooManyAtOnce(messages);
  if (count < appendMessages) return;
  throw new Rejection(no(`Append at most ${appendMessages} messages at once`, { code: "LIMIT" }));
}
