import { decodeUtf8 } from "../../core/bytes.ts";
import type { AnnotationStore } from "../../store/mod.ts";
import type { SieveLists } from "../sieve/mod.ts";

const ENTRY = "/private/vendor/mailden/addrbook/";
const URI = ":addrbook:";

export const NO_LISTS: SieveLists = { isKnown: () => false, contains: () => Promise.resolve(false) };

/**
 * RFC 6134: the list `:addrbook:NAME` is the account's annotation `/private/vendor/mailden/addrbook/NAME`, one address a line,
 * which any IMAP client can set (RFC 5464).
 */
export async function readLists(annotations: AnnotationStore, account: string): Promise<SieveLists> {
  const lists = new Map<string, ReadonlySet<string>>();
  for (const { entry, value } of await annotations.list({ account, mailboxId: null })) {
    if (!entry.startsWith(ENTRY)) continue;
    const values = decodeUtf8(value).split("\n").map((line) => line.trim().toLowerCase());
    lists.set(URI + entry.slice(ENTRY.length), new Set(values.filter((line) => line !== "")));
  }
  const find = (list: string) => lists.get(list.toLowerCase());
  return {
    isKnown: (list) => find(list) !== undefined,
    contains: (list, value) => Promise.resolve(find(list)?.has(value.trim().toLowerCase()) ?? false),
  };
}
