import { concatBytes } from "../../../core/bytes.ts";
import type { BodyStage, ByteRange, StagedBody } from "../../mod.ts";
import { type BodyArgument, CHUNK_BYTES } from "../protocol.ts";
import type { Link } from "./link.ts";
import type { Cargo } from "./writer.ts";

/** A message up to this size waits in memory and goes to the store in one message with its `accept`. */
const INLINE_BYTES = 256 * 1024;
/** When all stages together hold this much, they ship each chunk as it is full. */
const CROWDED_BYTES = 48 * 1024 * 1024;
/** Chunks of one stage on their way; a sender that is faster than the disk waits. */
const MAX_OUTSTANDING = 4;
const FIRST_BUFFER = 4 * 1024;

/** The bytes that all stages of a store hold together. */
export interface StageMemory {
  held: number;
}

export interface StageDeps {
  readonly link: Link;
  readonly memory: StageMemory;
}

/** A body ready to be sent to the writer. */
export interface LoadedBody {
  readonly argument: BodyArgument;
  readonly cargo: Cargo;
  /** Gives up what was staged, after a write that failed. */
  abandon(): void;
}

export class SqliteStage implements BodyStage {
  readonly #link: Link;
  readonly #memory: StageMemory;
  #state: "open" | "sealed" | "gone" = "open";
  #length = 0;
  /** Full chunks that wait in memory, and the one that is being filled. */
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #tail = new Uint8Array(0);
  #tailLength = 0;
  /** The body's id, once chunks are being shipped. */
  #bodyId: Promise<number> | null = null;
  #shipped = 0;
  readonly #outstanding = new Set<Promise<unknown>>();
  #failure: unknown = null;

  constructor({ link, memory }: StageDeps) {
    this.#link = link;
    this.#memory = memory;
  }

  get size(): number {
    return this.#length;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#state !== "open") throw new Error("The body was sealed or discarded");
    this.#collect(chunk);
    if (this.#isLarge()) this.#shipChunks();
    while (this.#outstanding.size >= MAX_OUTSTANDING) await Promise.race(this.#outstanding);
    if (this.#failure !== null) throw this.#failure;
  }

  async read({ start, end }: ByteRange): Promise<Uint8Array> {
    if (this.#state !== "open") throw new Error("The body was sealed or discarded");
    const last = Math.min(end, this.#length);
    const pieces: Uint8Array[] = [];
    for (let at = Math.max(0, start); at < last;) {
      const place = Math.floor(at / CHUNK_BYTES);
      const piece = (await this.#chunk(place)).slice(at - place * CHUNK_BYTES, last - place * CHUNK_BYTES);
      if (piece.length === 0) throw new Error("The body that is being staged ends too early");
      pieces.push(piece);
      at += piece.length;
    }
    return pieces.length === 1 ? pieces[0]! : concatBytes(pieces);
  }

  seal(prefix: Uint8Array = new Uint8Array(0)): StagedBody {
    if (this.#state !== "open") throw new Error("The body was sealed or discarded");
    this.#state = "sealed";
    // Copied, because it will be transferred.
    return new SealedBody(this, prefix.slice());
  }

  discard(): void {
    if (this.#state === "gone") return;
    this.#leave();
    this.#abandon();
  }

  /** Hands the body out, once. */
  async load(prefix: Uint8Array<ArrayBuffer>): Promise<LoadedBody> {
    if (this.#state !== "sealed") throw new Error("The body was used or discarded");
    if (this.#bodyId === null) return this.#loadInline(prefix);
    this.#ship(this.#takeTail());
    this.#leave();
    try {
      return await this.#loadStaged(prefix, this.#bodyId);
    } catch (error) {
      this.#abandon();
      throw error;
    }
  }

  #loadInline(prefix: Uint8Array<ArrayBuffer>): LoadedBody {
    const tail = this.#takeTail();
    const chunks = tail.length === 0 ? this.#chunks : [...this.#chunks, tail];
    this.#memory.held -= tail.length;
    this.#leave();
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, prefix.length);
    return {
      argument: { kind: "inline", prefix, chunks },
      cargo: { bytes, transfer: [prefix.buffer, ...chunks.map((chunk) => chunk.buffer)] },
      abandon: () => {},
    };
  }

  async #loadStaged(prefix: Uint8Array<ArrayBuffer>, id: Promise<number>): Promise<LoadedBody> {
    const bodyId = await id;
    await Promise.all(this.#outstanding);
    if (this.#failure !== null) throw this.#failure;
    const length = this.#length;
    const digest = await this.#link.readers.do("digestBody", { bodyId, prefix, length });
    return {
      argument: { kind: "staged", bodyId, prefix, length, digest },
      cargo: { bytes: digest.length, transfer: [prefix.buffer] },
      abandon: () => this.#abandon(),
    };
  }

  /** A chunk from here, or from the disk when it was shipped. */
  async #chunk(place: number): Promise<Uint8Array> {
    const waiting = place - this.#shipped;
    if (waiting >= 0) return this.#chunks[waiting] ?? this.#tail.subarray(0, this.#tailLength);
    const bodyId = await this.#bodyId!;
    await Promise.all(this.#outstanding);
    if (this.#failure !== null) throw this.#failure;
    return await this.#link.read("stagedChunk", { bodyId, place });
  }

  /** Copies the bytes into chunks of our own: the caller's buffer may hold what comes after them, too. */
  #collect(bytes: Uint8Array): void {
    this.#length += bytes.length;
    for (let at = 0; at < bytes.length;) {
      const wanted = Math.min(this.#tailLength + bytes.length - at, CHUNK_BYTES);
      this.#growTail(wanted);
      const part = bytes.subarray(at, at + wanted - this.#tailLength);
      this.#tail.set(part, this.#tailLength);
      this.#tailLength += part.length;
      at += part.length;
      if (this.#tailLength === CHUNK_BYTES) {
        this.#chunks.push(this.#tail);
        this.#tail = new Uint8Array(0);
        this.#tailLength = 0;
      }
    }
  }

  #growTail(wanted: number): void {
    if (this.#tail.length >= wanted) return;
    let size = Math.max(this.#tail.length, FIRST_BUFFER);
    while (size < wanted) size *= 2;
    const grown = new Uint8Array(Math.min(size, CHUNK_BYTES));
    this.#memory.held += grown.length - this.#tail.length;
    grown.set(this.#tail.subarray(0, this.#tailLength));
    this.#tail = grown;
  }

  #isLarge(): boolean {
    return this.#bodyId !== null || this.#length > INLINE_BYTES || this.#memory.held > CROWDED_BYTES;
  }

  #shipChunks(): void {
    for (const chunk of this.#chunks.splice(0)) this.#ship(chunk);
  }

  /** Sends a chunk off. The first one makes the body; the others wait for its id. */
  #ship(data: Uint8Array<ArrayBuffer>): void {
    if (data.length === 0) return;
    const place = this.#shipped++;
    this.#memory.held -= data.length;
    const send = (bodyId: number | null) =>
      this.#link.writer.do(
        "stageChunk",
        { bodyId, place, data },
        { bytes: data.length, transfer: [data.buffer] },
      );
    const sent = this.#bodyId === null ? send(null) : this.#bodyId.then(send);
    this.#bodyId ??= sent;
    const done = sent.then(() => {}, (error) => this.#failure ??= error).finally(() =>
      this.#outstanding.delete(done)
    );
    this.#outstanding.add(done);
  }

  /** The bytes of the last chunk in a buffer of their own size. */
  #takeTail(): Uint8Array<ArrayBuffer> {
    const tail = this.#tail.slice(0, this.#tailLength);
    this.#memory.held += tail.length - this.#tail.length;
    this.#tail = new Uint8Array(0);
    this.#tailLength = 0;
    return tail;
  }

  /** From here on the stage holds no memory and takes no more. */
  #leave(): void {
    this.#state = "gone";
    this.#memory.held -= this.#chunks.reduce((sum, chunk) => sum + chunk.length, this.#tail.length);
    this.#chunks = [];
    this.#tail = new Uint8Array(0);
    this.#tailLength = 0;
  }

  #abandon(): void {
    // When this fails, the body goes at the next start.
    this.#bodyId?.then((bodyId) => this.#link.writer.do("discardBody", { bodyId })).catch(() => {});
  }
}

/** A body that was collected; only this store can use it. */
export class SealedBody implements StagedBody {
  readonly size: number;
  readonly #stage: SqliteStage;
  readonly #prefix: Uint8Array<ArrayBuffer>;

  constructor(stage: SqliteStage, prefix: Uint8Array<ArrayBuffer>) {
    this.#stage = stage;
    this.#prefix = prefix;
    this.size = stage.size + prefix.length;
  }

  load(): Promise<LoadedBody> {
    return this.#stage.load(this.#prefix);
  }
}

/** Sends a body with the write that uses it; a write that fails leaves nothing behind. */
export async function withBody<T>(
  body: StagedBody,
  write: (argument: BodyArgument, cargo: Cargo) => Promise<T>,
): Promise<T> {
  if (!(body instanceof SealedBody)) throw new TypeError("The body was staged in another store");
  const loaded = await body.load();
  try {
    return await write(loaded.argument, loaded.cargo);
  } catch (error) {
    loaded.abandon();
    throw error;
  }
}

/** As `withBody`, for a write that uses several. */
export async function withBodies<T>(
  bodies: readonly StagedBody[],
  write: (bodies: readonly BodyArgument[], cargo: Cargo) => Promise<T>,
): Promise<T> {
  const [first, ...rest] = bodies;
  if (first === undefined) return await write([], { bytes: 0, transfer: [] });
  return await withBody(first, async (argument, cargo) => {
    if (rest.length === 0) return await write([argument], cargo);
    return await withBodies(rest, (others, more) =>
      write([argument, ...others], {
        bytes: cargo.bytes + more.bytes,
        transfer: [...cargo.transfer, ...more.transfer],
      }));
  });
}
