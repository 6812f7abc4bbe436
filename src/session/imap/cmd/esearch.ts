import { ProtocolError } from "../../../core/errors.ts";
import { decodeEsearch, type EsearchArguments, ok } from "../../../wire/imap/mod.ts";
import type { Access } from "../access.ts";
import { AFTER_LOGIN, type Answer, type Command, command } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { Rejection } from "../errors.ts";
import { esearchPieces, rangesOf, writeEsearch } from "../search_answer.ts";
import { badCharset, keepUpToDate, orNothingSaved, requireNoCharset } from "../search_command.ts";
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
  const returns = search.returns ?? RETURN_ALL;
  const needsSelected = places.some(({ kind }) => kind === "selected") || returns.update !== null;
  if (needsSelected && session.selectedOrNull === null) throw new ProtocolError("Select a mailbox first");
  const isView = places.every(({ kind }) => kind === "selected");
  // RFC 7377 section 2.2: only a result in the selected mailbox alone can be `$`.
  if (returns.save && !isView) throw new ProtocolError("SAVE is for a search in the selected mailbox alone");
  if (returns.update !== null) session.selected.contexts.requireFree(tag);
  requireNoCharset(session, search);
  return await orNothingSaved(session, returns, async () => {
    if (search.kind === "bad-charset") throw new Rejection(badCharset());
    const query = { tag, endsAt: searchEndsAt(session), term: search.term, order: null, returns };
    for (const access of await mailboxesOf(session, places)) {
      await searchOne(session, access, { query, isView });
    }
    return ok("Searched");
  });
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
  const { tag, term, order, returns } = query;
  const isSelected = session.selectedOrNull?.id === mailbox.id;
  // What is kept up to date is what the client sees.
  const inView = isView || (isSelected && returns.update !== null);
  const place = inView ? selectedPlace(session) : await placeOf(session, mailbox, term);
  const result = await findIn(session, place, query);
  const { uids } = result;
  if (returns.save) session.selected.tracker.saved = rangesOf(result.told);
  const head = { tag, byUid: true, mailbox: { name, uidValidity: mailbox.uidValidity } };
  if (uids.length > 0 && (returns.items.size > 0 || returns.partial !== null)) {
    await writeEsearch(session, head, esearchPieces(returns, { uids, numbers: uids }, result));
  }
  // RFC 7377 section 2.2: of the selected mailbox only.
  if (isSelected && returns.update !== null) {
    keepUpToDate(session, head, { term, order, items: returns.update, result });
  }
}
