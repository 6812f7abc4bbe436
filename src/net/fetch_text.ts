import { concatBytes, decodeUtf8, encodeUtf8 } from "../core/bytes.ts";
import type { Conn, Resolver } from "../core/ports.ts";
import { connect } from "./connect.ts";
import { type HttpResponse, parseResponse } from "./http_response.ts";
import type { ClientTrust } from "./tls/trust.ts";

/** How many addresses of the host are tried. */
const MAX_ADDRESSES = 4;
const MAX_HEADER = 32 * 1024;

export interface FetchTextOptions {
  readonly url: string;
  /** In bytes; a longer answer is an error. */
  readonly maxBytes: number;
  /** For all of it. */
  readonly timeoutMs: number;
  /** What the answer must be, as in `text/plain`. */
  readonly mediaType: string;
  /** Instead of 443. */
  readonly port?: number;
  readonly trust?: ClientTrust;
  readonly signal?: AbortSignal;
}

/**
 * Fetches a text over HTTPS: the certificate must be valid for the host, the status 200, and redirects are not followed. Throws
 * `FetchError`.
 */
export type FetchText = (options: FetchTextOptions) => Promise<string>;

export class FetchError extends Error {
  override readonly name = "FetchError";
  /** It was the certificate. */
  readonly untrusted: boolean;

  constructor(message: string, options: { readonly untrusted?: boolean; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.untrusted = options.untrusted ?? false;
  }
}

/** `resolver` finds the host, so that it is looked up as everything else is. */
export function makeFetchText(resolver: Resolver): FetchText {
  return async (options) => {
    const url = new URL(options.url);
    if (url.protocol !== "https:") throw new FetchError(`Only https is fetched, not ${options.url}`);
    const timeout = AbortSignal.timeout(options.timeoutMs);
    const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
    let last = new FetchError(`${url.hostname} has no address`);
    for (const address of await addressesOf(url.hostname, resolver, signal)) {
      try {
        return await request(url, address, { ...options, signal });
      } catch (error) {
        last = asFetchError(error, signal);
        if (last.untrusted || signal.aborted) break;
      }
    }
    throw last;
  };
}

async function addressesOf(host: string, resolver: Resolver, signal: AbortSignal): Promise<string[]> {
  const answers = await Promise.allSettled([resolver.a(host, signal), resolver.aaaa(host, signal)]);
  const found = answers.flatMap((answer) => answer.status === "fulfilled" ? answer.value.records : []);
  const failed = answers.find((answer) => answer.status === "rejected");
  if (found.length === 0 && failed !== undefined) throw asFetchError(failed.reason, signal);
  return found.slice(0, MAX_ADDRESSES);
}

/**
 * One request on a connection of its own. Not `node:https`: that lists the well-known authorities first, which takes a permission
 * that this program is not given.
 */
async function request(
  url: URL,
  address: string,
  options: FetchTextOptions & { readonly signal: AbortSignal },
): Promise<string> {
  const { port = 443, timeoutMs, signal, trust, mediaType, maxBytes } = options;
  const conn = await connect({ host: address, port, timeoutMs, signal, id: url.hostname });
  const abort = () => conn.close();
  signal.addEventListener("abort", abort);
  try {
    const peer = await conn.startClientTls({
      servername: url.hostname,
      verify: false,
      timeoutMs,
      ...(trust === undefined ? {} : { trust }),
    });
    if (peer.problem !== null) {
      const words = `The certificate of ${url.hostname} is not valid (${peer.problem})`;
      throw new FetchError(words, { untrusted: true });
    }
    await conn.write(encodeUtf8(
      `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.hostname}\r\nUser-Agent: Mailden\r\n` +
        `Accept: ${mediaType}\r\nConnection: close\r\n\r\n`,
    ));
    const response = await readResponse(conn, options);
    if (response.status !== 200) throw new FetchError(`${url.hostname} answers with ${response.status}`);
    if (response.mediaType !== mediaType) {
      throw new FetchError(`${url.hostname} gives ${response.mediaType || "no media type"}`);
    }
    if (response.body.length > maxBytes) throw tooMuch(maxBytes);
    return decodeUtf8(response.body);
  } finally {
    signal.removeEventListener("abort", abort);
    conn.close();
  }
}

async function readResponse(
  conn: Conn,
  { maxBytes, timeoutMs }: Pick<FetchTextOptions, "maxBytes" | "timeoutMs">,
): Promise<HttpResponse> {
  let received: Uint8Array = new Uint8Array(0);
  for (;;) {
    const chunk = await conn.read(timeoutMs);
    if (chunk !== null) received = concatBytes([received, chunk]);
    // Chunks of one byte take six on the wire.
    if (received.length > MAX_HEADER + 6 * maxBytes) throw tooMuch(maxBytes);
    const response = parseResponse(received, chunk === null);
    if (response !== null) return response;
    if (chunk === null) throw new FetchError("The answer broke off");
  }
}

function tooMuch(maxBytes: number): FetchError {
  return new FetchError(`The answer has more than ${maxBytes} bytes`);
}

function asFetchError(error: unknown, signal: AbortSignal): FetchError {
  if (error instanceof FetchError) return error;
  if (signal.aborted) return new FetchError("The answer took too long", { cause: error });
  return new FetchError(error instanceof Error ? error.message : String(error), { cause: error });
}
