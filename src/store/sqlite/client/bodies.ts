import type { BodyPart, BodyStage, BodyStore, ByteRange, HeaderPick } from "../../mod.ts";
import { CHUNK_BYTES } from "../protocol.ts";
import { BodyRequests } from "./body_requests.ts";
import type { FreshBodies } from "./fresh.ts";
import { SqliteStage, type StageDeps } from "./stage.ts";

export class SqliteBodies implements BodyStore {
  readonly #deps: StageDeps & { readonly fresh: FreshBodies };
  readonly #requests: BodyRequests;

  constructor(deps: StageDeps & { readonly fresh: FreshBodies }) {
    this.#deps = deps;
    this.#requests = new BodyRequests(deps.link);
  }

  stage(): BodyStage {
    return new SqliteStage(this.#deps);
  }

  /** Asks for the next pieces before the last are handed out, so that disk and client work at the same time. */
  async *read(bodyId: number, range?: ByteRange): AsyncGenerator<Uint8Array, void> {
    const fresh = this.#deps.fresh.take(bodyId, range);
    if (fresh !== null) return yield* split(fresh);
    const end = range?.end ?? Number.MAX_SAFE_INTEGER;
    const fetch = (start: number) => this.#requests.ask(bodyId, { start, end });
    let coming: ReturnType<typeof fetch> | null = fetch(range?.start ?? 0);
    while (coming !== null) {
      const { pieces, next }: Awaited<ReturnType<typeof fetch>> = await coming;
      coming = null;
      if (next !== null) {
        coming = fetch(next);
        // A caller that stops here must not leave a rejection that nobody sees.
        coming.catch(() => {});
      }
      for (const piece of pieces) yield* split(piece);
    }
  }

  async readMany(
    reads: readonly BodyPart[],
    pick: HeaderPick | null = null,
  ): Promise<readonly (Uint8Array | null)[]> {
    const { bytes, sizes } = await this.#deps.link.read("bodyParts", { reads: packReads(reads), pick });
    const parts: (Uint8Array | null)[] = [];
    for (let place = 0, at = 0; place < sizes.length; place++) {
      const size = sizes[place]!;
      parts.push(size < 0 ? null : bytes.subarray(at, at + size));
      at += Math.max(0, size);
    }
    return parts;
  }
}

/** As `bodyParts` wants it. */
function packReads(reads: readonly BodyPart[]): Float64Array {
  const numbers = new Float64Array(3 * reads.length);
  for (let place = 0; place < reads.length; place++) {
    const { bodyId, range } = reads[place]!;
    numbers[3 * place] = bodyId;
    numbers[3 * place + 1] = range.start;
    numbers[3 * place + 2] = range.end;
  }
  return numbers;
}

/** A small message may come with its prefix in one piece; none is longer than the port promises. */
function* split(piece: Uint8Array): Generator<Uint8Array, void> {
  for (let at = 0; at < piece.length; at += CHUNK_BYTES) yield piece.subarray(at, at + CHUNK_BYTES);
}
