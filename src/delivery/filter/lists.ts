import type { SieveLists } from "../sieve/mod.ts";
import type { Sight } from "./sight.ts";

const ENTRY = "/private/vendor/mailden/addrbook/";
const URI = ":addrbook:";

export const NO_LISTS: SieveLists = {
  isKnown: () => false,
  members: () => Promise.resolve(null),
  contains: () => Promise.resolve(false),
};

/**
 * RFC 6134: the list `:addrbook:NAME` is the account's annotation `/private/vendor/mailden/addrbook/NAME`, one address a line,
 * which any IMAP client can set (RFC 5464).
 */
export async function readLists(sight: Sight): Promise<SieveLists> {
  const lists = new Map<string, ReadonlySet<string>>();
  for (const { entry, value } of await sight.annotations(null)) {
    if (!entry.startsWith(ENTRY)) continue;
    const values = value.split("\n").map((line) => line.trim().toLowerCase());
    lists.set(URI + entry.slice(ENTRY.length), new Set(values.filter((line) => line !== "")));
  }
  const find = (list: string) => lists.get(list.toLowerCase());
  return {
    isKnown: (list) => find(list) !== undefined,
    members: (list) => {
      const members = find(list);
      return Promise.resolve(members === undefined ? null : [...members]);
    },
    contains: (list, value) => Promise.resolve(find(list)?.has(value.trim().toLowerCase()) ?? false),
  };
}
