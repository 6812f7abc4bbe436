import { Refusal } from "../core/errors.ts";
import type { Clock, Live, Log, Metrics } from "../core/ports.ts";
import type { AuthLimits } from "./authenticator.ts";
import { BoundedMap } from "./bounded_map.ts";
import { FailureLedger } from "./failure_ledger.ts";

export interface LogInAttempt {
  readonly user: string;
  readonly address: string;
  readonly protocol: string;
}

/** What is counted for one log-in. */
export interface LogInKeys {
  readonly address: string;
  readonly account: string;
  /** This name from this address. */
  readonly pair: string;
}

export interface GuardDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limits: Live<AuthLimits>;
}

const FIRST_DELAY_MS = 500;
export const USER_LIMIT = 320;

/** Counts, delays and blocks failed log-ins, by whatever mechanism they came. */
export class LogInGuard {
  readonly #deps: GuardDeps;
  readonly #failures: FailureLedger;
  /** Pairs of name and address that logged in: a stranger's failures do not lock these out. */
  readonly #known = new BoundedMap<true>();

  constructor(deps: GuardDeps) {
    this.#deps = deps;
    this.#failures = new FailureLedger(deps.clock);
  }

  succeed(attempt: LogInAttempt, { keys, account }: { keys: LogInKeys; account: string }): void {
    const { limits, log } = this.#deps;
    this.#known.set(keys.pair, true, limits.current.tracked);
    this.count(attempt, "ok");
    log.debug("login-succeeded", { account, address: attempt.address, protocol: attempt.protocol });
  }

  async fail(attempt: LogInAttempt, keys: LogInKeys): Promise<void> {
    const { clock, limits, log } = this.#deps;
    const { windowMs, tracked, failuresBeforeDelay, maxDelayMs } = limits.current;
    const counts = [keys.address, keys.account, keys.pair].map((key) =>
      this.#failures.note(key, { windowMs, capacity: 3 * tracked })
    );
    this.count(attempt, "failed");
    // The session says at info who could not log in; this adds what only we know.
    log.debug("login-failed", {
      user: attempt.user.slice(0, 100),
      address: attempt.address,
      protocol: attempt.protocol,
      failures: counts[0]!,
    });
    const late = Math.max(...counts) - failuresBeforeDelay;
    if (late > 0) await clock.sleep(Math.min(maxDelayMs, FIRST_DELAY_MS * 2 ** Math.min(late - 1, 30)));
  }

  refuseIfBlocked(attempt: LogInAttempt, keys: LogInKeys): void {
    const { failuresPerAddress, failuresPerAccount, windowMs } = this.#deps.limits.current;
    const failures = (key: string) => this.#failures.failures(key, windowMs);
    const blocked = this.#known.get(keys.pair)
      ? failures(keys.pair) >= failuresPerAddress
      : failures(keys.address) >= failuresPerAddress || failures(keys.account) >= failuresPerAccount;
    if (!blocked) return;
    this.count(attempt, "refused");
    throw Refusal.of(454, "4.7.0", "Too many failed log-ins, try again later", `Blocked: ${attempt.address}`);
  }

  count({ protocol }: LogInAttempt, result: string): void {
    this.#deps.metrics.count("mailden_auth_total", { protocol, result });
  }
}

export function keysOf({ address, user }: LogInAttempt, account: string | null): LogInKeys {
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
