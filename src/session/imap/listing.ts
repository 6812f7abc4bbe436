import { toNfc } from "../../core/unicode.ts";
import { DELIMITER, encodeMailbox, ListPattern } from "../../wire/imap/mod.ts";
import type { Mailbox, MailboxRole } from "../../store/mod.ts";
import type { ImapSession } from "./context.ts";

/** RFC 6154 section 2. */
const ROLE_ATTRIBUTES: Readonly<Record<MailboxRole, string | null>> = {
  inbox: null,
  drafts: "\\Drafts",
  sent: "\\Sent",
  junk: "\\Junk",
  trash: "\\Trash",
  archive: "\\Archive",
};

/** All the names above a name, the nearest first. */
export function* namesAbove(name: string): Generator<string> {
  for (let at = name.lastIndexOf(DELIMITER); at > 0; at = name.lastIndexOf(DELIMITER, at - 1)) {
    yield name.slice(0, at);
  }
}

/** The account's mailboxes as a tree, with the levels that have no mailbox of their own. */
export class Hierarchy {
  readonly #mailboxes: ReadonlyMap<string, Mailbox>;
  readonly #parents = new Set<string>();
  readonly names: readonly string[];

  constructor(mailboxes: readonly Mailbox[]) {
    this.#mailboxes = new Map(mailboxes.map((mailbox) => [mailbox.name, mailbox]));
    const names = new Set<string>();
    for (const { name } of mailboxes) {
      for (const parent of namesAbove(name)) {
        // Whoever added this parent added all above it.
        if (this.#parents.has(parent)) break;
        this.#parents.add(parent);
      }
    }
    for (const { name } of mailboxes) {
      const missing = [...namesAbove(name)].filter((parent) => !this.#mailboxes.has(parent));
      for (const parent of missing.reverse()) names.add(parent);
      names.add(name);
    }
    this.names = [...names];
  }

  has(name: string): boolean {
    return this.#mailboxes.has(name);
  }

  /** RFC 3348, RFC 5258 section 4 (\NonExistent implies \Noselect, which older clients know), RFC 6154. */
  attributes(name: string): string[] {
    const mailbox = this.#mailboxes.get(name);
    const attributes = mailbox === undefined ? ["\\NonExistent", "\\Noselect"] : [];
    attributes.push(this.#parents.has(name) ? "\\HasChildren" : "\\HasNoChildren");
    const use = mailbox?.role == null ? null : ROLE_ATTRIBUTES[mailbox.role];
    if (use !== null) attributes.push(use);
    return attributes;
  }
}

export async function hierarchyOf(session: ImapSession): Promise<Hierarchy> {
  return new Hierarchy(await session.store.mailboxes.list(session.account));
}

/** Reference and pattern are simply put together (RFC 3501 section 6.3.8 leaves that to the server). */
export function patternOf(args: { readonly reference: string; readonly pattern: string }): ListPattern {
  return new ListPattern(toNfc(args.reference + args.pattern));
}

/** `* LIST (attributes) "/" name`. */
export function listLine(
  session: ImapSession,
  verb: "LIST" | "LSUB",
  entry: { readonly name: string; readonly attributes: readonly string[] },
): void {
  const { encoder } = session.out;
  encoder.text(`* ${verb} (${entry.attributes.join(" ")}) "${DELIMITER}" `);
  encodeMailbox(encoder, entry.name);
  encoder.text("\r\n");
}
