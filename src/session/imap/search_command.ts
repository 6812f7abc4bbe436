/** What SEARCH and SORT have in common: from the arguments to the answer. */
import { ProtocolError } from "../../core/errors.ts";
import {
  type FetchItem,
  no,
  ok,
  SEARCH_CHARSETS,
  type SearchArguments,
  type SearchReturn,
  type SearchTerm,
  type StatusResponse,
} from "../../wire/imap/mod.ts";
import type { SortOrder } from "../../store/ordering.ts";
import type { Answer } from "./command.ts";
import type { ImapSession } from "./context.ts";
import { Rejection } from "./errors.ts";
import {
  type EsearchHead,
  esearchPieces,
  rangesOf,
  sequencesOf,
  writeEsearch,
  writeNumbers,
} from "./search_answer.ts";
import { dependsOnTime, has } from "./search_key.ts";
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
  return await orNothingSaved(session, search.returns, async () => {
    // SORT and THREAD must name a charset (RFC 5256 section 3); what forbids it is about SEARCH.
    if (call.order === null) requireNoCharset(session, search);
    if (search.kind === "bad-charset") throw new Rejection(badCharset());
    return await perform(session, call, search);
  });
}

/** RFC 5182 section 2.1: a search to be saved that ends with NO leaves `$` empty, one that ends with BAD leaves it as it was. */
export async function orNothingSaved<T>(
  session: ImapSession,
  returns: SearchReturn | null,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const selected = session.selectedOrNull;
    if (returns?.save === true && selected !== null && !isBad(error)) selected.tracker.saved = [];
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
  if ((returns?.update ?? null) !== null) selected.contexts.requireFree(tag);
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
    if (returns.update !== null) {
      const head = { tag, byUid: by === "uid" };
      keepUpToDate(session, head, { term: search.term, order, items: returns.update, result });
    }
  }
  const answer = withLimit(session, { whole, selection }, ok(order === null ? "Searched" : "Sorted"));
  return withinNumbers(search.term, answer);
}

/** Numbers in a search hold until it is answered, in a UID SEARCH as well (RFC 7162 section 3.2.10.2). */
export function withinNumbers(term: SearchTerm, answer: Answer): Answer {
  return has(term, "sequence") ? { ...answer, updates: "no-expunge" } : answer;
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

/** What makes a result one that can be followed. */
export interface Following {
  readonly term: SearchTerm;
  readonly order: SortOrder | null;
  readonly items: readonly FetchItem[];
  readonly result: QueryResult;
}

/** RFC 5267 section 4.3; refused where the result changes without anything happening, or where there are too many. */
export function keepUpToDate(session: ImapSession, head: EsearchHead, following: Following): void {
  const { contexts } = session.selected;
  const { term, order, items, result: { lasting: key, uids } } = following;
  const hasRoom = contexts.count < session.limits.searchContexts;
  if (hasRoom && !dependsOnTime(term) && !ranks(order)) contexts.add({ ...head, key, order, uids, items });
  else refuseUpdate(session, head.tag);
}

/** RFC 5267 section 4.3.1. */
function refuseUpdate({ out }: ImapSession, tag: string): void {
  out.status(no("That result is not kept up to date", { code: "NOUPDATE", data: `"${tag}"` }));
}
