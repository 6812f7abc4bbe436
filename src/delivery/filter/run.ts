import type { FilterRequest } from "../../core/filter.ts";
import { type CompiledSieve, runSieve, type SieveInput, type SieveResult } from "../sieve/mod.ts";
import type { FilterAccount, FilterDeps } from "./deps.ts";
import { NO_LISTS, readLists } from "./lists.ts";
import type { AccountMailboxes } from "./mailboxes.ts";
import type { OpenedMessage } from "./message.ts";
import { sightOf } from "./sight.ts";
import { BrokenScript, type ScriptShelf } from "./shelf.ts";

export interface RunCase {
  readonly deps: FilterDeps;
  readonly shelf: ScriptShelf;
  readonly account: FilterAccount;
  readonly request: FilterRequest;
  readonly message: OpenedMessage;
  readonly mailboxes: AccountMailboxes;
  readonly rest: () => Promise<void>;
}

const BOUNDARY_BYTES = 12;
const KEEP = { kind: "keep", flags: [], message: { header: null, body: null } } as const;

/** Runs the administrator's and the account's scripts on one message, as one. */
export async function runScripts(run: RunCase): Promise<SieveResult> {
  const { deps, account } = run;
  try {
    const scripts = await scriptsOf(run);
    if (scripts.length === 0) return { actions: [KEEP], error: null };
    return await runSieve(scripts, await inputOf(run, scripts), deps.settings.current.run);
  } catch (error) {
    if (error instanceof BrokenScript) return { actions: [KEEP], error: error.message };
    deps.log.error("filter-failed", { account: account.name, error: String(error) });
    return { actions: [KEEP], error: null };
  }
}

/** Under this a duplicate is noted (RFC 7352). */
export function duplicateKey(account: string, id: string): string {
  return `${account} ${id}`;
}

export const DUPLICATES = "sieve-duplicate";

async function scriptsOf({ deps, shelf, account }: RunCase): Promise<CompiledSieve[]> {
  const { before, after } = deps.global.current;
  const { active: version } = await deps.store.scripts.standing(account.name);
  const active = version === null
    ? null
    : await shelf.active(account.name, { version, ...shelfLimits(deps) });
  return [before, active, after].filter((script) => script !== null);
}

async function inputOf(run: RunCase, scripts: readonly CompiledSieve[]): Promise<SieveInput> {
  const { deps, shelf, account, request, message, mailboxes, rest } = run;
  const { store, clock, random, global } = deps;
  const now = clock.now();
  // An included script may ask for lists that the one around it does not.
  const wantsLists = scripts.some(({ extensions }) =>
    extensions.has("extlists") || extensions.has("include")
  );
  return {
    message,
    envelope: { from: request.sender, to: request.recipient, auth: request.context.account },
    owner: account.address,
    separatorOf: (domain) => deps.accounts.separatorOf(domain),
    now,
    boundary: random.bytes(BOUNDARY_BYTES).toHex(),
    zoneMinutes: -new Date(now).getTimezoneOffset(),
    environment: environmentOf(deps, request),
    // A scanner before us says yes or nothing, and nobody looks for viruses.
    spamPercent: request.isSpam ? 100 : null,
    virusLevel: 0,
    mailboxes,
    lists: wantsLists ? await readLists(sightOf(store, account.name)) : NO_LISTS,
    duplicates: {
      seen: async (id) => await store.facts.get(DUPLICATES, duplicateKey(account.name, id)) !== null,
    },
    scripts: {
      find: async (location, name) =>
        location === "global"
          ? global.current.named.get(name) ?? null
          : await shelf.personal(account.name, name, shelfLimits(deps)),
    },
    rest,
  };
}

/** RFC 5183 section 4.1. The client's name is what it said of itself, which nobody has checked, so it is not told. */
function environmentOf(
  { hostname, version }: FilterDeps,
  { account, context }: FilterRequest,
): ReadonlyMap<string, string> {
  const items: [string, string][] = [
    ["domain", account.slice(account.lastIndexOf("@") + 1)],
    ["host", hostname],
    ["location", "MDA"],
    ["name", "Mailden"],
    ["phase", "during"],
    ["version", version],
  ];
  if (context.client !== null) items.push(["remote-ip", context.client.address]);
  return new Map(items);
}

function shelfLimits({ settings }: FilterDeps) {
  return { limits: settings.current.compile, capacity: settings.current.filter.compiled };
}
