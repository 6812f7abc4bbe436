import { createHmac } from "node:crypto";
import { Refusal } from "../core/errors.ts";
import type { Authenticate, Clock, Live, Log, Metrics, Random } from "../core/ports.ts";
import type { Store } from "../store/mod.ts";
import { hashPassword, verifyPassword } from "../store/passwords.ts";
import { BoundedMap } from "./bounded_map.ts";
import type { Directory } from "./directory.ts";
import { FailureLedger } from "./failure_ledger.ts";
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

/**
 * Checks log-ins for every protocol. An unknown user, an account without a password and a wrong password run the same
 * steps, down to a scrypt over a dummy hash, so that the time tells nobody which names exist.
 */
export function makeAuthenticator(deps: AuthenticatorDeps): Authenticate {
  const authenticator = new Authenticator(deps);
  return (user, password, from) => authenticator.authenticate({ user, password, ...from });
}

interface LogIn {
  readonly user: string;
  readonly password: string;
  readonly address: string;
  readonly protocol: string;
}

/** What is counted for one log-in. */
interface Keys {
  readonly address: string;
  readonly account: string;
  /** This name from this address. */
  readonly pair: string;
}

const FIRST_DELAY_MS = 500;
const USER_LIMIT = 320;

class Authenticator {
  readonly #deps: AuthenticatorDeps;
  readonly #secret: Uint8Array;
  readonly #failures: FailureLedger;
  readonly #turnstile = new Turnstile();
  /** Keyed hashes of credentials that were right, and when. The stored hash is part of the key: a new password drops it. */
  readonly #successes = new BoundedMap<number>();
  /** Pairs of name and address that logged in: a stranger's failures do not lock these out. */
  readonly #known = new BoundedMap<true>();
  readonly #running = new Map<string, Promise<boolean>>();
  #dummy: Promise<string> | null = null;

  constructor(deps: AuthenticatorDeps) {
    this.#deps = deps;
    this.#secret = deps.random.bytes(32);
    this.#failures = new FailureLedger(deps.clock);
  }

  async authenticate(logIn: LogIn): Promise<string | null> {
    const { store, directory, limits } = this.#deps;
    const account = logIn.user.length > USER_LIMIT
      ? null
      : directory.current.account(logIn.user)?.name ?? null;
    const keys = keysOf(logIn, account);
    // The store is asked and the dummy hash made in every case, for the same time.
    const dummy = await this.#dummyHash();
    const stored = await store.accounts.credential(account ?? "");
    const proof = this.#proof([account ?? logIn.user, logIn.password, stored ?? dummy]);
    if (this.#isCached(proof, limits.current.cacheMs)) return this.#succeed(logIn, { keys, proof, account });
    this.#refuseIfBlocked(logIn, keys);
    const right = await this.#verify(logIn, { keys, proof, hash: stored ?? dummy });
    if (right && account !== null && stored !== null) return this.#succeed(logIn, { keys, proof, account });
    await this.#fail(logIn, keys);
    return null;
  }

  /** One check for log-ins that are the same and come at the same time, as when a mail program opens ten connections. */
  async #verify(logIn: LogIn, with_: { keys: Keys; proof: string; hash: string }): Promise<boolean> {
    const running = this.#running.get(with_.proof) ?? this.#startVerify(logIn, with_);
    try {
      return await running;
    } catch (error) {
      if (!(error instanceof TurnstileFullError)) throw error;
      this.#count(logIn, "busy");
      throw Refusal.of(454, "4.7.0", "Too many log-ins at once, try again later");
    }
  }

  #startVerify(
    logIn: LogIn,
    { keys, proof, hash }: { keys: Keys; proof: string; hash: string },
  ): Promise<boolean> {
    const running = this.#turnstile.run(() => {
      // While this one stood in the line, others from there may have failed.
      this.#refuseIfBlocked(logIn, keys);
      return verifyPassword(logIn.password, hash);
    }, this.#deps.limits.current).finally(() => this.#running.delete(proof));
    this.#running.set(proof, running);
    return running;
  }

  #succeed(
    logIn: LogIn,
    { keys, proof, account }: { keys: Keys; proof: string; account: string | null },
  ): string | null {
    const { clock, limits, log } = this.#deps;
    if (account === null) return null;
    // A cached success keeps its first time, so that each password is checked in full once in a while.
    if (this.#successes.get(proof) === undefined) {
      this.#successes.set(proof, clock.now(), limits.current.cacheEntries);
    }
    this.#known.set(keys.pair, true, limits.current.tracked);
    this.#count(logIn, "ok");
    log.debug("login-succeeded", { account, address: logIn.address, protocol: logIn.protocol });
    return account;
  }

  async #fail(logIn: LogIn, keys: Keys): Promise<void> {
    const { clock, limits, log } = this.#deps;
    const { windowMs, tracked, failuresBeforeDelay, maxDelayMs } = limits.current;
    const counts = [keys.address, keys.account, keys.pair].map((key) =>
      this.#failures.note(key, { windowMs, capacity: 3 * tracked })
    );
    this.#count(logIn, "failed");
    // The session says at info who could not log in; this adds what only we know.
    log.debug("login-failed", {
      user: logIn.user.slice(0, 100),
      address: logIn.address,
      protocol: logIn.protocol,
      failures: counts[0]!,
    });
    const late = Math.max(...counts) - failuresBeforeDelay;
    if (late > 0) await clock.sleep(Math.min(maxDelayMs, FIRST_DELAY_MS * 2 ** Math.min(late - 1, 30)));
  }

  #refuseIfBlocked(logIn: LogIn, keys: Keys): void {
    const { failuresPerAddress, failuresPerAccount, windowMs } = this.#deps.limits.current;
    const failures = (key: string) => this.#failures.failures(key, windowMs);
    const blocked = this.#known.get(keys.pair)
      ? failures(keys.pair) >= failuresPerAddress
      : failures(keys.address) >= failuresPerAddress || failures(keys.account) >= failuresPerAccount;
    if (!blocked) return;
    this.#count(logIn, "refused");
    throw Refusal.of(454, "4.7.0", "Too many failed log-ins, try again later", `Blocked: ${logIn.address}`);
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

  #count({ protocol }: LogIn, result: string): void {
    this.#deps.metrics.count("mailden_auth_total", { protocol, result });
  }
}

function keysOf({ address, user }: LogIn, account: string | null): Keys {
  const place = addressBlock(address);
  // An unknown name is counted like a known one, or the difference would tell which is which.
  const name = account ?? user.slice(0, USER_LIMIT).toLowerCase();
  return { address: `address ${place}`, account: `account ${name}`, pair: `pair ${place} ${name}` };
}

/** One customer has a whole /64 of IPv6 to move about in. */
function addressBlock(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address.slice(address.lastIndexOf(":") + 1);
  const [head = "", tail] = address.split("%")[0]!.split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined
    ? []
    : new Array<string>(Math.max(0, 8 - groups.length - rest.length)).fill("0");
  return [...groups, ...zeros, ...rest].slice(0, 4).map((group) => group.replace(/^0+(?=.)/, "")).join(":");
}
