import { encodeUtf8 } from "../core/bytes.ts";
import type { FactStore } from "../store/mod.ts";
import type { RetrievalDeps } from "./deps.ts";
import { RetrievalError } from "./errors.ts";
import type { Credential } from "./log_in.ts";
import { AccessTokens } from "./oauth.ts";
import { sourceKey, type SourceSpec } from "./source.ts";

const SPACE = "retrieval-secret";
/** Until somebody gives another one. */
const NEVER = Number.MAX_SAFE_INTEGER;

/** Keeps the password, or refresh token, of a source in the store; `key` is that of `sourceKey`. */
export async function keepSecret(facts: FactStore, key: string, secret: string): Promise<void> {
  await facts.put(SPACE, { key, value: secret, expiresAt: NEVER });
}

export async function forgetSecret(facts: FactStore, key: string): Promise<void> {
  await facts.remove(SPACE, key);
}

/** What a source logs in with. */
export class Secrets {
  readonly #spec: SourceSpec;
  readonly #deps: RetrievalDeps;
  readonly #tokens: AccessTokens;

  constructor(spec: SourceSpec, deps: RetrievalDeps) {
    this.#spec = spec;
    this.#deps = deps;
    this.#tokens = new AccessTokens(deps);
  }

  /** Throws `RetrievalError`: there is none, or it gives no token. */
  async credential(signal: AbortSignal): Promise<Credential> {
    const secret = await this.#secret();
    const { oauth, allowNetworks } = this.#spec;
    if (oauth === null) return { kind: "password", password: secret };
    const { token, isFresh, refreshToken } = await this.#tokens.get({
      oauth,
      refreshToken: secret,
      allowNetworks,
      signal,
    });
    // RFC 6749 section 6: the old one may be of no use any more.
    if (refreshToken !== null) await keepSecret(this.#deps.facts, sourceKey(this.#spec), refreshToken);
    return { kind: "token", token, isFresh };
  }

  /** The other side did not like what it was shown. */
  forgetToken(): void {
    this.#tokens.forget();
  }

  /** Tells whether what would be shown is what was shown, without saying what it is. */
  async digest(): Promise<string> {
    const { user, host, port, oauth } = this.#spec;
    const secret = await this.#secret().catch(() => "");
    const text = JSON.stringify([user, host, port, oauth, secret]);
    const digest = await crypto.subtle.digest("SHA-256", encodeUtf8(text));
    return new Uint8Array(digest, 0, 16).toHex();
  }

  async #secret(): Promise<string> {
    const { secret, account, name, oauth } = this.#spec;
    if (secret !== null) return secret;
    const stored = await this.#deps.facts.get(SPACE, sourceKey(this.#spec));
    if (stored !== null) return stored.value;
    const what = oauth === null ? "password" : "refresh token";
    throw new RetrievalError(
      "secret",
      `There is no ${what} yet: give it with "mailden retrieve secret --account ${account} --source ${name}"`,
    );
  }
}
