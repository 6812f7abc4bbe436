import { createHmac } from "node:crypto";
import type { Clock, Live, Random, Scram, ScramLogIn } from "../core/ports.ts";
import { toNfc } from "../core/unicode.ts";
import { parseCredential } from "../store/credential.ts";
import type { FactStore, Store } from "../store/mod.ts";
import {
  isScramProof,
  SCRAM_ITERATIONS,
  SCRAM_SALT_BYTES,
  scramServerSignature,
  type ScramVerifier,
} from "../store/scram.ts";
import type { Directory } from "./directory.ts";
import { keysOf, type LogInAttempt, type LogInGuard, type LogInKeys, USER_LIMIT } from "./log_in_guard.ts";
import { openSecret } from "./secret.ts";

export interface ScramDeps {
  readonly store: Store;
  readonly directory: Live<Directory>;
  readonly guard: LogInGuard;
  /** Makes the salts of names that have none. */
  readonly secret: Uint8Array;
}

/**
 * SCRAM log-ins (RFC 5802). A name that nobody has, an account without a password and one whose password was set before
 * there was SCRAM all get a salt made from a secret, the same at each try, and then fail like a wrong password.
 */
export function makeScram(deps: ScramDeps): Scram {
  return {
    async begin(user, from) {
      const attempt = { user, ...from };
      const account = accountOf(user, deps.directory.current);
      const keys = keysOf(attempt, account);
      deps.guard.refuseIfBlocked(attempt, keys);
      const credential = await deps.store.accounts.credential(account ?? "");
      const own = credential === null ? null : parseCredential(credential).scram;
      const verifier = own ?? decoy(deps.secret, account ?? user);
      return new Exchange({
        attempt,
        keys,
        verifier,
        account: own === null ? null : account,
        guard: deps.guard,
      });
    },
  };
}

function accountOf(user: string, directory: Directory): string | null {
  return user.length > USER_LIMIT ? null : directory.account(user)?.name ?? null;
}

interface ExchangeParts {
  readonly attempt: LogInAttempt;
  readonly keys: LogInKeys;
  readonly verifier: ScramVerifier;
  /** Null when whatever is proved must fail. */
  readonly account: string | null;
  readonly guard: LogInGuard;
}

class Exchange implements ScramLogIn {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly #parts: ExchangeParts;
  #finished = false;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    this.salt = parts.verifier.salt;
    this.iterations = parts.verifier.iterations;
  }

  async finish(
    claim: { readonly authMessage: string; readonly proof: Uint8Array },
  ): Promise<{ readonly account: string; readonly signature: Uint8Array } | null> {
    if (this.#finished) throw new Error("Each SCRAM exchange has one proof; begin a new one");
    this.#finished = true;
    const { attempt, keys, verifier, account, guard } = this.#parts;
    // While this client took its time, others from there may have failed.
    guard.refuseIfBlocked(attempt, keys);
    const right = isScramProof(verifier, claim);
    if (!right || account === null) {
      await guard.fail(attempt, keys);
      return null;
    }
    guard.succeed(attempt, { keys, account });
    return { account, signature: scramServerSignature(verifier, claim.authMessage) };
  }
}

/** A verifier that no password fits, always the same one for a name, in whatever case it is written. */
function decoy(secret: Uint8Array, name: string): ScramVerifier {
  const key = toNfc(name).toLowerCase();
  const make = (what: string) => createHmac("sha256", secret).update(`${what}\0${key}`).digest();
  return {
    salt: make("salt").subarray(0, SCRAM_SALT_BYTES),
    iterations: SCRAM_ITERATIONS,
    storedKey: make("stored"),
    serverKey: make("server"),
  };
}

/** The secret of this installation, made at the first start. */
export function openScramSecret(
  facts: FactStore,
  source: { readonly clock: Clock; readonly random: Random },
): Promise<Uint8Array> {
  return openSecret(facts, "scram-salt", source);
}
