import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from "node:zlib";
import { concatBytes } from "../../core/bytes.ts";
import { ConnectionLostError } from "../../core/errors.ts";
import type { Conn } from "../../core/ports.ts";
import { bye } from "../../wire/imap/mod.ts";
import { SessionOver } from "./errors.ts";

/** As much is packed at a time: about a millisecond of work. */
const PACK_BYTES = 32 * 1024;
/** As much is unpacked at a time, whatever it unpacks to; the rest waits packed. */
const UNPACK_BYTES = 16 * 1024;
/** More than `PACK_BYTES` of what cannot be packed becomes, so that packing never waits for us to read. */
const PACKED_BYTES = 4 * PACK_BYTES;

const PACKING = { windowBits: 13, memLevel: 6, chunkSize: 4096, readableHighWaterMark: PACKED_BYTES };
const UNPACKING = { chunkSize: UNPACK_BYTES, readableHighWaterMark: UNPACK_BYTES };

/** The two directions of a connection, which is all that the input and the output of a session use. */
export type ByteStream = Pick<Conn, "read" | "write">;

/**
 * A connection whose bytes are deflated both ways (RFC 4978, raw deflate by RFC 1951).
 *
 * It keeps about 110 KiB: 64 for our packing (a window of 8 KiB, which costs mail text a few percent), 40 for the client's window of
 * 32 KiB, which it may use without asking, and one piece each way. What the client sends is unpacked piece by piece as the
 * session reads it, so that a few bytes that unpack to gigabytes cost neither memory nor a long turn of the loop.
 */
export class DeflateStream implements ByteStream {
  readonly #conn: ByteStream;
  readonly #deflate: DeflateRaw;
  readonly #inflate: InflateRaw;
  /** The bytes given last to be unpacked are not yet used up. */
  #isUnpacking = false;
  /** The client has ended its deflate stream: nothing follows. */
  #hasEnded = false;
  #failure: unknown = null;
  #stir: () => void = () => {};

  constructor(conn: ByteStream) {
    this.#conn = conn;
    this.#deflate = createDeflateRaw(PACKING);
    this.#inflate = createInflateRaw(UNPACKING);
    this.#inflate.on("readable", () => this.#stir());
    this.#inflate.on("end", () => {
      this.#hasEnded = true;
      this.#stir();
    });
    this.#inflate.on("error", (error: unknown) => {
      this.#failure = error;
      this.#stir();
    });
    // An error of ours reaches the writer by its callback.
    this.#deflate.on("error", () => {});
  }

  async read(timeoutMs: number): Promise<Uint8Array | null> {
    for (;;) {
      const bytes = this.#inflate.read() as Uint8Array | null;
      if (bytes !== null) return bytes;
      if (this.#failure !== null) throw new SessionOver(bye("The compressed data is broken"));
      if (this.#hasEnded) return null;
      if (this.#isUnpacking) await new Promise<void>((resolve) => this.#stir = resolve);
      else {
        const packed = await this.#conn.read(timeoutMs);
        if (packed === null) return null;
        this.#unpack(packed);
      }
    }
  }

  /** All bytes can be unpacked by the client when this resolves: nothing is held back for more to come. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += PACK_BYTES) {
      const end = at + PACK_BYTES;
      const packed = await this.#pack(bytes.subarray(at, end), end >= bytes.length);
      if (packed.length > 0) await this.#conn.write(packed);
    }
  }

  /** Frees what both directions hold. The connection below stays open. */
  close(): void {
    this.#deflate.close();
    this.#inflate.close();
    this.#hasEnded = true;
    this.#stir();
  }

  #unpack(packed: Uint8Array): void {
    this.#isUnpacking = true;
    this.#inflate.write(packed, () => {
      this.#isUnpacking = false;
      this.#stir();
    });
  }

  async #pack(bytes: Uint8Array, isLast: boolean): Promise<Uint8Array> {
    await new Promise<void>((resolve, reject) => {
      const done = (error?: Error | null) => {
        if (error) reject(new ConnectionLostError("The connection is closed", { cause: error }));
        else resolve();
      };
      if (!isLast) return void this.#deflate.write(bytes, done);
      this.#deflate.write(bytes);
      this.#deflate.flush(constants.Z_SYNC_FLUSH, done as () => void);
    });
    const parts: Uint8Array[] = [];
    for (let part; (part = this.#deflate.read() as Uint8Array | null) !== null;) parts.push(part);
    return parts.length === 1 ? parts[0]! : concatBytes(parts);
  }
}
