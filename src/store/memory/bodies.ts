import { concatBytes } from "../../core/bytes.ts";
import { parseMessage, selectHeader } from "../../wire/mime/mod.ts";
import type { BodyPart, BodyStage, BodyStore, ByteRange, HeaderPick, StagedBody } from "../mod.ts";
import type { MemoryBody, MemoryState } from "./state.ts";

const PIECE = 64 * 1024;

export class MemoryBodies implements BodyStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  stage(): BodyStage {
    return new MemoryStage();
  }

  async *read(bodyId: number, range?: ByteRange): AsyncGenerator<Uint8Array, void> {
    this.#state.use();
    const body = this.#state.bodies.get(bodyId);
    if (body === undefined) throw new Error(`There is no body ${bodyId}`);
    const end = Math.min(range?.end ?? body.bytes.length, body.bytes.length);
    for (let at = Math.max(0, range?.start ?? 0); at < end; at += PIECE) {
      yield body.bytes.slice(at, Math.min(at + PIECE, end));
    }
  }

  async readMany(
    reads: readonly BodyPart[],
    pick: HeaderPick | null = null,
  ): Promise<readonly (Uint8Array | null)[]> {
    this.#state.use();
    return reads.map(({ bodyId, range: { start, end } }) => {
      const body = this.#state.bodies.get(bodyId);
      if (body === undefined || end > body.bytes.length) return null;
      const bytes = body.bytes.slice(start, end);
      return pick === null ? bytes : selectHeader(bytes, pick.fields, pick.mode);
    });
  }
}

class MemoryStage implements BodyStage {
  #parts: Uint8Array[] = [];
  #length = 0;
  #state: "open" | "sealed" | "gone" = "open";

  get size(): number {
    return this.#length;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#state !== "open") throw new Error("The body was sealed or discarded");
    this.#parts.push(chunk.slice());
    this.#length += chunk.length;
  }

  async read({ start, end }: ByteRange): Promise<Uint8Array> {
    if (this.#state !== "open") throw new Error("The body was sealed or discarded");
    const pieces: Uint8Array[] = [];
    let at = 0;
    for (const part of this.#parts) {
      if (at < end && at + part.length > start) pieces.push(part.slice(Math.max(0, start - at), end - at));
      at += part.length;
    }
    return concatBytes(pieces);
  }

  seal(prefix: Uint8Array = new Uint8Array(0)): StagedBody {
    if (this.#state !== "open") throw new Error("The body was sealed or discarded");
    this.#state = "sealed";
    return new MemorySealedBody(this, prefix.slice());
  }

  discard(): void {
    this.#state = "gone";
    this.#parts = [];
  }

  /** Hands the bytes out, once. */
  take(): readonly Uint8Array[] {
    if (this.#state !== "sealed") throw new Error("The body was used or discarded");
    const parts = this.#parts;
    this.discard();
    return parts;
  }
}

class MemorySealedBody implements StagedBody {
  readonly size: number;
  readonly #stage: MemoryStage;
  readonly #prefix: Uint8Array;

  constructor(stage: MemoryStage, prefix: Uint8Array) {
    this.#stage = stage;
    this.#prefix = prefix;
    this.size = stage.size + prefix.length;
  }

  take(): Uint8Array {
    return concatBytes([this.#prefix, ...this.#stage.take()]);
  }
}

/** Makes a staged body one of the store's; nobody refers to it yet. */
export function takeBody(state: MemoryState, body: StagedBody): MemoryBody {
  const bytes = bytesOf(body);
  return state.addBody(bytes, parseMessage(bytes));
}

/** Takes the bytes out of a staged body, which is thereby used. */
export function bytesOf(body: StagedBody): Uint8Array {
  if (!(body instanceof MemorySealedBody)) throw new TypeError("The body was staged in another store");
  return body.take();
}
