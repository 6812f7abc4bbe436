import { readLists, SeenMailboxes, sightFrom } from "../../delivery/filter/mod.ts";
import type { CompiledSieve, SieveInput } from "../../delivery/sieve/mod.ts";
import type { SieveLimits } from "../../wire/sieve/mod.ts";
import { compileAs } from "../sieve_files.ts";
import type { ScriptWork } from "./script_options.ts";

/** What a script that is tried sees of an account. */
export type World = Pick<SieveInput, "mailboxes" | "lists"> & {
  personal(name: string): Promise<CompiledSieve | null>;
};

/** Without an account: all that it may ask for is there, and nothing in it. */
export const NO_WORLD: World = {
  mailboxes: {
    exists: () => Promise.resolve(true),
    idExists: () => Promise.resolve(true),
    hasUse: () => Promise.resolve(true),
    annotation: () => Promise.resolve(null),
  },
  lists: {
    isKnown: () => false,
    members: () => Promise.resolve(null),
    contains: () => Promise.resolve(false),
  },
  personal: () => Promise.resolve(null),
};

/** As the account is now. */
export async function worldOf({ account, scripts, sight }: ScriptWork, limits: SieveLimits): Promise<World> {
  const seen = sightFrom(await sight());
  return {
    mailboxes: new SeenMailboxes(seen),
    lists: await readLists(seen),
    personal: async (name) => {
      const stored = await scripts.get(account, name);
      return stored === null ? null : compileAs(name, stored.text, limits);
    },
  };
}
