import { no } from "../../wire/imap/mod.ts";
import type { Place } from "./access.ts";
import type { ImapSession } from "./context.ts";
import { Rejection } from "./errors.ts";
import { namesAbove } from "./names_above.ts";

/** Throws NO when the levels above the place that are still missing, and a new mailbox there, are more than an account may have. */
export function requireRoomForMailbox(
  { limits }: ImapSession,
  { mailboxes, ownName }: Place,
  { isNew }: { readonly isNew: boolean },
): void {
  const names = new Set(mailboxes.map(({ name }) => name));
  const fresh = [...namesAbove(ownName)].filter((above) => !names.has(above)).length + (isNew ? 1 : 0);
  if (fresh === 0 || mailboxes.length + fresh <= limits.mailboxes) return;
  throw new Rejection(no(`An account can have at most ${limits.mailboxes} mailboxes`, { code: "LIMIT" }));
}
