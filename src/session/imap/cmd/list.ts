import {
  decodeList,
  encodeListEntry,
  encodeMetadata,
  encodeMyRights,
  type ListArguments,
  type ListPatterns,
  type ListReturns,
  type ListSelection,
  ok,
} from "../../../wire/imap/mod.ts";
import type { Access } from "../access.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { type Hierarchy, hierarchyOf, patternsOf } from "../listing.ts";
import { annotationsOf, chosenValues, METADATA_RIGHTS, targetOf } from "../metadata.ts";
import { namesAbove } from "../names_above.ts";
import { tellStatus } from "../status_figures.ts";

/** RFC 3501 section 6.3.8 and RFC 5258, with the attributes of RFC 3348 and RFC 6154. */
export const list: Command = command({
  states: AFTER_LOGIN,
  decode: decodeList,
  handle: async (session, args) => {
    const { encoder } = session.out;
    if (!args.isExtended && args.patterns[0] === "") {
      // The question for the delimiter and the root, which is nothing here.
      encodeListEntry(encoder, "LIST", { name: "", attributes: ["\\Noselect"] });
      return ok("Listed");
    }
    const patterns = patternsOf(args);
    const found = await findNames(session, args, patterns);
    session.pace.begin();
    for (const name of found.names) {
      if (patterns.matches(name)) {
        await tell(session, { name, found, args });
        await session.out.room();
      }
      await session.pace.rest();
    }
    return ok("Listed");
  },
});

/** What the selection options leave, before the patterns. */
interface Found {
  readonly hierarchy: Hierarchy;
  /** What is told, in order: what was selected and, with RECURSIVEMATCH, the levels above it that must be told for its sake. */
  readonly names: Iterable<string>;
  readonly selected: ReadonlySet<string>;
  /** Levels above something that was selected; empty without RECURSIVEMATCH. */
  readonly parents: ReadonlySet<string>;
  readonly subscribed: ReadonlySet<string>;
}

async function findNames(
  session: ImapSession,
  { selections, returns }: ListArguments,
  patterns: ListPatterns,
): Promise<Found> {
  const hierarchy = await hierarchyOf(session, patterns);
  const asksSubscribed = selections.has("SUBSCRIBED") || returns.subscribed;
  const subscribed = new Set(
    asksSubscribed ? await session.store.mailboxes.subscriptions(session.account) : [],
  );
  let selected: ReadonlySet<string> = selections.has("SUBSCRIBED") ? subscribed : new Set(hierarchy.names);
  if (selections.has("SPECIAL-USE")) {
    selected = new Set([...selected].filter((name) => hierarchy.specialUse(name) !== null));
  }
  const found = { hierarchy, selected, subscribed };
  if (!selections.has("RECURSIVEMATCH")) return { ...found, names: selected, parents: new Set() };
  return { ...found, ...await withParents(session, selected, patterns) };
}

/**
 * RFC 5258 section 3.5: a level that was not selected is told only for the sake of one below it that the patterns leave out; what
 * is listed itself speaks for its parents.
 */
async function withParents(
  { pace }: ImapSession,
  selected: ReadonlySet<string>,
  patterns: ListPatterns,
): Promise<Pick<Found, "names" | "parents">> {
  const names = new Set<string>();
  const parents = new Set<string>();
  pace.begin();
  for (const name of selected) {
    const isLeftOut = !patterns.matches(name);
    for (const parent of [...namesAbove(name)].reverse()) {
      parents.add(parent);
      if (isLeftOut) names.add(parent);
    }
    names.add(name);
    await pace.rest();
  }
  return { names, parents };
}

async function tell(
  session: ImapSession,
  { name, found, args }: { readonly name: string; readonly found: Found; readonly args: ListArguments },
): Promise<void> {
  const { hierarchy, parents, selected, subscribed } = found;
  const { selections, returns } = args;
  const knowsNonExistent = args.isExtended || session.enabled.has("IMAP4REV2");
  const attributes = hierarchy.attributes(name, { knowsNonExistent });
  if (subscribed.has(name)) attributes.push("\\Subscribed");
  const { encoder } = session.out;
  // RFC 5258 section 3.5.
  const childInfo = parents.has(name) ? { childInfo: CHILD_INFO.filter((word) => selections.has(word)) } : {};
  encodeListEntry(encoder, "LIST", { name, attributes, ...childInfo });
  // A level that is told for the sake of what is below it has no more to it (RFC 9051 section 6.3.9.8, example 11).
  const access = selected.has(name) ? hierarchy.get(name) : null;
  if (access !== null) await tellMore(session, access, returns);
}

/** What is told of each mailbox in lines of their own; not what the client could not ask for by itself either. */
async function tellMore(session: ImapSession, access: Access, returns: ListReturns): Promise<void> {
  const { encoder } = session.out;
  const { name, rights } = access;
  // RFC 8440 section 4.
  if (returns.myRights) encodeMyRights(encoder, name, rights);
  // RFC 5819 section 2.
  if (returns.status !== null && rights.includes("r")) await tellStatus(session, access, returns.status);
  // RFC 9590 section 4.
  if (returns.metadata === null || !METADATA_RIGHTS.some((right) => rights.includes(right))) return;
  const annotations = await annotationsOf(session, targetOf(session, access));
  encodeMetadata(encoder, name, chosenValues(annotations, { entries: returns.metadata, depth: "0" }));
}

const CHILD_INFO: readonly ListSelection[] = ["SUBSCRIBED", "SPECIAL-USE"];
