import type { Random } from "../../core/ports.ts";
import type { MailboxRole } from "../../store/mod.ts";
import { concatBytes } from "../../core/bytes.ts";
import { DigestBuilder } from "../../wire/mime/mod.ts";
import { encodeBase64 } from "../../wire/sasl/mod.ts";
import { identityOf } from "./identity.ts";
import { BATCH_MESSAGES, type NewMessage, PIECE_BYTES, type TransferHandlers } from "./ports.ts";
import type { Progress } from "./progress.ts";

/** One message of a source; it is read once or, when it is large, twice. */
export interface SourceMessage {
  /** For people: a file, or a place in one. */
  readonly where: string;
  readonly flags: readonly string[];
  readonly internalDate: number;
  /** What a source knows before it is read: then what is there need not be read, and what is large is read once. */
  readonly hint?: { readonly identity: number; readonly size: number };
  /** With CR LF. May throw what the file system throws, and `SourceLostError`. */
  open(): AsyncIterable<Uint8Array>;
}

/** Nothing more can be had from the source. */
export class SourceLostError extends Error {
  override readonly name = "SourceLostError";
}

/** The messages of one folder, in their order. */
export interface SourceFolder {
  readonly name: string;
  /** What it is for there: it goes to the account's own mailbox for that, whatever the name. */
  readonly role?: MailboxRole | null;
  messages(): AsyncIterable<SourceMessage>;
}

export interface ImportTask {
  readonly handlers: TransferHandlers;
  readonly account: string;
  readonly progress: Progress;
  readonly random: Random;
}

interface Prepared extends NewMessage {
  readonly size: number;
}

/** Up to this size a message is held in memory, and several go in one request. */
const SMALL = PIECE_BYTES;
const FULL_BATCH = 2 * PIECE_BYTES;
/** So many times in a row the store may refuse: a disk that is full, or a server that was stopped, refuses everything. */
const MOST_FAILURES = 10;

/**
 * Brings in what is missing of a folder. What is there is recognized by its header and size, and counted: of two equal messages both
 * come, and a second run, also after one that was killed, brings neither again.
 */
export async function importFolder(source: SourceFolder, task: ImportTask): Promise<void> {
  const { handlers, account, progress } = task;
  progress.folder = source.name;
  let target;
  try {
    target = await handlers.ensureFolder(account, await nameFor(source, task));
  } catch (error) {
    // A name that cannot be a mailbox here.
    return progress.problem(source.name, error);
  }
  const known = await knownIdentities(handlers, target.id);
  const patience = new Patience(progress);
  const batch = new Batch(target.id, task, patience);
  for await (const message of source.messages()) {
    try {
      const prepared = await prepare(message, known, task);
      if (prepared === null) progress.known++;
      else await batch.add(message.where, prepared);
    } catch (error) {
      patience.note(message.where, error);
    }
    progress.tick();
  }
  await batch.flush();
}

/** RFC 6154: the mailbox that has the same use here, if there is one. */
async function nameFor({ name, role }: SourceFolder, { handlers, account }: ImportTask): Promise<string> {
  if (role === undefined || role === null) return name;
  return (await handlers.folders(account)).find((folder) => folder.role === role)?.name ?? name;
}

/** How often each identity is there. */
async function knownIdentities(handlers: TransferHandlers, mailboxId: number): Promise<Map<number, number>> {
  const known = new Map<number, number>();
  for (let after: number | null = 0; after !== null;) {
    const page: Awaited<ReturnType<TransferHandlers["identities"]>> = await handlers.identities(
      mailboxId,
      after,
    );
    for (const identity of page.identities) known.set(identity, (known.get(identity) ?? 0) + 1);
    after = page.next;
  }
  return known;
}

/** The message as it is sent; null when it is there already. */
async function prepare(
  message: SourceMessage,
  known: Map<number, number>,
  task: ImportTask,
): Promise<Prepared | null> {
  const { hint } = message;
  if (hint !== undefined && wasKnown(known, hint.identity)) return null;
  if (hint !== undefined && hint.size > SMALL) {
    const sent = await upload(message, task);
    // The size that was told was not the true one: only now it is known which message it is.
    if (sent.size !== hint.size && wasKnown(known, sent.identity)) {
      await atStore(task.handlers.dropUpload(sent.upload));
      return null;
    }
    return { ...head(message, task), content: { upload: sent.upload }, size: sent.size };
  }
  const digest = new DigestBuilder();
  const held: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of message.open()) {
    size += chunk.length;
    if (size <= SMALL) held.push(chunk);
    else held.length = 0;
    digest.write(chunk);
  }
  if (wasKnown(known, identityOf(digest.finish(), size))) return null;
  const content = size <= SMALL
    ? { data: encodeBase64(concatBytes(held)) }
    : { upload: (await upload(message, task)).upload };
  return { ...head(message, task), content, size };
}

/** Whether one of those is there still that nothing has been held against. */
function wasKnown(known: Map<number, number>, identity: number): boolean {
  const copies = known.get(identity) ?? 0;
  if (copies > 0) known.set(identity, copies - 1);
  return copies > 0;
}

function head(message: SourceMessage, { progress }: ImportTask) {
  return { flags: usableFlags(message, progress), internalDate: message.internalDate };
}

/** An atom (RFC 3501 section 9), as the store wants them. */
const KEYWORD = /^[!#$&'+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]{1,100}$/;
const MOST_KEYWORDS = 64;

/** The flags that can be kept; the others are reported. */
function usableFlags({ flags, where }: SourceMessage, progress: Progress): string[] {
  const keywords = flags.filter((flag) => KEYWORD.test(flag)).slice(0, MOST_KEYWORDS);
  const usable = flags.filter((flag) => flag.startsWith("\\") || keywords.includes(flag));
  const lost = flags.filter((flag) => !usable.includes(flag));
  if (lost.length > 0) {
    progress.problem(where, `Imported without the keywords ${lost.join(" ")}, which cannot be kept`);
  }
  return usable;
}

interface Sent {
  readonly upload: string;
  readonly identity: number;
  readonly size: number;
}

async function upload(message: SourceMessage, { handlers, random, progress }: ImportTask): Promise<Sent> {
  const name = random.bytes(16).toHex();
  const digest = new DigestBuilder();
  let held: Uint8Array[] = [];
  let [heldSize, size] = [0, 0];
  const send = async () => {
    const bytes = concatBytes(held);
    [held, heldSize] = [[], 0];
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      await atStore(handlers.putPiece(name, encodeBase64(bytes.subarray(at, at + PIECE_BYTES))));
    }
    progress.tick();
  };
  try {
    for await (const chunk of message.open()) {
      digest.write(chunk);
      held.push(chunk);
      heldSize += chunk.length;
      size += chunk.length;
      if (heldSize >= PIECE_BYTES) await send();
    }
    await send();
  } catch (error) {
    await handlers.dropUpload(name).catch(() => {});
    throw error;
  }
  return { upload: name, identity: identityOf(digest.finish(), size), size };
}

/** Small messages go together: each request is one commit. */
class Batch {
  readonly #mailboxId: number;
  readonly #task: ImportTask;
  #messages: { readonly where: string; readonly message: Prepared }[] = [];
  readonly #patience: Patience;
  #size = 0;

  constructor(mailboxId: number, task: ImportTask, patience: Patience) {
    this.#mailboxId = mailboxId;
    this.#task = task;
    this.#patience = patience;
  }

  async add(where: string, message: Prepared): Promise<void> {
    // An upload is not kept waiting; and it goes alone, since it cannot be sent a second time because of another's fault.
    const isUpload = "upload" in message.content;
    if (isUpload || this.#size + message.size > FULL_BATCH) await this.flush();
    this.#messages.push({ where, message });
    this.#size += message.size;
    if (isUpload || this.#messages.length === BATCH_MESSAGES) await this.flush();
  }

  async flush(): Promise<void> {
    const messages = this.#messages;
    [this.#messages, this.#size] = [[], 0];
    if (messages.length === 0) return;
    try {
      await this.#append(messages);
    } catch (error) {
      if (messages.length === 1) return this.#patience.note(messages[0]!.where, error);
      // One of them may be what is wrong: each by itself.
      for (const one of messages) {
        await this.#append([one]).catch((reason) => this.#patience.note(one.where, reason));
      }
    }
  }

  async #append(messages: readonly { readonly message: Prepared }[]): Promise<void> {
    const { handlers, progress } = this.#task;
    const news = messages.map(({ message: { flags, internalDate, content } }) => ({
      flags,
      internalDate,
      content,
    }));
    await atStore(handlers.appendMessages(this.#mailboxId, news));
    this.#patience.went();
    progress.done += messages.length;
    progress.bytes += messages.reduce((sum, { message }) => sum + message.size, 0);
  }
}

/** What went wrong behind the files: at the store, or on the way to it. */
class StoreSideError extends Error {
  override readonly name = "StoreSideError";
}

async function atStore<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new StoreSideError(error instanceof Error ? error.message : String(error));
  }
}

/** Bears with a message that the store does not want, not with a store that wants none. */
class Patience {
  readonly #progress: Progress;
  #failures = 0;

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  note(where: string, error: unknown): void {
    if (error instanceof SourceLostError) throw error;
    if (error instanceof StoreSideError && ++this.#failures >= MOST_FAILURES) throw error;
    this.#progress.problem(where, error);
  }

  went(): void {
    this.#failures = 0;
  }
}
