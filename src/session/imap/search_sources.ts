import { DELIMITER, ListPatterns, type SearchSource } from "../../wire/imap/mod.ts";
import { type Access, openAccess } from "./access.ts";
import type { ImapSession } from "./context.ts";
import { Rejection } from "./errors.ts";
import { type Hierarchy, hierarchyOf } from "./listing.ts";
import { canonicalName } from "./mailbox_names.ts";

/**
 * The mailboxes that ESEARCH looks into, each once. What is not there or may not be read is passed over (RFC 7377 section 2.2).
 */
export async function mailboxesOf(session: ImapSession, sources: readonly SearchSource[]): Promise<Access[]> {
  const found = new Map<number, Access>();
  const hierarchy = await hierarchyOf(session, new ListPatterns(["*"]));
  const subscribed = sources.some(({ kind }) => kind === "subscribed")
    ? new Set(await session.store.mailboxes.subscriptions(session.account))
    : new Set<string>();
  for (const source of sources) {
    for (const access of await accessesOf(session, { source, hierarchy, subscribed })) {
      if (access.rights.includes("r")) found.set(access.mailbox.id, access);
    }
    await session.pace.rest();
  }
  return [...found.values()];
}

interface Search {
  readonly source: SearchSource;
  readonly hierarchy: Hierarchy;
  readonly subscribed: ReadonlySet<string>;
}

async function accessesOf(
  session: ImapSession,
  { source, hierarchy, subscribed }: Search,
): Promise<Access[]> {
  const all = [...hierarchy.names].flatMap((name) => hierarchy.get(name) ?? []);
  switch (source.kind) {
    case "selected":
      return all.filter(({ mailbox }) => mailbox.id === session.selected.id);
    case "inboxes":
      return all.filter(({ mailbox, isShared }) => mailbox.role === "inbox" && !isShared);
    case "personal":
      return all.filter(({ isShared }) => !isShared);
    case "subscribed":
      return all.filter(({ name }) => subscribed.has(name));
    case "mailboxes":
      return (await Promise.all(source.names.map((name) => accessTo(session, name)))).flat();
    case "subtree":
    case "subtree-one": {
      const levels = source.kind === "subtree" ? Infinity : 1;
      const roots = source.names.map(canonicalName);
      return all.filter(({ name }) => roots.some((root) => isWithin(name, root, levels)));
    }
  }
}

async function accessTo(session: ImapSession, name: string): Promise<Access[]> {
  try {
    return [await openAccess(session, name, { needs: ["r"] })];
  } catch (error) {
    if (error instanceof Rejection) return [];
    throw error;
  }
}

/** Whether a name is this one, or so many levels below it at most. */
function isWithin(name: string, root: string, levels: number): boolean {
  if (name === root) return true;
  if (!name.startsWith(root + DELIMITER)) return false;
  return name.slice(root.length + 1).split(DELIMITER).length <= levels;
}
