import { decodeLatin1 } from "../core/bytes.ts";

export interface HttpResponse {
  readonly status: number;
  /** In lower case, without parameters; empty when it is not said. */
  readonly mediaType: string;
  readonly body: Uint8Array;
}

/**
 * Reads a response (RFC 9112) from all the bytes that have come so far; null when it is not complete, `ended` or not. Throws for
 * what is no response. Linear in its input, which the caller bounds.
 */
export function parseResponse(bytes: Uint8Array, ended: boolean): HttpResponse | null {
  // One character a byte, so that places in the text are places in the bytes.
  const text = decodeLatin1(bytes);
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [statusLine = "", ...lines] = text.slice(0, end).split("\r\n");
  const status = /^HTTP\/1\.[01] ([0-9]{3})(?: |$)/.exec(statusLine)?.[1];
  if (status === undefined) throw new Error("The answer is not HTTP");
  const headers = new Map(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  }));
  const body = readBody(bytes.subarray(end + 4), { headers, ended });
  const mediaType = (headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  return body === null ? null : { status: Number(status), mediaType, body };
}

/** RFC 9112 section 6.3. */
function readBody(
  bytes: Uint8Array,
  { headers, ended }: { readonly headers: ReadonlyMap<string, string>; readonly ended: boolean },
): Uint8Array | null {
  const encoding = headers.get("transfer-encoding");
  if (encoding !== undefined) {
    if (encoding.toLowerCase() !== "chunked") throw new Error(`Unknown transfer encoding ${encoding}`);
    return readChunks(bytes);
  }
  const length = headers.get("content-length");
  if (length === undefined) return ended ? bytes : null;
  if (!/^[0-9]{1,12}$/.test(length)) throw new Error("The answer has a length that is no number");
  return bytes.length < Number(length) ? null : bytes.subarray(0, Number(length));
}

/** RFC 9112 section 7.1; what follows the last chunk is of no interest. */
function readChunks(bytes: Uint8Array): Uint8Array | null {
  const text = decodeLatin1(bytes);
  const body = new Uint8Array(bytes.length);
  let size = 0;
  for (let at = 0;;) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return null;
    const digits = text.slice(at, lineEnd).split(";")[0]!.trim();
    if (!/^[0-9a-fA-F]{1,8}$/.test(digits)) throw new Error("The answer has a chunk without a size");
    const length = parseInt(digits, 16);
    if (length === 0) return body.subarray(0, size);
    const start = lineEnd + 2;
    if (start + length + 2 > bytes.length) return null;
    body.set(bytes.subarray(start, start + length), size);
    size += length;
    at = start + length + 2;
  }
}
