import { encodeListEntry, ListPatterns } from "../../wire/imap/mod.ts";
import { type Access, ownAccess, sharedAccesses } from "./access.ts";
import type { ImapSession } from "./context.ts";
import { canonicalName, SHARED } from "./mailbox_names.ts";
import { namesAbove } from "./names_above.ts";
import { specialUseOf } from "./special_use.ts";

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

  /**
   * Whether it can be selected, which takes one word at most (RFC 3501 section 9 `mbx-list-sflag`); RFC 3348; RFC 6154. \NonExistent
   * means \Noselect, too (RFC 5258 section 3), but only newer clients know it.
   */
  attributes(
    name: string,
    { knowsNonExistent = true }: { readonly knowsNonExistent?: boolean } = {},
  ): string[] {
    const access = this.get(name);
    const attributes: string[] = [];
    if (access === null) attributes.push(knowsNonExistent ? "\\NonExistent" : "\\Noselect");
    // It can be looked up, and not opened (RFC 9051 section 6.3.9.2).
    else if (!access.rights.includes("r")) attributes.push("\\Noselect");
    attributes.push(this.#parents.has(name) ? "\\HasChildren" : "\\HasNoChildren");
    const use = this.specialUse(name);
    if (use !== null) attributes.push(use);
    return attributes;
  }

  specialUse(name: string): string | null {
    const access = this.get(name);
    return access === null ? null : specialUseOf(access);
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
  return new ListPatterns(patterns.map((pattern) => canonicalName(args.reference + pattern)));
}

/** What the mailbox is called that messages were put into, where the client wrote it otherwise (RFC 9051 section 6.3.12). */
export async function tellTargetName(
  session: ImapSession,
  { name }: Pick<Access, "name">,
  asked: string,
): Promise<void> {
  if (session.enabled.has("IMAP4REV2") && name !== asked) await tellAsListed(session, { name, asked });
}

/**
 * Tells of one mailbox as LIST would, and how the client called it where we write that otherwise (RFC 9051 sections 6.3.2 and
 * 6.3.9.7). Its attributes must be right, since a client keeps them: also where it may be used but not looked up.
 */
export async function tellAsListed(
  session: ImapSession,
  { name, asked, isGone = false }: {
    readonly name: string;
    readonly asked: string;
    readonly isGone?: boolean;
  },
): Promise<void> {
  const hierarchy = await hierarchyOf(session, new ListPatterns([name]));
  const attributes = hierarchy.attributes(name);
  encodeListEntry(session.out.encoder, "LIST", {
    name,
    attributes: isGone ? attributes : attributes.filter((attribute) => attribute !== "\\NonExistent"),
    ...(asked === name ? {} : { oldName: asked }),
  });
}
