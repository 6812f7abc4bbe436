/** The client's side of COMPRESS=DEFLATE (RFC 4978): wraps a fake connection after the server has said OK. */
import { constants, createDeflateRaw, createInflateRaw } from "node:zlib";
import { concatBytes, decodeUtf8, encodeUtf8, LF } from "../../src/core/bytes.ts";
import type { FakeClient } from "./fake_conn.ts";

export class CompressedClient {
  readonly #plain: FakeClient;
  readonly #deflate = createDeflateRaw();
  readonly #inflate = createInflateRaw();
  #buffer: Uint8Array = new Uint8Array(0);
  #sending: Promise<void> = Promise.resolve();
  #tags = 0;

  constructor(plain: FakeClient) {
    this.#plain = plain;
    this.#deflate.on("data", (packed: Uint8Array) => plain.write(packed));
    this.#inflate.on("data", (bytes: Uint8Array) => this.#buffer = concatBytes([this.#buffer, bytes]));
  }

  /** Sends and flushes, after what was sent before. */
  send(data: string | Uint8Array): void {
    const bytes = typeof data === "string" ? encodeUtf8(data) : data;
    this.#sending = this.#sending.then(() =>
      new Promise((resolve) => {
        this.#deflate.write(bytes);
        this.#deflate.flush(constants.Z_SYNC_FLUSH, resolve);
      })
    );
  }

  /** The next line without CR LF; null when the server has closed. */
  async line(): Promise<string | null> {
    for (;;) {
      const end = this.#buffer.indexOf(LF);
      if (end >= 0) return decodeUtf8(this.#cut(end + 1)).replace(/\r?\n$/, "");
      if (!await this.#fill()) return null;
    }
  }

  async bytes(length: number): Promise<Uint8Array> {
    while (this.#buffer.length < length) {
      if (!await this.#fill()) throw new Error("The server closed too early");
    }
    return this.#cut(length);
  }

  /** Sends a command and returns the untagged lines, then the tagged one without its tag. */
  async command(text: string): Promise<string[]> {
    const tag = `z${++this.#tags}`;
    this.send(`${tag} ${text}\r\n`);
    return await this.answer(tag);
  }

  async answer(tag: string): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.line();
      if (line === null) throw new Error(`The server closed after ${JSON.stringify(lines)}`);
      if (line.startsWith(`${tag} `)) return [...lines, line.slice(tag.length + 1)];
      lines.push(line);
    }
  }

  /** Waits for the server's close; nothing more may come before. */
  async ended(): Promise<void> {
    const line = await this.line();
    if (line !== null) throw new Error(`More than was expected: ${line}`);
  }

  async #fill(): Promise<boolean> {
    const packed = await this.#plain.readSome();
    if (packed === null) return false;
    await new Promise<void>((resolve) => this.#inflate.write(packed, () => resolve()));
    return true;
  }

  #cut(length: number): Uint8Array {
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(taken.length);
    return taken;
  }
}
