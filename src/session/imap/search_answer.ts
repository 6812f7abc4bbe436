import {
  encodeEsearch,
  encodeMailbox,
  type Encoder,
  type EsearchData,
  partialIndexes,
} from "../../wire/imap/mod.ts";
import type { ReturnItem, SearchReturn } from "../../wire/imap/mod.ts";
import type { ImapSession } from "./context.ts";

/** What was found, in the order of the answer. */
export interface Found {
  /** UIDs. */
  readonly uids: readonly number[];
  /** What the client is told: the same, or sequence numbers. */
  readonly numbers: readonly number[];
}

/** What must be asked for besides the messages themselves; null where it was not. */
export interface FoundMore {
  readonly modseq: number | null;
  /** Scores, one for each of the numbers. */
  readonly relevancy: readonly number[] | null;
}

/** So much is written before we look for room and at the clock: looking costs more than writing one number. */
const NUMBERS_STEP = 500;
const CHARS_STEP = 2000;

/** `* SEARCH 2 3 5 (MODSEQ 7)`, and SORT alike (RFC 3501 section 7.2.5, RFC 5256 section 4, RFC 7162 section 3.1.5). */
export async function writeNumbers(
  session: ImapSession,
  word: "SEARCH" | "SORT",
  { numbers, modseq }: Pick<Found, "numbers"> & Pick<FoundMore, "modseq">,
): Promise<void> {
  const { out, pace } = session;
  out.encoder.text(`* ${word}`);
  pace.begin();
  for (let place = 0; place < numbers.length; place++) {
    out.encoder.text(" ").number(numbers[place]!);
    if (place % NUMBERS_STEP === NUMBERS_STEP - 1) {
      await out.room();
      await pace.rest();
    }
  }
  out.encoder.line(modseq === null ? "" : ` (MODSEQ ${modseq})`);
}

export interface EsearchHead {
  readonly tag: string;
  readonly byUid: boolean;
  /** For the command ESEARCH only (RFC 7377 section 2.1). */
  readonly mailbox?: { readonly name: string; readonly uidValidity: number };
}

/** `* ESEARCH (TAG "a") UID COUNT 3` (RFC 4731 section 3.1). */
export async function writeEsearch(
  session: ImapSession,
  head: EsearchHead,
  pieces: Iterable<string>,
): Promise<void> {
  const { encoder } = session.out;
  beginEsearch(encoder, head);
  await writePieces(session, pieces);
  encoder.line("");
}

/** What stands before the data. */
export function beginEsearch(encoder: Encoder, { tag, byUid, mailbox }: EsearchHead): void {
  // A tag has nothing in it that needs a backslash.
  encoder.text(`* ESEARCH (TAG "${tag}"`);
  if (mailbox !== undefined) {
    encoder.text(" MAILBOX ");
    encodeMailbox(encoder, mailbox.name);
    encoder.text(` UIDVALIDITY ${mailbox.uidValidity}`);
  }
  encoder.text(byUid ? ") UID" : ")");
}

/** Writes what may be long, with room for the client to read and for others to work. */
export async function writePieces({ out, pace }: ImapSession, pieces: Iterable<string>): Promise<void> {
  pace.begin();
  let written = 0;
  for (const piece of pieces) {
    out.encoder.text(piece);
    written += piece.length;
    if (written < CHARS_STEP) continue;
    written = 0;
    await out.room();
    await pace.rest();
  }
}

/** The parts of what was found that an ESEARCH answer tells. */
export function* esearchPieces(
  returns: SearchReturn,
  { numbers }: Found,
  { modseq, relevancy }: FoundMore,
): Generator<string> {
  const { items, partial } = returns;
  const asks = (item: ReturnItem) => items.has(item);
  const page = partial === null ? null : partialIndexes(partial, numbers.length);
  // A score belongs to a number that is told (RFC 6203 section 4); asked for alone, it brings the numbers with it.
  const wantsAll = asks("ALL") || (relevancy !== null && page === null);
  const scores = relevancy === null || page === null ? relevancy : relevancy.slice(...page);
  const data: EsearchData = {
    min: asks("MIN") ? numbers[0] ?? null : null,
    max: asks("MAX") ? numbers.at(-1) ?? null : null,
    ...(asks("COUNT") ? { count: numbers.length } : {}),
    ...(wantsAll ? { all: numbers } : {}),
    ...(page === null ? {} : { partial: { range: partial!, numbers: numbers.slice(...page) } }),
    ...(scores === null ? {} : { relevancy: scores }),
    modseq,
  };
  yield* encodeEsearch(data);
}

/**
 * The messages that an answer tells of, of which RFC 5182 section 2.1 (with RFC 9394 section 3.3) keeps those as `$`, and RFC 7162
 * section 3.1.6 tells the highest mod-sequence.
 */
export function toldOf({ items, partial }: SearchReturn, uids: readonly number[]): readonly number[] {
  const onlySome = partial !== null || items.has("MIN") || items.has("MAX");
  if (!onlySome || items.has("ALL") || items.has("COUNT")) return uids;
  const told = new Set(partial === null ? [] : uids.slice(...partialIndexes(partial, uids.length)));
  if (items.has("MIN") && uids.length > 0) told.add(uids[0]!);
  if (items.has("MAX") && uids.length > 0) told.add(uids.at(-1)!);
  return [...told];
}

/** So many are looked up before others may work. */
const STEP = 2000;

/** The sequence numbers of messages of the view, in the same order; 0 stays 0, which no message has. */
export async function sequencesOf(
  { selected, pace }: ImapSession,
  uids: readonly number[],
): Promise<number[]> {
  const sequences: number[] = [];
  pace.begin();
  for (const [place, uid] of uids.entries()) {
    sequences.push(selected.tracker.sequenceOf(uid));
    if (place % STEP === STEP - 1) await pace.rest();
  }
  return sequences;
}

/** Runs of UIDs, which need not be in order, as ranges. */
export function rangesOf(uids: readonly number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const uid of Uint32Array.from(uids).sort()) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] + 1 === uid) last[1] = uid;
    else ranges.push([uid, uid]);
  }
  return ranges;
}
