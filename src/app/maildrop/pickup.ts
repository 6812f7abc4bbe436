import { join } from "node:path";
import { formatAddress, needsSmtpUtf8 } from "../../core/address.ts";
import { concatBytes } from "../../core/bytes.ts";
import { Refusal } from "../../core/errors.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { Clock, Log, Submit } from "../../core/ports.ts";
import { reply } from "../../core/reply.ts";
import { ENTRY_SUFFIX } from "./drop.ts";
import { BadEntryError, decodeEnvelope, type DropEnvelope, MAX_ENVELOPE } from "./entry.ts";

export interface PickupDeps {
  readonly directory: string;
  readonly submit: Submit;
  /** Tells the sender of a message that it could not be delivered; resolves when that is durable. */
  readonly reportFailure: (failure: PickupFailure) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface PickupFailure {
  readonly id: string;
  readonly envelope: DropEnvelope;
  readonly outcomes: readonly Outcome[];
  readonly message: AsyncIterable<Uint8Array>;
}

export interface Pickup {
  /** Stops looking; resolves when the entry at hand is done. */
  stop(): Promise<void>;
}

/** How often the maildrop is looked at. */
const INTERVAL_MS = 1000;
/** An entry that could not be taken now is left alone for so long. */
const RETRY_MS = 60_000;
/** Half-written files of programs that died are removed after this. */
const PART_LIFE_MS = 24 * 3600_000;
const BLOCK = 64 * 1024;
const ID = /^[0-9a-z]{20}$/;

/**
 * Takes what `mailden sendmail` has dropped to the door, oldest first. An entry is removed only after the door has made it
 * durable. Anybody may be allowed to write into the folder, so a file is believed to be nothing but a file: a link
 * is never followed, and what is no entry is moved to `corrupt/` and logged.
 */
export async function startPickup(deps: PickupDeps): Promise<Pickup> {
  await Deno.mkdir(deps.directory, { recursive: true, mode: 0o700 });
  const worker = new PickupWorker(deps);
  const stopping = new AbortController();
  const running = worker.run(stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

class PickupWorker {
  readonly #deps: PickupDeps;
  /** Entries that must wait, with the time when they are tried again. */
  #waiting = new Map<string, number>();

  constructor(deps: PickupDeps) {
    this.#deps = deps;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for (const name of await this.#names()) {
          if (signal.aborted) return;
          await this.#take(name);
        }
      } catch (error) {
        this.#deps.log.error("maildrop-failed", { directory: this.#deps.directory, error: String(error) });
      }
      await this.#deps.clock.sleep(INTERVAL_MS, signal);
    }
  }

  /** Ids sort by time. */
  async #names(): Promise<string[]> {
    const now = this.#deps.clock.now();
    const names: string[] = [];
    for await (const { name, isDirectory } of Deno.readDir(this.#deps.directory)) {
      if (name.endsWith(".part")) await this.#removeOldPart(name, now);
      else if (!isDirectory && (this.#waiting.get(name) ?? 0) <= now) names.push(name);
    }
    const still = [...this.#waiting].filter(([, until]) => until > now);
    this.#waiting = new Map(still);
    return names.sort();
  }

  async #removeOldPart(name: string, now: number): Promise<void> {
    const path = join(this.#deps.directory, name);
    const { mtime } = await Deno.lstat(path);
    if (mtime !== null && now - mtime.getTime() > PART_LIFE_MS) await Deno.remove(path);
  }

  async #take(name: string): Promise<void> {
    const { directory, log } = this.#deps;
    const path = join(directory, name);
    const id = name.slice(0, -ENTRY_SUFFIX.length);
    try {
      if (!name.endsWith(ENTRY_SUFFIX) || !ID.test(id)) throw new BadEntryError("The name is none of ours");
      await this.#submit(path, id);
      await Deno.remove(path);
    } catch (error) {
      if (error instanceof BadEntryError) return await this.#putAside(name, error);
      this.#waiting.set(name, this.#deps.clock.now() + RETRY_MS);
      log.warn("maildrop-deferred", { message: id, error: String(error) });
    }
  }

  async #submit(path: string, id: string): Promise<void> {
    using file = await openEntry(path);
    const { envelope, start } = await readEnvelope(file);
    const { uid } = await file.stat();
    this.#deps.log.info("maildrop-entry", { message: id, uid, from: formatAddress(envelope.sender) });
    const outcomes = await this.#outcomes(envelope, blocks(file, start), id);
    const deferred = outcomes.find(({ kind }) => kind === "deferred");
    if (deferred !== undefined) throw new Error(deferred.reply.toString());
    const failed = outcomes.filter(({ kind }) => kind === "failed");
    if (failed.length === 0 || envelope.sender === null) return;
    await this.#deps.reportFailure({ id, envelope, outcomes: failed, message: blocks(file, start) });
  }

  /** A refusal of the whole message for good is one of every recipient. */
  async #outcomes(
    envelope: DropEnvelope,
    message: AsyncIterable<Uint8Array>,
    id: string,
  ): Promise<Outcome[]> {
    const utf8 = [envelope.sender, ...envelope.recipients].some(needsSmtpUtf8);
    const context = {
      id,
      sessionId: id,
      origin: "local",
      protocol: "",
      client: null,
      account: null,
      tls: null,
    } as const;
    try {
      return await this.#deps.submit({ ...envelope, smtputf8: utf8, eightBit: true }, message, context);
    } catch (error) {
      if (!(error instanceof Refusal) || !error.reply.isPermanent) throw error;
      return envelope.recipients.map((recipient) => ({
        recipient,
        kind: "failed",
        reply: reply(error.reply.code, error.reply.enhanced, error.reply.lines),
        host: null,
      }));
    }
  }

  async #putAside(name: string, error: BadEntryError): Promise<void> {
    const { directory, log } = this.#deps;
    const corrupt = join(directory, "corrupt");
    await Deno.mkdir(corrupt, { recursive: true, mode: 0o700 });
    await Deno.rename(join(directory, name), join(corrupt, name));
    log.error("maildrop-corrupt", { file: join(corrupt, name), error: error.message });
  }
}

/** Opens a plain file and nothing else: no link of either kind may make us mail what its maker may not read. */
async function openEntry(path: string): Promise<Deno.FsFile> {
  const before = await Deno.lstat(path);
  if (!before.isFile) throw new BadEntryError("It is no plain file");
  const file = await Deno.open(path, { read: true });
  const now = await file.stat();
  if (now.ino !== before.ino || now.dev !== before.dev || now.nlink !== 1) {
    file.close();
    throw new BadEntryError("It is a link, or was changed while it was opened");
  }
  return file;
}

async function readEnvelope(file: Deno.FsFile): Promise<{ envelope: DropEnvelope; start: number }> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of blocks(file, 0)) {
    parts.push(part);
    length += part.length;
    if (part.includes(10) || length > MAX_ENVELOPE) break;
  }
  const { envelope, size } = decodeEnvelope(concatBytes(parts));
  return { envelope, start: size };
}

/** The rest of the file, from `start` on; it may be read more than once. */
async function* blocks(file: Deno.FsFile, start: number): AsyncGenerator<Uint8Array, void> {
  await file.seek(start, Deno.SeekMode.Start);
  for (;;) {
    const block = new Uint8Array(BLOCK);
    const length = await file.read(block);
    if (length === null) return;
    yield block.subarray(0, length);
  }
}
