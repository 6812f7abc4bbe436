import type { Clock } from "../../../core/ports.ts";
import { unpackError } from "../packed_error.ts";
import type { Batch, BatchReply, Effects, Write, WriteKind, WriteOutcome, Writes } from "../protocol.ts";
import type { WorkerHandle } from "../worker_handle.ts";

/** Two, so that the writer has the next batch at hand while the answer to the last one travels. */
const MAX_IN_FLIGHT = 2;
const MAX_BATCH_WRITES = 256;
const MAX_BATCH_BYTES = 1024 * 1024;

/** The bytes that a write carries and the buffers that change hands with it. */
export interface Cargo {
  readonly bytes: number;
  readonly transfer: readonly ArrayBuffer[];
}

const NO_CARGO: Cargo = { bytes: 0, transfer: [] };

interface Waiting {
  readonly write: Write;
  readonly cargo: Cargo;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface WriterFigures {
  readonly commits: number;
  readonly writes: number;
  readonly commitSeconds: number;
  readonly lastCommitSeconds: number;
}

/**
 * The main thread's side of the group commit. Writes that come while batches are in flight wait, and then
 * go together as one message, one transaction, one answer.
 */
export class Writer {
  readonly #handle: WorkerHandle;
  readonly #clock: Clock;
  readonly #onEffects: (effects: Effects) => void;
  readonly #onError: (error: Error) => void;
  readonly #inFlight = new Map<number, readonly Waiting[]>();
  /** When the oldest batch in flight was sent, or the one before it came back. */
  #waitingSince = 0;
  #queue: Waiting[] = [];
  /** Slices of long changes. One of all is in flight at a time: nobody else waits for more than one. */
  #slices: Waiting[] = [];
  /** The batch that the slice in flight went with. */
  #sliceBatch: number | null = null;
  /** What nobody waits for: at most one of these goes with a batch. */
  #background: Waiting[] = [];
  #scheduled = false;
  #lastBatch = 0;
  #failure: Error | null = null;
  #figures: WriterFigures = { commits: 0, writes: 0, commitSeconds: 0, lastCommitSeconds: 0 };

  constructor(
    handle: WorkerHandle,
    options: {
      readonly clock: Clock;
      readonly onEffects: (effects: Effects) => void;
      /** Hears of each write that failed through no fault of its own. */
      readonly onError?: (error: Error) => void;
    },
  ) {
    this.#handle = handle;
    this.#clock = options.clock;
    this.#onEffects = options.onEffects;
    this.#onError = options.onError ?? (() => {});
    handle.listen((data) => this.#receive(data as BatchReply), (error) => this.#fail(error));
  }

  get figures(): WriterFigures {
    return this.#figures;
  }

  /** How long the worker has owed an answer: a disk that does not answer shows here. */
  get waitingMs(): number {
    return this.#inFlight.size === 0 ? 0 : this.#clock.now() - this.#waitingSince;
  }

  /** Resolves when the write is on disk; rejects when nothing of it is. */
  do<K extends WriteKind>(
    kind: K,
    args: Writes[K]["args"],
    cargo: Cargo = NO_CARGO,
  ): Promise<Writes[K]["result"]> {
    return this.#put(this.#queue, { kind, args } as Write, cargo);
  }

  /** As `do`, for a write that keeps the worker busy for a while: those that do not go first. */
  doSlice<K extends WriteKind>(kind: K, args: Writes[K]["args"]): Promise<Writes[K]["result"]> {
    return this.#put(this.#slices, { kind, args } as Write, NO_CARGO);
  }

  /** As `do`, behind everything else: it shares a commit that is made anyway, or has one of its own while nothing else happens. */
  doInBackground<K extends WriteKind>(kind: K, args: Writes[K]["args"]): Promise<Writes[K]["result"]> {
    return this.#put(this.#background, { kind, args } as Write, NO_CARGO);
  }

  async close(): Promise<void> {
    this.#fail(new Error("The store is closed"));
    await this.#handle.close();
  }

  #put<T>(line: Waiting[], write: Write, cargo: Cargo): Promise<T> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      line.push({ write, cargo, resolve: resolve as (value: unknown) => void, reject });
      this.#schedule();
    });
  }

  /** What comes in the same turn goes into the same batch; a microtask costs nothing, a timer a millisecond. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      while ((this.#queue.length > 0 || this.#hasSlice) && this.#inFlight.size < MAX_IN_FLIGHT) this.#send();
      if (this.#background.length > 0 && this.#inFlight.size === 0) this.#send();
    });
  }

  get #hasSlice(): boolean {
    return this.#slices.length > 0 && this.#sliceBatch === null;
  }

  #send(): void {
    const slice = this.#hasSlice ? this.#slices.splice(0, 1) : [];
    const members = [...this.#nextMembers(), ...slice, ...this.#background.splice(0, 1)];
    const batch: Batch = {
      batch: ++this.#lastBatch,
      now: this.#clock.now(),
      writes: members.map((member) => member.write),
    };
    if (this.#inFlight.size === 0) this.#waitingSince = batch.now;
    this.#inFlight.set(batch.batch, members);
    if (slice.length > 0) this.#sliceBatch = batch.batch;
    try {
      this.#handle.post(batch, members.flatMap((member) => member.cargo.transfer));
    } catch (error) {
      this.#landed(batch.batch);
      for (const member of members) member.reject(error);
    }
  }

  #nextMembers(): readonly Waiting[] {
    let count = 0;
    let bytes = 0;
    for (const { cargo } of this.#queue) {
      if (count === MAX_BATCH_WRITES || (count > 0 && bytes + cargo.bytes > MAX_BATCH_BYTES)) break;
      bytes += cargo.bytes;
      count++;
    }
    const members = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    return members;
  }

  #receive(reply: BatchReply): void {
    const members = this.#inFlight.get(reply.batch) ?? [];
    this.#landed(reply.batch);
    this.#waitingSince = this.#clock.now();
    this.#count(reply, members.length);
    members.forEach((member, place) => this.#settle(member, reply.outcomes[place]!));
    this.#schedule();
    this.#onEffects(reply.effects);
  }

  #landed(batch: number): void {
    this.#inFlight.delete(batch);
    if (this.#sliceBatch === batch) this.#sliceBatch = null;
  }

  #settle(member: Waiting, outcome: WriteOutcome): void {
    if (outcome.ok) return member.resolve(outcome.value);
    const error = unpackError(outcome.error);
    this.#onError(error);
    member.reject(error);
  }

  #count(reply: BatchReply, writes: number): void {
    const figures = this.#figures;
    this.#figures = {
      commits: figures.commits + reply.commits,
      writes: figures.writes + writes,
      commitSeconds: figures.commitSeconds + reply.commitSeconds,
      lastCommitSeconds: reply.commits > 0 ? reply.lastCommitSeconds : figures.lastCommitSeconds,
    };
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    const waiting = [...this.#inFlight.values(), this.#queue, this.#slices, this.#background].flat();
    this.#inFlight.clear();
    this.#queue = [];
    this.#slices = [];
    this.#background = [];
    for (const member of waiting) member.reject(error);
  }
}
