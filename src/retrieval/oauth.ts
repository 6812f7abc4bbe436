import { concatBytes, decodeUtf8, encodeUtf8 } from "../core/bytes.ts";
import type { Conn } from "../core/ports.ts";
import { type HttpResponse, parseResponse } from "../net/http_response.ts";
import type { RetrievalDeps } from "./deps.ts";
import { dial, encrypt } from "./dial.ts";
import { RetrievalError, trouble } from "./errors.ts";
import { within } from "./patience.ts";
import type { OAuthSpec } from "./source.ts";

const MAX_ANSWER = 64 * 1024;
/** A token that ends sooner is not used any more. */
const MARGIN_MS = 60_000;
/** When nothing is said of how long it lives (RFC 6749 section 5.1). */
const DEFAULT_LIFE_MS = 300_000;
/** RFC 6750 section 2.1. */
const TOKEN = /^[A-Za-z0-9._~+/-]{1,8192}={0,4}$/;

export interface TokenRequest {
  readonly oauth: OAuthSpec;
  readonly refreshToken: string;
  readonly allowNetworks: readonly string[];
  readonly signal: AbortSignal;
}

export interface AccessToken {
  readonly token: string;
  /** It was fetched just now. */
  readonly isFresh: boolean;
  /** Another refresh token, to be used from now on; null when the old one stays good. */
  readonly refreshToken: string | null;
}

/** Turns a refresh token into access tokens, and keeps each one as long as it lives. */
export class AccessTokens {
  readonly #deps: RetrievalDeps;
  #kept: { readonly token: string; readonly from: string; readonly until: number } | null = null;

  constructor(deps: RetrievalDeps) {
    this.#deps = deps;
  }

  forget(): void {
    this.#kept = null;
  }

  /** Throws `RetrievalError`. */
  async get(request: TokenRequest): Promise<AccessToken> {
    const now = this.#deps.clock.now();
    const kept = this.#kept;
    if (kept !== null && kept.from === request.refreshToken && kept.until > now) {
      return { token: kept.token, isFresh: false, refreshToken: null };
    }
    const { host } = new URL(request.oauth.tokenUrl);
    const answer = readAnswer(await this.#ask(request), host);
    const from = answer.refreshToken ?? request.refreshToken;
    this.#kept = { token: answer.token, from, until: now + answer.lifeMs - MARGIN_MS };
    return { token: answer.token, isFresh: true, refreshToken: answer.refreshToken };
  }

  /** RFC 6749 section 6, on a connection of its own, to public addresses only. */
  async #ask({ oauth, refreshToken, allowNetworks, signal }: TokenRequest): Promise<HttpResponse> {
    const url = new URL(oauth.tokenUrl);
    const port = url.port === "" ? 443 : Number(url.port);
    const destination = { host: url.hostname, port, allowNetworks, loopbackOnly: false, signal };
    const conn = await dial(destination, this.#deps);
    const abort = () => conn.close();
    signal.addEventListener("abort", abort);
    try {
      await encrypt(conn, url.hostname, this.#deps);
      const form = new URLSearchParams({
        grant_type: "refresh_token",
        refresh_token: refreshToken,
        client_id: oauth.clientId,
        ...(oauth.clientSecret === null ? {} : { client_secret: oauth.clientSecret }),
      });
      await conn.write(requestBytes(url, form.toString()));
      return await this.#read(conn, url.host);
    } finally {
      signal.removeEventListener("abort", abort);
      conn.close();
    }
  }

  async #read(conn: Conn, host: string): Promise<HttpResponse> {
    const patience = within(this.#deps.settings.current.commandTimeoutMs, `The token of ${host}`);
    const parts: Uint8Array[] = [];
    for (let size = 0;;) {
      const chunk = await conn.read(patience());
      if (chunk !== null) parts.push(chunk);
      size += chunk?.length ?? 0;
      if (size > MAX_ANSWER) throw trouble(`${host} answers with more than ${MAX_ANSWER} bytes`);
      const response = tryParse(concatBytes(parts), chunk === null, host);
      if (response !== null) return response;
      if (chunk === null) throw trouble(`The answer of ${host} broke off`);
    }
  }
}

function requestBytes(url: URL, form: string): Uint8Array {
  const body = encodeUtf8(form);
  const head = `POST ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nUser-Agent: Mailden\r\n` +
    "Content-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\n" +
    `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  return concatBytes([encodeUtf8(head), body]);
}

function tryParse(bytes: Uint8Array, ended: boolean, host: string): HttpResponse | null {
  try {
    return parseResponse(bytes, ended);
  } catch (error) {
    throw trouble(`${host} gives no token: ${error instanceof Error ? error.message : error}`, error);
  }
}

function readAnswer(
  { status, body }: HttpResponse,
  host: string,
): { readonly token: string; readonly refreshToken: string | null; readonly lifeMs: number } {
  const answer = parseObject(decodeUtf8(body));
  const error = answer?.["error"];
  // RFC 6749 section 5.2. What is wrong with our request will be wrong again, and again.
  if (status === 400 || status === 401 || status === 403) {
    const words = typeof error === "string" ? `: ${error.replace(/[^\x20-\x7e]/g, "?").slice(0, 100)}` : "";
    throw new RetrievalError("refused", `${host} gives no token for the refresh token${words}`);
  }
  const token = answer?.["access_token"];
  if (status !== 200 || typeof token !== "string" || !TOKEN.test(token)) {
    throw trouble(`${host} gives no token; it answers with ${status}`);
  }
  const [fresh, life] = [answer?.["refresh_token"], answer?.["expires_in"]];
  const isLife = typeof life === "number" && life > 0 && life < 10_000_000;
  return {
    token,
    refreshToken: typeof fresh === "string" && fresh !== "" && fresh.length <= 8192 ? fresh : null,
    lifeMs: isLife ? life * 1000 : DEFAULT_LIFE_MS,
  };
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : null;
  } catch {
    return null;
  }
}
