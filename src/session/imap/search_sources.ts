import { ListPatterns, type SearchSource } from "../../wire/imap/mod.ts";
import { type Access, findMailbox, ownAccess, sharedAccess } from "./access.ts";
import type { ImapSession } from "./context.ts";
import { type Hierarchy, hierarchyOf } from "./listing.ts";
import { canonicalName, ownName } from "./mailbox_names.ts";
import { namesAbove } from "./names_above.ts";

/**
 * The mailboxes that ESEARCH looks into, each once. What is not there or may not be read is passed over (RFC 7377 section 2.2).
 */
export async function mailboxesOf(session: ImapSession, sources: readonly SearchSource[]): Promise<Access[]> {
  const found = new Map<number, Access>();
  const hierarchy = await hierarchyOf(session, new ListPatterns(["*"]));
  const subscribed = sources.some(({ kind }) => kind === "subscribed")
    ? new Set(await session.store.mailboxes.subscriptions(session.account))
    : new Set<string>();
  const all = [...hierarchy.names].flatMap((name) => hierarchy.get(name) ?? []);
  session.pace.begin();
  for (const source of sources) {
    for (const access of await accessesOf(session, { source, hierarchy, all, subscribed })) {
      if (access.rights.includes("r")) found.set(access.mailbox.id, access);
    }
    await session.pace.rest();
  }
  return [...found.values()];
}

interface Search {
  readonly source: SearchSource;
  readonly hierarchy: Hierarchy;
  /** Everything in the hierarchy. */
  readonly all: readonly Access[];
  readonly subscribed: ReadonlySet<string>;
}

/** Costs what there is plus what is named, not the one times the other. */
async function accessesOf(
  session: ImapSession,
  { source, hierarchy, all, subscribed }: Search,
): Promise<readonly Access[]> {
  switch (source.kind) {
    case "selected":
      return await selectedAccess(session);
    // A filter of the account can deliver into any of its mailboxes, so these are all of them (RFC 5465 section 6.3).
    case "inboxes":
    case "personal":
      return all.filter(({ isShared }) => !isShared);
    case "subscribed":
      return all.filter(({ name }) => subscribed.has(name));
    case "mailboxes":
      return await namedAccesses(session, source.names, hierarchy);
    case "subtree":
    case "subtree-one": {
      const levels = source.kind === "subtree" ? Infinity : 1;
      const roots = new Set(source.names.map(canonicalName));
      return all.filter(({ name }) =>
        roots.has(name) || namesAbove(name).take(levels).some((top) => roots.has(top))
      );
    }
  }
}

/** It may be selected without being listed. */
async function selectedAccess({ store, account, selected }: ImapSession): Promise<readonly Access[]> {
  const mailbox = await store.mailboxes.byId(selected.id);
  if (mailbox === null) return [];
  return [mailbox.account === account ? ownAccess(mailbox) : sharedAccess(mailbox, selected.rights)];
}

/** What is named need not be listed, only readable (RFC 7377 section 2.2). */
async function namedAccesses(
  session: ImapSession,
  names: readonly string[],
  hierarchy: Hierarchy,
): Promise<readonly Access[]> {
  const accesses: Access[] = [];
  for (const name of names) {
    const access = hierarchy.get(ownName(name)) ?? hierarchy.get(canonicalName(name)) ??
      await findMailbox(session, name);
    if (access !== null) accesses.push(access);
    await session.pace.rest();
  }
  return accesses;
}
