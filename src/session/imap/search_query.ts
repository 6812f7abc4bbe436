/** One search in one mailbox, and what an answer needs to know of its result. */
import { ProtocolError } from "../../core/errors.ts";
import type { SearchReturn, SearchTerm } from "../../wire/imap/mod.ts";
import type { SearchKey, UidRanges } from "../../store/mod.ts";
import type { SortOrder } from "../../store/ordering.ts";
import type { ImapSession } from "./context.ts";
import { type FoundMore, rangesOf, toldOf } from "./search_answer.ts";
import { exactly, has, type TermScope, toSearchKey } from "./search_key.ts";
import { runSearch, type SearchTask } from "./search_run.ts";

export interface SearchPlace {
  readonly mailboxId: number;
  readonly scope: TermScope;
  /** What came after it is not in the client's view yet. */
  readonly lastUid: number;
  /** Where the search begins when it may not look at every message (RFC 9738). */
  readonly firstUid?: number;
}

export interface Query extends SearchTask {
  readonly term: SearchTerm;
  /** Null for the order of the mailbox. */
  readonly order: SortOrder | null;
  /** Null for an answer of the old kind. */
  readonly returns: SearchReturn | null;
}

export interface QueryResult extends FoundMore {
  /** What matches whether or not the client has heard of it yet. */
  readonly lasting: SearchKey;
  readonly uids: readonly number[];
  /** Those that the answer tells of, or that become `$`. */
  readonly told: readonly number[];
}

export async function findIn(session: ImapSession, place: SearchPlace, query: Query): Promise<QueryResult> {
  const { term, returns } = query;
  const { scope, mailboxId } = place;
  // RFC 7162 section 3.1: to search by mod-sequence is to count changes.
  if (has(term, "modseq")) session.enable("CONDSTORE");
  const lasting = toSearchKey(scope, term);
  const best = await bestIn(session, place, query);
  const uids = await runSearch(session, query, (options) => {
    const { messages } = session.store;
    const key = inView(place, lasting);
    return query.order === null
      ? messages.search(mailboxId, key, options)
      : messages.sort(mailboxId, { key, order: query.order, best: best ?? [] }, options);
  });
  const told = returns === null ? uids : toldOf(returns, uids);
  return {
    lasting,
    uids,
    told,
    // RFC 7162 section 3.1.5: whoever searches by mod-sequence is told the highest one found.
    modseq: has(term, "modseq") ? await highestModseq(session, mailboxId, told) : null,
    relevancy: returns?.items.has("RELEVANCY") === true ? scoresOf(uids, best ?? []) : null,
  };
}

export function inView({ firstUid = 1, lastUid }: SearchPlace, key: SearchKey): SearchKey {
  return { kind: "and", keys: [{ kind: "uid", uids: [[firstUid, lastUid]] }, key] };
}

/** The messages that match word by word what was asked for fuzzily (RFC 6203); null when nobody wants to know. */
async function bestIn(session: ImapSession, place: SearchPlace, query: Query): Promise<UidRanges | null> {
  const { order, returns, term } = query;
  if (returns?.items.has("RELEVANCY") !== true && !ranks(order)) return null;
  const strict = exactly(term);
  if (strict === null) throw new ProtocolError("Only a search with FUZZY has a RELEVANCY");
  const key = inView(place, toSearchKey(place.scope, strict));
  return rangesOf(
    await runSearch(
      session,
      query,
      (options) => session.store.messages.search(place.mailboxId, key, options),
    ),
  );
}

export function ranks(order: SortOrder | null): boolean {
  return order?.some(({ by }) => by === "relevancy") === true;
}

/** RFC 6203 section 4: from 1 to 100. What matches as it was written is as relevant as can be. */
const BEST = 100;
const GOOD = 50;

function scoresOf(uids: readonly number[], best: UidRanges): number[] {
  const exact = new Set<number>();
  for (const [from, to] of best) for (let uid = from; uid <= to; uid++) exact.add(uid);
  return uids.map((uid) => exact.has(uid) ? BEST : GOOD);
}

/** Null when there are no messages, or none of them is there any more. */
async function highestModseq(
  session: ImapSession,
  mailboxId: number,
  uids: readonly number[],
): Promise<number | null> {
  if (uids.length === 0) return null;
  let highest = 0;
  session.pace.begin();
  for await (const rows of session.store.messages.rows(mailboxId, rangesOf(uids))) {
    for (const { modseq } of rows) highest = Math.max(highest, modseq);
    await session.pace.rest();
  }
  return highest === 0 ? null : highest;
}
