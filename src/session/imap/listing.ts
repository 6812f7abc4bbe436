import { toNfc } from "../../core/unicode.ts";
import { ListPatterns } from "../../wire/imap/mod.ts";
import type { MailboxRole } from "../../store/mod.ts";
import { type Access, ownAccess, sharedAccesses } from "./access.ts";
import type { ImapSession } from "./context.ts";
import { SHARED } from "./mailbox_names.ts";
import { namesAbove } from "./names_above.ts";

/** RFC 6154 section 2. */
export const ROLE_ATTRIBUTES: Readonly<Record<MailboxRole, string | null>> = {
  inbox: null,
  drafts: "\\Drafts",
  sent: "\\Sent",
  junk: "\\Junk",
  trash: "\\Trash",
  archive: "\\Archive",
};

/** The mailboxes that a session sees as a tree, with the levels that have no mailbox of their own. */
export class Hierarchy {
  readonly #mailboxes = new Map<string, Access>();
  readonly #parents = new Set<string>();
  readonly #names = new Set<string>();

  /** Each behind those above it, as the store lists them. */
  add(access: Access): void {
    const { name } = access;
    this.#mailboxes.set(name, access);
    const missing: string[] = [];
    for (const parent of namesAbove(name)) {
      // Whoever added this parent added all above it.
      if (this.#parents.has(parent)) break;
      this.#parents.add(parent);
      if (!this.#names.has(parent)) missing.push(parent);
    }
    for (const parent of missing.reverse()) this.#names.add(parent);
    this.#names.add(name);
  }

  get names(): readonly string[] {
    return [...this.#names];
  }

  has(name: string): boolean {
    return this.#mailboxes.has(name);
  }

  get(name: string): Access | null {
    return this.#mailboxes.get(name) ?? null;
  }

  /** RFC 3348, RFC 5258 section 4 (\NonExistent implies \Noselect, which older clients know), RFC 6154. */
  attributes(name: string): string[] {
    const access = this.get(name);
    const attributes = access === null ? ["\\NonExistent", "\\Noselect"] : [];
    attributes.push(this.#parents.has(name) ? "\\HasChildren" : "\\HasNoChildren");
    const use = this.specialUse(name);
    if (use !== null) attributes.push(use);
    return attributes;
  }

  /** RFC 6154 section 2. What a mailbox is for is said of one's own: a client must not put its Sent into another's. */
  specialUse(name: string): string | null {
    const access = this.get(name);
    if (access === null || access.isShared || access.mailbox.role === null) return null;
    return ROLE_ATTRIBUTES[access.mailbox.role];
  }
}

/** What a session sees of mailboxes; others' only when one of the patterns may ask for them. */
export async function hierarchyOf(session: ImapSession, patterns: ListPatterns): Promise<Hierarchy> {
  const { pace } = session;
  const hierarchy = new Hierarchy();
  const own = await session.store.mailboxes.list(session.account);
  const shared = patterns.mayMatchFrom(SHARED) ? await sharedAccesses(session) : [];
  pace.begin();
  for (const mailbox of own) {
    hierarchy.add(ownAccess(mailbox));
    await pace.rest();
  }
  for (const access of shared) {
    if (!hierarchy.has(access.name)) hierarchy.add(access);
    await pace.rest();
  }
  return hierarchy;
}

/** Reference and pattern are simply put together (RFC 3501 section 6.3.8 leaves that to the server). */
export function patternsOf(
  args: { readonly reference: string; readonly patterns: readonly string[] },
): ListPatterns {
  // RFC 5258 section 3: among several patterns an empty one is no pattern at all.
  const patterns = args.patterns.filter((pattern) => pattern !== "");
  return new ListPatterns(patterns.map((pattern) => toNfc(args.reference + pattern)));
}
