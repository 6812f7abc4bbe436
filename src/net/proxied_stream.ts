import { concatBytes } from "../core/bytes.ts";
import { ConnectionLostError, TimeoutError } from "../core/errors.ts";
import { parseProxyHeader, type ProxyHeader } from "./proxy_header.ts";
import type { ByteStream } from "./stream.ts";

/** A stream whose first bytes were read already, to see who the client behind a proxy is. */
export interface ProxiedStream {
  readonly stream: ByteStream;
  readonly header: ProxyHeader;
}

/**
 * Reads the PROXY header that must come first. Throws when there is none, or when it does not come in time; the stream is of no
 * further use then, and destroyed.
 */
export async function readProxyHeader(stream: ByteStream, timeoutMs: number): Promise<ProxiedStream> {
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    stream.destroy();
  }, timeoutMs);
  try {
    let bytes: Uint8Array = new Uint8Array(0);
    for (;;) {
      const chunk = await stream.read();
      if (chunk === null) throw new ConnectionLostError("The connection ended before the PROXY header");
      bytes = bytes.length === 0 ? chunk : concatBytes([bytes, chunk]);
      const header = parseProxyHeader(bytes);
      if (header !== null) {
        return { stream: new PrefixedStream(stream, bytes.subarray(header.length)), header };
      }
    }
  } catch (error) {
    stream.destroy();
    if (expired) throw new TimeoutError("The PROXY header did not come in time");
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Gives out what was read too much before what comes next. */
class PrefixedStream implements ByteStream {
  readonly #stream: ByteStream;
  #prefix: Uint8Array | null;

  constructor(stream: ByteStream, prefix: Uint8Array) {
    this.#stream = stream;
    // A copy: the header lies in the same memory, and what is read belongs to the reader.
    this.#prefix = prefix.length === 0 ? null : prefix.slice();
  }

  read(): Promise<Uint8Array | null> {
    const prefix = this.#prefix;
    if (prefix === null) return this.#stream.read();
    this.#prefix = null;
    return Promise.resolve(prefix);
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#stream.write(bytes);
  }

  end(): Promise<void> {
    return this.#stream.end();
  }

  destroy(): void {
    this.#stream.destroy();
  }
}
