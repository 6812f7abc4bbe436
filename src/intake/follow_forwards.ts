import type { Address } from "../core/address.ts";
import type { Directory } from "./directory.ts";
import type { Target } from "./directory_spec.ts";

/** Where mail ends when the accounts' forwards are followed. */
export interface Ends {
  readonly accounts: readonly string[];
  readonly remote: readonly RemoteEnd[];
  /** By account, the detail under which it is reached. */
  readonly details: ReadonlyMap<string, string>;
}

export interface RemoteEnd {
  readonly address: Address;
  /** The account that forwards to it; null when none does. */
  readonly by: string | null;
}

export interface FollowOptions {
  readonly directory: Directory;
  /** Accounts that keep what they would forward. */
  readonly stays?: (account: string) => boolean;
}

/**
 * Goes from account to account. Each is visited once, so forwards that go round in a circle end: who keeps a copy has it then,
 * and a circle in which nobody does is refused when the directory is made.
 */
export function followForwards(start: Target, { directory, stays = () => false }: FollowOptions): Ends {
  const accounts = new Set<string>();
  const details = new Map<string, string>();
  const remote = new Map<string, RemoteEnd>();
  const seen = new Set<string>();
  const pending: { readonly target: Target; readonly by: string | null }[] = [{ target: start, by: null }];
  for (let at = 0; at < pending.length; at++) {
    const { target, by } = pending[at]!;
    for (const address of target.remote) {
      const key = `${address.local}@${address.domain}`;
      if (!remote.has(key)) remote.set(key, { address, by });
    }
    for (const name of target.accounts) {
      if (seen.has(name)) continue;
      seen.add(name);
      const forward = stays(name) ? undefined : directory.account(name)?.forward;
      const detail = target.details?.get(name);
      if (forward === undefined || forward.keepCopy) {
        accounts.add(name);
        if (detail !== undefined) details.set(name, detail);
      }
      for (const to of forward?.to ?? []) pending.push({ target: targetOf(to, directory), by: name });
    }
  }
  return { accounts: [...accounts], remote: [...remote.values()], details };
}

function targetOf(address: Address, directory: Directory): Target {
  const found = directory.resolve(address);
  if (found.kind === "found") return found;
  return { accounts: [], remote: found.kind === "not-ours" ? [address] : [] };
}
