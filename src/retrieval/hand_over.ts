import type { Address } from "../core/address.ts";
import { Refusal } from "../core/errors.ts";
import { makeId } from "../core/id.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Provider, RetrievalDeps } from "./deps.ts";
import { MessageError, RetrievalError } from "./errors.ts";
import { fingerprint, openMessage } from "./fetched_message.ts";
import type { SpacedFact } from "../store/mod.ts";
import type { Marks } from "./marks.ts";
import { sourceLabel, type SourceSpec } from "./source.ts";

export interface Item {
  /** Its name there, for the log. */
  readonly uid: string;
  /** In bytes, as the server tells it. */
  readonly size: number;
  /** The server has given everything new numbers: a message that was fetched before is not stored again. */
  readonly isRecount: boolean;
  /** To be kept in the same commit as the message. */
  readonly marks: readonly SpacedFact[];
  /** In place of them when it is not taken, and so must never be deleted there. */
  readonly refusedMarks: readonly SpacedFact[];
}

export type HandedOver = "stored" | "known" | "refused";

export interface HandOverOptions {
  readonly spec: SourceSpec;
  readonly marks: Marks;
  readonly provider: Provider;
  readonly deps: RetrievalDeps;
}

/** Gives fetched messages to the door. */
export class HandOver {
  readonly #options: HandOverOptions;
  readonly #recipient: Address;

  constructor(options: HandOverOptions) {
    const { account } = options.spec;
    const at = account.lastIndexOf("@");
    this.#options = options;
    this.#recipient = { local: account.slice(0, at), domain: account.slice(at + 1) };
  }

  /** Whether there is room for it; false when it will never fit. Throws `RetrievalError` while the mailbox is full. */
  async hasRoom({ size }: { readonly size: number }): Promise<boolean> {
    const { provider, deps } = this.#options;
    if (size > deps.messageSize.current) return false;
    try {
      await deps.admit(this.#recipient, null, {
        sessionId: provider.sessionId,
        address: provider.address,
        helo: provider.host,
        account: null,
        tls: provider.tls !== null,
        declaredSize: size,
      });
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.reply.isTemporary) throw notNow(error);
      return false;
    }
  }

  /**
   * Resolves when the message is durable and marked, or known not to be wanted, and marked. Reads `raw` to its end, unless it
   * breaks; then nothing is stored and nothing marked, and what it threw is thrown.
   */
  async take(item: Item, raw: AsyncIterable<Uint8Array>): Promise<HandedOver> {
    const { marks, deps: { log } } = this.#options;
    const message = await openMessage(raw);
    // NIL is what some servers say of a message that they cannot read just now: to take it as fetched would be to lose it.
    if (message.isEmpty && item.size > 0) {
      throw new MessageError(`The message has ${item.size} bytes, and none of them came`);
    }
    const print = await fingerprint(message.fields, item.size);
    const facts = [...item.marks, marks.seen(print)];
    if (item.isRecount && await marks.wasSeen(print)) {
      for await (const _ of message.bytes);
      await marks.put(...facts);
      return "known";
    }
    try {
      await this.#submit(item, { message, facts });
      return "stored";
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.reply.isTemporary) throw notNow(error);
      // It stays where it is, and will not be better next time.
      log.warn("retrieval-not-taken", {
        source: sourceLabel(this.#options.spec),
        uid: item.uid,
        reply: error.reply.toString(),
      });
      await marks.put(...item.refusedMarks);
      return "refused";
    }
  }

  async #submit(
    item: Item,
    { message, facts }: {
      readonly message: Awaited<ReturnType<typeof openMessage>>;
      readonly facts: readonly SpacedFact[];
    },
  ): Promise<void> {
    const { spec, provider, deps } = this.#options;
    const id = makeId(deps.clock, deps.random);
    deps.log.info("message-retrieved", {
      message: id,
      account: spec.account,
      source: spec.name,
      host: provider.host,
      uid: item.uid,
      size: item.size,
    });
    const outcomes = await deps.submit(
      {
        sender: message.sender,
        recipients: [this.#recipient],
        smtputf8: true,
        // Nobody says whether it is; intake looks.
        eightBit: false,
      },
      message.bytes,
      {
        id,
        sessionId: provider.sessionId,
        origin: "retrieval",
        protocol: provider.protocol,
        client: { address: provider.address, helo: provider.host },
        account: null,
        tls: provider.tls,
        place: { account: spec.account, mailbox: spec.into, filters: spec.filters },
        facts,
      },
    );
    const bad = outcomes.find(isBad);
    if (bad !== undefined) throw new Refusal(bad.reply);
  }
}

function isBad({ kind }: Outcome): boolean {
  return kind === "deferred" || kind === "failed";
}

function notNow({ reply }: Refusal): RetrievalError {
  const words = reply.lines.join(" ");
  return new RetrievalError("trouble", `Its messages cannot be stored now: ${words}`);
}
