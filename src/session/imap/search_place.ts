import { ProtocolError } from "../../core/errors.ts";
import type { Mailbox } from "../../store/mod.ts";
import { resolveSequenceSet, SAVED_RESULT, type SearchReturn } from "../../wire/imap/mod.ts";
import type { ImapSession } from "./context.ts";
import type { SearchPlace } from "./search_query.ts";

/** The selected mailbox as the client sees it. */
export function selectedPlace(session: ImapSession): SearchPlace {
  const { selected, deps } = session;
  const scope = {
    resolve: (set: Parameters<typeof session.resolve>[0], by: "sequence" | "uid") =>
      session.resolve(set, by).uids,
    recentFrom: selected.view.mailbox.recentFrom,
    now: deps.clock.now(),
  };
  return { mailboxId: selected.id, scope, lastUid: selected.tracker.lastUid };
}

/** A mailbox among several: it has no view, and so no sequence numbers and no `$` (RFC 7377 section 2.1). */
export function placeOf({ deps }: ImapSession, { id, uidNext, recentFrom }: Mailbox): SearchPlace {
  const lastUid = uidNext - 1;
  const scope: SearchPlace["scope"] = {
    resolve(set, by) {
      if (by === "sequence" || set === SAVED_RESULT) {
        throw new ProtocolError("Sequence numbers and $ mean something in the selected mailbox only");
      }
      return resolveSequenceSet(set, lastUid);
    },
    recentFrom,
    now: deps.clock.now(),
  };
  return { mailboxId: id, scope, lastUid };
}

/** What is answered when nothing is said, where ESEARCH is the only answer there is. */
export const RETURN_ALL: SearchReturn = {
  items: new Set(["ALL"] as const),
  partial: null,
  save: false,
  update: false,
};
