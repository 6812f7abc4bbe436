import type { Authenticate, AuthenticateToken, Random, Scram, ScramLogIn, TlsInfo } from "../core/ports.ts";
import {
  actsForItself,
  BEARER_MECHANISMS,
  BearerExchange,
  type BearerStep,
  type Credentials,
  encodeBase64,
  SASL_MECHANISMS,
  type SaslExchange,
  type SaslStep,
  ScramExchange,
  type ScramStep,
  startSasl,
} from "../wire/sasl/mod.ts";

/** What a session has for its log-ins. */
export interface SaslDeps {
  readonly authenticate: Authenticate;
  /** Without it there is no SCRAM. */
  readonly scram?: Scram;
  /** Without it there is no OAUTHBEARER and no XOAUTH2. */
  readonly authenticateToken?: AuthenticateToken;
  readonly random: Random;
}

/** Who logs in, from where and over what. */
export interface SaslClient {
  readonly address: string;
  readonly protocol: string;
  readonly tls: TlsInfo | null;
}

/** What comes next. The reason of a failure is for the log and for codes that say no more than it does. */
export type LogInStep =
  /** With `isLast` it may go out with the success instead (RFC 4422 section 3.6): then `next` is given an empty response. */
  | { readonly kind: "challenge"; readonly challenge: Uint8Array; readonly isLast?: true }
  | { readonly kind: "success"; readonly account: string }
  | { readonly kind: "failure"; readonly user: string; readonly reason: "credentials" | "authorization" };

/**
 * One log-in by SASL (RFC 4422), the same for SMTP, IMAP, POP3 and ManageSieve: the session passes responses in and challenges out.
 * Both methods throw `ProtocolError` for a malformed response and `Refusal` when the client may not try now.
 */
export interface SaslLogIn {
  start(initialResponse: Uint8Array | null): Promise<LogInStep>;
  next(response: Uint8Array): Promise<LogInStep>;
}

const SCRAM = "SCRAM-SHA-256";
const SCRAM_PLUS = "SCRAM-SHA-256-PLUS";

/** The mechanisms to announce on a connection, best first. With `without` some that a protocol does not want. */
export function saslMechanisms(
  deps: Pick<SaslDeps, "scram" | "authenticateToken">,
  tls: TlsInfo | null,
  without: readonly string[] = [],
): string[] {
  const scram = deps.scram === undefined
    ? []
    : tls?.channelBinding === undefined
    ? [SCRAM]
    : [SCRAM_PLUS, SCRAM];
  const bearer = tokenCheck(deps, tls) === null ? [] : BEARER_MECHANISMS;
  return [...scram, ...bearer, ...SASL_MECHANISMS].filter((name) => !without.includes(name));
}

/** A token is as good as a password to whoever overhears it, so it needs TLS, on this machine, too (RFC 7628 section 3). */
function tokenCheck(
  { authenticateToken }: Pick<SaslDeps, "authenticateToken">,
  tls: TlsInfo | null,
): AuthenticateToken | null {
  return tls === null ? null : authenticateToken ?? null;
}

/** Begins a log-in by the name of its mechanism, in any case; null when it is not offered on this connection. */
export function beginSasl(mechanism: string, deps: SaslDeps, client: SaslClient): SaslLogIn | null {
  const name = mechanism.toUpperCase();
  if (name === SCRAM || name === SCRAM_PLUS) {
    const binding = client.tls?.channelBinding ?? null;
    if (deps.scram === undefined || (name === SCRAM_PLUS && binding === null)) return null;
    const nonce = encodeBase64(deps.random.bytes(18));
    return new ScramLogInRun(new ScramExchange(name, { nonce, binding }), deps.scram, client);
  }
  const bearer = BEARER_MECHANISMS.find((known) => known === name);
  if (bearer !== undefined) {
    const authenticate = tokenCheck(deps, client.tls);
    return authenticate === null ? null : new BearerLogIn(new BearerExchange(bearer), authenticate, client);
  }
  const exchange = startSasl(name);
  return exchange === null ? null : new PasswordLogIn(exchange, deps.authenticate, client);
}

/** A mechanism's exchange of responses and challenges, as `wire/sasl` knows them. */
interface Exchange<Step> {
  start(initialResponse: Uint8Array | null): Step;
  next(response: Uint8Array): Step;
}

/** What all mechanisms have in common; they differ in what a step of theirs means. */
abstract class MechanismLogIn<Step> implements SaslLogIn {
  readonly #exchange: Exchange<Step>;

  constructor(exchange: Exchange<Step>) {
    this.#exchange = exchange;
  }

  async start(initialResponse: Uint8Array | null): Promise<LogInStep> {
    return await this.follow(this.#exchange.start(initialResponse));
  }

  async next(response: Uint8Array): Promise<LogInStep> {
    return await this.follow(this.#exchange.next(response));
  }

  protected abstract follow(step: Step): Promise<LogInStep>;
}

/** PLAIN and LOGIN. */
class PasswordLogIn extends MechanismLogIn<SaslStep> {
  readonly #authenticate: Authenticate;
  readonly #client: SaslClient;

  constructor(exchange: SaslExchange, authenticate: Authenticate, client: SaslClient) {
    super(exchange);
    this.#authenticate = authenticate;
    this.#client = client;
  }

  protected override async follow(step: SaslStep): Promise<LogInStep> {
    return step.kind === "challenge" ? step : await this.#check(step.credentials);
  }

  async #check(credentials: Credentials): Promise<LogInStep> {
    const { user, password } = credentials;
    const { address, protocol } = this.#client;
    const account = await this.#authenticate(user, password, { address, protocol });
    if (account === null) return { kind: "failure", user, reason: "credentials" };
    if (!actsForItself(credentials)) return { kind: "failure", user, reason: "authorization" };
    return { kind: "success", account };
  }
}

/** OAUTHBEARER and XOAUTH2. */
class BearerLogIn extends MechanismLogIn<BearerStep> {
  readonly #exchange: BearerExchange;
  readonly #authenticate: AuthenticateToken;
  readonly #client: SaslClient;
  #user = "";

  constructor(exchange: BearerExchange, authenticate: AuthenticateToken, client: SaslClient) {
    super(exchange);
    this.#exchange = exchange;
    this.#authenticate = authenticate;
    this.#client = client;
  }

  protected override async follow(step: BearerStep): Promise<LogInStep> {
    switch (step.kind) {
      case "challenge":
        return step;
      case "refused":
        return { kind: "failure", user: this.#user, reason: "credentials" };
      case "token": {
        const { address, protocol } = this.#client;
        this.#user = step.claim.user;
        const account = await this.#authenticate(step.claim, { address, protocol });
        return account === null ? await this.follow(this.#exchange.refuse()) : { kind: "success", account };
      }
    }
  }
}

class ScramLogInRun extends MechanismLogIn<ScramStep> {
  readonly #exchange: ScramExchange;
  readonly #scram: Scram;
  readonly #client: SaslClient;
  #user = "";
  #authzid = "";
  #logIn: ScramLogIn | null = null;
  #account: string | null = null;

  constructor(exchange: ScramExchange, scram: Scram, client: SaslClient) {
    super(exchange);
    this.#exchange = exchange;
    this.#scram = scram;
    this.#client = client;
  }

  protected override async follow(step: ScramStep): Promise<LogInStep> {
    switch (step.kind) {
      case "challenge":
        return step;
      case "salt-wanted":
        return await this.#begin(step);
      case "proof":
        return await this.#judge(step);
      case "done":
        return { kind: "success", account: this.#account! };
    }
  }

  async #begin({ user, authzid }: { readonly user: string; readonly authzid: string }): Promise<LogInStep> {
    const { address, protocol } = this.#client;
    this.#user = user;
    this.#authzid = authzid;
    this.#logIn = await this.#scram.begin(user, { address, protocol });
    return await this.follow(this.#exchange.useSalt(this.#logIn));
  }

  async #judge(claim: { readonly authMessage: string; readonly proof: Uint8Array }): Promise<LogInStep> {
    const user = this.#user;
    const right = await this.#logIn!.finish(claim);
    if (right === null) return { kind: "failure", user, reason: "credentials" };
    if (!actsForItself({ user, authzid: this.#authzid })) {
      return { kind: "failure", user, reason: "authorization" };
    }
    this.#account = right.account;
    return await this.follow(this.#exchange.accept(right.signature));
  }
}
