/**
 * Search results that are kept up to date (RFC 5267 section 4.3). Each knows which messages it told the client of; whatever
 * happens to a message is looked at when the client is told of it: what leaves before EXPUNGE, what comes after EXISTS.
 */
import { ProtocolError } from "../../core/errors.ts";
import { type FetchItem, formatNumbers, no } from "../../wire/imap/mod.ts";
import type { SearchKey, SearchOptions, Store } from "../../store/mod.ts";
import type { SortOrder } from "../../store/ordering.ts";
import { Rejection } from "./errors.ts";
import type { Output } from "./output.ts";
import { beginEsearch, type EsearchHead, rangesOf } from "./search_answer.ts";
import type { Tracker } from "./tracker.ts";

export interface ContextStart extends EsearchHead {
  /** What matches, whatever may come; the view of the first search is not in it. */
  readonly key: SearchKey;
  /** Null for SEARCH. */
  readonly order: SortOrder | null;
  /** The result so far. */
  readonly uids: readonly number[];
  /** What the client wants to be told of each new message (RFC 5465 section 7). */
  readonly items: readonly FetchItem[];
}

/** Where the messages lie, and the client's view of them. */
export interface ContextPlace {
  readonly store: Store;
  readonly mailboxId: number;
  readonly tracker: Tracker;
  readonly out: Output;
  /** Does what asks the store; throws a `Rejection` when it takes too long. */
  readonly inTime: <T>(work: (options: SearchOptions) => Promise<T>) => Promise<T>;
  /** Lets the client read, and others work. */
  readonly rest: () => Promise<void>;
}

/** Messages that are looked at, or told of, at a stretch; where each step costs a sort of all, more. */
const STEP = 1000;
const SORTED_STEP = 5000;

interface Context {
  readonly start: ContextStart;
  /** Whether a message that is there can begin or cease to match. */
  readonly canChange: boolean;
  uids: Uint32Array;
}

export class SearchContexts {
  readonly #contexts = new Map<string, Context>();
  /** Messages that this session itself has changed, of which no notice comes. */
  readonly #touched = new Set<number>();

  get count(): number {
    return this.#contexts.size;
  }

  /** A tag names one result only (RFC 5267 section 4.3). */
  requireFree(tag: string): void {
    if (this.#contexts.has(tag)) throw new ProtocolError("That tag already stands for a result: use another");
  }

  add(start: ContextStart): void {
    const uids = Uint32Array.from(start.uids);
    this.#contexts.set(start.tag, { start, canChange: canChange(start.key), uids });
  }

  /** RFC 5267 section 4.3.5. All or none. */
  cancel(tags: readonly string[]): void {
    for (const tag of tags) {
      if (!this.#contexts.has(tag)) throw new ProtocolError("No result is kept up to date under that tag");
    }
    for (const tag of tags) this.#contexts.delete(tag);
  }

  touch(uids: Iterable<number>): void {
    if (this.#contexts.size > 0) { for (const uid of uids) this.#touched.add(uid); }
  }

  /** Before the view loses these messages: their numbers still hold. */
  async tellGone(place: ContextPlace): Promise<void> {
    if (!place.tracker.hasGone) return;
    for (const context of this.#contexts.values()) {
      await this.#remove(context, (uid) => place.tracker.isGone(uid), place);
    }
  }

  /** What is to be fetched of each of these new messages, since they come into a result that asks for it (RFC 5465 section 7). */
  async itemsOf(place: ContextPlace, fresh: readonly number[]): Promise<ReadonlyMap<number, FetchItem[]>> {
    const wanted = new Map<number, FetchItem[]>();
    for (const context of this.#contexts.values()) {
      const { items } = context.start;
      if (items.length === 0) continue;
      for (const uid of await this.#matching(context, fresh, place)) {
        wanted.set(uid, [...wanted.get(uid) ?? [], ...items]);
      }
    }
    return wanted;
  }

  /** After the client has heard of new and changed messages. */
  async tellChanged(
    place: ContextPlace,
    { fresh, changed }: { readonly fresh: readonly number[]; readonly changed: readonly number[] },
  ): Promise<void> {
    if (this.#contexts.size === 0) return this.#touched.clear();
    const all = new Set([...fresh, ...changed, ...this.#touched]);
    this.#touched.clear();
    for (const context of this.#contexts.values()) {
      const touched = context.canChange ? [...all] : fresh;
      const step = context.start.order === null ? STEP : SORTED_STEP;
      for (let at = 0; at < touched.length; at += step) {
        await this.#follow(context, new Set(touched.slice(at, at + step)), place);
        await place.rest();
        if (!this.#contexts.has(context.start.tag)) break;
      }
    }
  }

  async #follow(context: Context, touched: ReadonlySet<number>, place: ContextPlace): Promise<void> {
    const matching = await this.#matching(context, [...touched], place);
    if (!this.#contexts.has(context.start.tag)) return;
    const known = new Set(context.uids.filter((uid) => touched.has(uid)));
    const coming = [...matching].filter((uid) => !known.has(uid) && place.tracker.sequenceOf(uid) > 0);
    // What is gone has left already.
    await this.#remove(context, (uid) => known.has(uid) && !matching.has(uid), place);
    if (coming.length > 0) await this.#insert(context, coming, place);
  }

  async #matching(
    context: Context,
    uids: readonly number[],
    { store, mailboxId, inTime, out }: ContextPlace,
  ): Promise<ReadonlySet<number>> {
    const here: SearchKey = { kind: "uid", uids: rangesOf(uids) };
    const key: SearchKey = { kind: "and", keys: [here, context.start.key] };
    const search = () => inTime((options) => store.messages.search(mailboxId, key, options));
    return new Set(await this.#unlessTooLong(search, { context, out }));
  }

  /** A result that costs too much is followed no longer (RFC 5267 section 4.3.1). */
  async #unlessTooLong(
    work: () => Promise<readonly number[]>,
    { context: { start: { tag } }, out }: { readonly context: Context; readonly out: Output },
  ): Promise<readonly number[]> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      this.#contexts.delete(tag);
      const code = { code: "NOUPDATE", data: `"${tag}"` } as const;
      out.status(no("That result takes too long to be kept up to date", code));
      return [];
    }
  }

  /** From the last position to the first, so that each position is right when the client comes to it. */
  async #remove(context: Context, leaves: (uid: number) => boolean, place: ContextPlace): Promise<void> {
    const { uids, start } = context;
    const { tracker, out } = place;
    context.uids = uids.filter((uid) => !leaves(uid));
    if (context.uids.length === uids.length) return;
    let numbers: number[] = [];
    let pairs: string[] = [];
    // RFC 5267 section 4.3.4: of a search the position is 0.
    const flush = () =>
      tell(context, out, `REMOVEFROM (${start.order === null ? unplaced(numbers) : pairs.join(" ")})`);
    for (let at = uids.length - 1; at >= 0; at--) {
      const uid = uids[at]!;
      if (!leaves(uid)) continue;
      const number = start.byUid ? uid : tracker.sequenceOf(uid);
      numbers.push(number);
      if (start.order !== null) pairs.push(`${at + 1} ${number}`);
      if (numbers.length < STEP) continue;
      flush();
      [numbers, pairs] = [[], []];
      await place.rest();
    }
    if (numbers.length > 0) flush();
  }

  async #insert(context: Context, coming: readonly number[], place: ContextPlace): Promise<void> {
    const { start } = context;
    const { tracker, out } = place;
    const numberOf = (uid: number) => start.byUid ? uid : tracker.sequenceOf(uid);
    const all = [...context.uids, ...coming];
    const { order } = start;
    if (order === null) {
      context.uids = Uint32Array.from(all).sort();
      return tell(context, out, `ADDTO (${unplaced(coming.map(numberOf))})`);
    }
    const key: SearchKey = { kind: "uid", uids: rangesOf(all) };
    const { store, mailboxId, inTime } = place;
    const sort = () => inTime((options) => store.messages.sort(mailboxId, { key, order }, options));
    const sorted = await this.#unlessTooLong(sort, { context, out });
    const fresh = new Set(coming);
    const before = context.uids;
    const list: number[] = [];
    const pairs: string[] = [];
    // RFC 5267 section 4.3.3: from the first position to the last. What was there keeps its order, which never changes.
    let copied = 0;
    for (const uid of sorted) {
      if (fresh.has(uid)) {
        list.push(uid);
        pairs.push(`${list.length} ${numberOf(uid)}`);
        continue;
      }
      while (copied < before.length) {
        list.push(before[copied]!);
        if (before[copied++] === uid) break;
      }
    }
    for (; copied < before.length; copied++) list.push(before[copied]!);
    context.uids = Uint32Array.from(list);
    if (pairs.length > 0) tell(context, out, `ADDTO (${pairs.join(" ")})`);
  }
}

function unplaced(numbers: readonly number[]): string {
  return `0 ${formatNumbers(numbers.toSorted((a, b) => a - b))}`;
}

function tell({ start }: Context, { encoder }: Output, data: string): void {
  beginEsearch(encoder, start);
  encoder.line(` ${data}`);
}

/** All else that a key asks for stays with a message. It calls itself to the depth of the term, which the decoder has bounded. */
function canChange(key: SearchKey): boolean {
  switch (key.kind) {
    case "and":
    case "or":
      return key.keys.some(canChange);
    case "not":
      return canChange(key.key);
    default:
      return key.kind === "flag" || key.kind === "modseq";
  }
}
