/** What SEARCH and SORT have in common: from the arguments to the answer. */
import { ProtocolError } from "../../core/errors.ts";
import {
  no,
  ok,
  SEARCH_CHARSETS,
  type SearchArguments,
  type SearchReturn,
  type StatusResponse,
} from "../../wire/imap/mod.ts";
import type { SortOrder } from "../../store/ordering.ts";
import type { Answer } from "./command.ts";
import type { ImapSession } from "./context.ts";
import { Rejection } from "./errors.ts";
import { esearchPieces, rangesOf, sequencesOf, writeEsearch, writeNumbers } from "./search_answer.ts";
import { dependsOnTime } from "./search_key.ts";
import { findIn, type QueryResult, ranks } from "./search_query.ts";
import { RETURN_ALL, selectedPlace } from "./search_place.ts";
import { searchEndsAt } from "./search_run.ts";
import { limited, withLimit } from "./message_limit.ts";
import type { Selection } from "./tracker.ts";

export interface SearchCall {
  readonly tag: string;
  readonly by: "sequence" | "uid";
  readonly search: SearchArguments;
  /** Null for SEARCH: then it is the order of the mailbox. */
  readonly order: SortOrder | null;
}

export async function answerSearch(session: ImapSession, call: SearchCall): Promise<Answer> {
  const { search } = call;
  try {
    // SORT and THREAD must name a charset (RFC 5256 section 3); what forbids it is about SEARCH.
    if (call.order === null) requireNoCharset(session, search);
    if (search.kind === "bad-charset") throw new Rejection(badCharset());
    return await perform(session, call, search);
  } catch (error) {
    // RFC 5182 section 2.1: what ends with NO leaves `$` empty, what ends with BAD leaves it as it was.
    if (search.returns?.save === true && !isBad(error)) session.selected.tracker.saved = [];
    throw error;
  }
}

/** RFC 9755 section 3: strings are UTF-8, and nothing else may be said of them, not even of a charset that we do not know. */
export function requireNoCharset({ enabled }: ImapSession, search: SearchArguments): void {
  const namesCharset = search.kind === "bad-charset" || search.namesCharset;
  if (!namesCharset || !enabled.has("UTF8=ACCEPT")) return;
  throw new ProtocolError("Name no charset: UTF8=ACCEPT is switched on");
}

function isBad(error: unknown): boolean {
  return error instanceof ProtocolError || (error instanceof Rejection && error.response.kind === "BAD");
}

export function badCharset(): StatusResponse {
  return no("Unknown charset", { code: "BADCHARSET", data: `(${SEARCH_CHARSETS.join(" ")})` });
}

type Program = Extract<SearchArguments, { kind: "search" }>;

async function perform(session: ImapSession, call: SearchCall, search: Program): Promise<Answer> {
  const { order, tag, by } = call;
  const { selected, enabled } = session;
  // RFC 9051 section 6.4.4: there is no other answer to SEARCH.
  const returns = search.returns ?? (order === null && enabled.has("IMAP4REV2") ? RETURN_ALL : null);
  if (returns?.update === true) selected.contexts.requireFree(tag);
  const { whole, selection } = searched(session);
  const firstUid = selection.uids[0]?.[0] ?? 1;
  const place = { ...selectedPlace(session), firstUid };
  const query = { tag, endsAt: searchEndsAt(session), term: search.term, order, returns };
  const result = await findIn(session, place, query);
  const numbers = by === "uid" ? result.uids : await sequencesOf(session, result.uids);
  if (returns === null) {
    const { modseq } = result;
    await writeNumbers(session, order === null ? "SEARCH" : "SORT", { numbers, modseq });
  } else {
    if (tells(returns)) {
      await writeEsearch(
        session,
        { tag, byUid: by === "uid" },
        esearchPieces(returns, { uids: result.uids, numbers }, result),
      );
    }
    if (returns.save) selected.tracker.saved = rangesOf(result.told);
    if (returns.update) keepUpToDate(session, call, { search, result });
  }
  return withLimit(session, { whole, selection }, ok(order === null ? "Searched" : "Sorted"));
}

/** The messages that are searched: the last ones where not all may be (RFC 9738 section 3.1). */
function searched(session: ImapSession): { readonly whole: Selection; readonly selection: Selection } {
  const { tracker } = session.selected;
  const whole = tracker.byUid([[1, tracker.lastUid]]);
  return { whole, selection: limited(session, whole) };
}

/** SAVE and UPDATE alone want no result told (RFC 5182 section 2.1). */
function tells({ items, partial }: SearchReturn): boolean {
  return items.size > 0 || partial !== null;
}

/** RFC 5267 section 4.3; refused where the result changes without anything happening, or where there are too many. */
function keepUpToDate(
  session: ImapSession,
  { tag, by, order }: SearchCall,
  { search, result }: { readonly search: Program; readonly result: QueryResult },
): void {
  const { contexts } = session.selected;
  const hasRoom = contexts.count < session.limits.searchContexts;
  if (hasRoom && !dependsOnTime(search.term) && !ranks(order)) {
    const { lasting: key, uids } = result;
    contexts.add({ tag, byUid: by === "uid", key, order, uids });
  } else refuseUpdate(session, tag);
}

/** RFC 5267 section 4.3.1. */
export function refuseUpdate({ out }: ImapSession, tag: string): void {
  out.status(no("That result is not kept up to date", { code: "NOUPDATE", data: `"${tag}"` }));
}
