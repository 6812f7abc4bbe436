import type { MailboxRole } from "../../store/mod.ts";
import type { Access } from "./access.ts";

/** RFC 6154 section 2. */
export const ROLE_ATTRIBUTES: Readonly<Record<MailboxRole, string | null>> = {
  inbox: null,
  drafts: "\\Drafts",
  sent: "\\Sent",
  junk: "\\Junk",
  trash: "\\Trash",
  archive: "\\Archive",
};

/** What a mailbox is for. It is said of one's own only: a client must not put its Sent into another's. */
export function specialUseOf({ isShared, mailbox: { role } }: Access): string | null {
  return isShared || role === null ? null : ROLE_ATTRIBUTES[role];
}
