import { createHmac } from "node:crypto";
import { Refusal } from "../core/errors.ts";
import type { Authenticate, Clock, Live, Log, Metrics, Random, Scram } from "../core/ports.ts";
import { parseCredential } from "../store/credential.ts";
import type { Store } from "../store/mod.ts";
import { hashPassword, verifyPassword } from "../store/passwords.ts";
import { BoundedMap } from "./bounded_map.ts";
import type { Directory } from "./directory.ts";
import { keysOf, type LogInAttempt, LogInGuard, type LogInKeys as Keys, USER_LIMIT } from "./log_in_guard.ts";
import { makeScram } from "./scram_authenticator.ts";
import { Turnstile, TurnstileFullError } from "./turnstile.ts";

export interface AuthLimits {
  /** Password checks at once; each takes a processor and some 16 MiB for a moment. */
  readonly concurrent: number;
  /** Log-ins that may wait for their check. */
  readonly waiting: number;
  /** So many failures are answered at once; then the answer takes longer each time, up to `maxDelayMs`. */
  readonly failuresBeforeDelay: number;
  readonly maxDelayMs: number;
  /** Failures after which an address (of IPv6, its /64) is refused, and a name from addresses it never logged in from. */
  readonly failuresPerAddress: number;
  readonly failuresPerAccount: number;
  /** Failures are forgotten so long after the last one. */
  readonly windowMs: number;
  /** How many addresses and names are kept in mind. */
  readonly tracked: number;
  /** How many successes are kept in mind, and for how long: mail programs log in again and again. */
  readonly cacheEntries: number;
  readonly cacheMs: number;
}

export const defaultAuthLimits: AuthLimits = {
  concurrent: 2,
  waiting: 200,
  failuresBeforeDelay: 3,
  maxDelayMs: 8_000,
  failuresPerAddress: 20,
  failuresPerAccount: 100,
  windowMs: 15 * 60_000,
  tracked: 10_000,
  cacheEntries: 1_000,
  cacheMs: 10 * 60_000,
};

export interface AuthenticatorDeps {
  readonly store: Store;
  readonly directory: Live<Directory>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limits: Live<AuthLimits>;
}

/** The ways to log in, which share one count of failures. */
export interface Authenticators {
  readonly authenticate: Authenticate;
  readonly scram: Scram;
}

/**
 * Checks log-ins for every protocol. An unknown user, an account without a password and a wrong password run the same
 * steps, down to a scrypt over a dummy hash, so that the time tells nobody which names exist. `scramSecret` makes the
 * salts of names that have none; it must be the same after a restart, or they would be told by their change.
 */
export function makeAuthenticators(
  deps: AuthenticatorDeps & { readonly scramSecret: Uint8Array },
): Authenticators {
  const guard = new LogInGuard(deps);
  const authenticator = new Authenticator(deps, guard);
  return {
    authenticate: (user, password, from) => authenticator.authenticate({ user, password, ...from }),
    scram: makeScram({ ...deps, guard, secret: deps.scramSecret }),
  };
}

/** Checks passwords alone. */
export function makeAuthenticator(deps: AuthenticatorDeps): Authenticate {
  return makeAuthenticators({ ...deps, scramSecret: deps.random.bytes(32) }).authenticate;
}

interface LogIn extends LogInAttempt {
  readonly password: string;
}

class Authenticator {
  readonly #deps: AuthenticatorDeps;
  readonly #secret: Uint8Array;
  readonly #guard: LogInGuard;
  readonly #turnstile = new Turnstile();
  /** Keyed hashes of credentials that were right, and when. The stored hash is part of the key: a new password drops it. */
  readonly #successes = new BoundedMap<number>();
  readonly #running = new Map<string, Promise<boolean>>();
  #dummy: Promise<string> | null = null;

  constructor(deps: AuthenticatorDeps, guard: LogInGuard) {
    this.#deps = deps;
    this.#secret = deps.random.bytes(32);
    this.#guard = guard;
  }

  async authenticate(logIn: LogIn): Promise<string | null> {
    const { store, directory, limits } = this.#deps;
    const account = logIn.user.length > USER_LIMIT
      ? null
      : directory.current.account(logIn.user)?.name ?? null;
    const keys = keysOf(logIn, account);
    // The store is asked and the dummy hash made in every case, for the same time.
    const dummy = await this.#dummyHash();
    const credential = await store.accounts.credential(account ?? "");
    const stored = credential === null ? null : parseCredential(credential).hash;
    const proof = this.#proof([account ?? logIn.user, logIn.password, stored ?? dummy]);
    if (this.#isCached(proof, limits.current.cacheMs)) return this.#succeed(logIn, { keys, proof, account });
    this.#guard.refuseIfBlocked(logIn, keys);
    const right = await this.#verify(logIn, { keys, proof, hash: stored ?? dummy });
    if (right && account !== null && stored !== null) return this.#succeed(logIn, { keys, proof, account });
    await this.#guard.fail(logIn, keys);
    return null;
  }

  /** One check for log-ins that are the same and come at the same time, as when a mail program opens ten connections. */
  async #verify(logIn: LogIn, with_: { keys: Keys; proof: string; hash: string }): Promise<boolean> {
    const running = this.#running.get(with_.proof) ?? this.#startVerify(logIn, with_);
    try {
      return await running;
    } catch (error) {
      if (!(error instanceof TurnstileFullError)) throw error;
      this.#guard.count(logIn, "busy");
      throw Refusal.of(454, "4.7.0", "Too many log-ins at once, try again later");
    }
  }

  #startVerify(
    logIn: LogIn,
    { keys, proof, hash }: { keys: Keys; proof: string; hash: string },
  ): Promise<boolean> {
    const running = this.#turnstile.run(() => {
      // While this one stood in the line, others from there may have failed.
      this.#guard.refuseIfBlocked(logIn, keys);
      return verifyPassword(logIn.password, hash);
    }, this.#deps.limits.current).finally(() => this.#running.delete(proof));
    this.#running.set(proof, running);
    return running;
  }

  #succeed(
    logIn: LogIn,
    { keys, proof, account }: { keys: Keys; proof: string; account: string | null },
  ): string | null {
    const { clock, limits } = this.#deps;
    if (account === null) return null;
    // A cached success keeps its first time, so that each password is checked in full once in a while.
    if (this.#successes.get(proof) === undefined) {
      this.#successes.set(proof, clock.now(), limits.current.cacheEntries);
    }
    this.#guard.succeed(logIn, { keys, account });
    return account;
  }

  #isCached(proof: string, cacheMs: number): boolean {
    const since = this.#successes.get(proof);
    if (since === undefined) return false;
    if (this.#deps.clock.now() - since < cacheMs) return true;
    this.#successes.delete(proof);
    return false;
  }

  #dummyHash(): Promise<string> {
    this.#dummy ??= hashPassword(this.#proof(["dummy"]), this.#deps.random);
    return this.#dummy;
  }

  /** A keyed hash, so that no password and nothing to guess one from stays in memory. */
  #proof(parts: readonly string[]): string {
    return createHmac("sha256", this.#secret).update(JSON.stringify(parts)).digest("base64");
  }
}
