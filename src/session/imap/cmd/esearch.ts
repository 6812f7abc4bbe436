import { ProtocolError } from "../../../core/errors.ts";
import { decodeEsearch, type EsearchArguments, ok } from "../../../wire/imap/mod.ts";
import type { Access } from "../access.ts";
import { AFTER_LOGIN, type Answer, type Command, command } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { Rejection } from "../errors.ts";
import { esearchPieces, rangesOf, writeEsearch } from "../search_answer.ts";
import { badCharset, refuseUpdate, requireNoCharset } from "../search_command.ts";
import { placeOf, RETURN_ALL, selectedPlace } from "../search_place.ts";
import { findIn, type Query } from "../search_query.ts";
import { searchEndsAt } from "../search_run.ts";
import { mailboxesOf } from "../search_sources.ts";

/** RFC 7377 section 2: one search in several mailboxes. */
export const esearch: Command = command({
  states: AFTER_LOGIN,
  updates: "no-expunge",
  decode: decodeEsearch,
  handle: searchMailboxes,
});

async function searchMailboxes(
  session: ImapSession,
  { sources, search }: EsearchArguments,
  { tag }: { readonly tag: string },
): Promise<Answer> {
  const places = sources ?? [{ kind: "selected" } as const];
  if (places.some(({ kind }) => kind === "selected") && session.selectedOrNull === null) {
    throw new ProtocolError("Select a mailbox first");
  }
  const isView = places.every(({ kind }) => kind === "selected");
  const returns = search.returns ?? RETURN_ALL;
  // RFC 7377 section 2.1: only a result in the selected mailbox alone can be `$`.
  if (returns.save && !isView) throw new ProtocolError("SAVE is for a search in the selected mailbox alone");
  requireNoCharset(session, search);
  if (search.kind === "bad-charset") throw new Rejection(badCharset());
  const query = { tag, endsAt: searchEndsAt(session), term: search.term, order: null, returns };
  for (const access of await mailboxesOf(session, places)) {
    await searchOne(session, access, { query, isView });
  }
  // RFC 5267 section 4.3.1: any update may be refused.
  if (returns.update) refuseUpdate(session, tag);
  return ok("Searched");
}

/** Says nothing of a mailbox in which nothing is found (RFC 7377 section 2.1). */
async function searchOne(
  session: ImapSession,
  { mailbox, name }: Access,
  { query, isView }: {
    readonly query: Query & { readonly returns: NonNullable<Query["returns"]> };
    readonly isView: boolean;
  },
): Promise<void> {
  const { tag, returns } = query;
  const place = isView ? selectedPlace(session) : placeOf(session, mailbox);
  const result = await findIn(session, place, query);
  const { uids } = result;
  if (returns.save) session.selected.tracker.saved = rangesOf(result.told);
  if (uids.length === 0 || (returns.items.size === 0 && returns.partial === null)) return;
  const head = { tag, byUid: true, mailbox: { name, uidValidity: mailbox.uidValidity } };
  await writeEsearch(session, head, esearchPieces(returns, { uids, numbers: uids }, result));
}
