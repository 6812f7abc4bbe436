/**
 * Search results that are kept up to date (RFC 5267 section 4.3). Each knows which messages it told the client of; whatever
 * happens to a message is looked at when the client is told of it: what leaves before EXPUNGE, what comes after EXISTS.
 */
import { ProtocolError } from "../../core/errors.ts";
import { formatNumbers } from "../../wire/imap/mod.ts";
import type { SearchKey, Store } from "../../store/mod.ts";
import type { SortOrder } from "../../store/ordering.ts";
import type { Output } from "./output.ts";
import { rangesOf } from "./search_answer.ts";
import type { Tracker } from "./tracker.ts";

export interface ContextStart {
  readonly tag: string;
  readonly byUid: boolean;
  /** What matches, whatever may come; the view of the first search is not in it. */
  readonly key: SearchKey;
  /** Null for SEARCH. */
  readonly order: SortOrder | null;
  /** The result so far. */
  readonly uids: readonly number[];
}

/** Where the messages lie, and the client's view of them. */
export interface ContextPlace {
  readonly store: Store;
  readonly mailboxId: number;
  readonly tracker: Tracker;
  readonly out: Output;
}

interface Context {
  readonly start: ContextStart;
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
    this.#contexts.set(start.tag, { start, uids: Uint32Array.from(start.uids) });
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
  tellGone({ tracker, out }: ContextPlace): void {
    for (const context of this.#contexts.values()) {
      const gone = new Set(context.uids.filter((uid) => tracker.isGone(uid)));
      if (gone.size > 0) this.#remove(context, gone, { tracker, out });
    }
  }

  /** After the client has heard of new and changed messages. */
  async tellChanged(place: ContextPlace, changed: Iterable<number>): Promise<void> {
    if (this.#contexts.size === 0) return;
    const touched = new Set([...changed, ...this.#touched]);
    this.#touched.clear();
    if (touched.size === 0) return;
    const here: SearchKey = { kind: "uid", uids: rangesOf([...touched]) };
    for (const context of this.#contexts.values()) {
      const key: SearchKey = { kind: "and", keys: [here, context.start.key] };
      const matching = new Set(await place.store.messages.search(place.mailboxId, key));
      const known = new Set(context.uids.filter((uid) => touched.has(uid)));
      // What is gone leaves with EXPUNGE.
      const leaving = [...touched].filter((uid) =>
        known.has(uid) && !matching.has(uid) && !place.tracker.isGone(uid)
      );
      const coming = [...matching].filter((uid) => !known.has(uid) && place.tracker.sequenceOf(uid) > 0);
      if (leaving.length > 0) this.#remove(context, new Set(leaving), place);
      if (coming.length > 0) await this.#insert(context, coming, place);
    }
  }

  /** From the last position to the first, so that each position is right when the client comes to it. */
  #remove(
    context: Context,
    leaving: ReadonlySet<number>,
    { tracker, out }: Pick<ContextPlace, "tracker" | "out">,
  ): void {
    const { uids, start } = context;
    const numbers: number[] = [];
    const pairs: string[] = [];
    for (let place = uids.length - 1; place >= 0; place--) {
      const uid = uids[place]!;
      if (!leaving.has(uid)) continue;
      const number = start.byUid ? uid : tracker.sequenceOf(uid);
      numbers.push(number);
      pairs.push(`${place + 1} ${number}`);
    }
    context.uids = uids.filter((uid) => !leaving.has(uid));
    // RFC 5267 section 4.3.4: of a search the position is 0.
    tell(context, out, `REMOVEFROM (${start.order === null ? unplaced(numbers) : pairs.join(" ")})`);
  }

  async #insert(context: Context, coming: readonly number[], place: ContextPlace): Promise<void> {
    const { start } = context;
    const { tracker, out } = place;
    const numberOf = (uid: number) => start.byUid ? uid : tracker.sequenceOf(uid);
    const all = [...context.uids, ...coming];
    if (start.order === null) {
      context.uids = Uint32Array.from(all).sort();
      return tell(context, out, `ADDTO (${unplaced(coming.map(numberOf))})`);
    }
    const key: SearchKey = { kind: "uid", uids: rangesOf(all) };
    const sorted = await place.store.messages.sort(place.mailboxId, { key, order: start.order });
    const fresh = new Set(coming);
    const before = context.uids;
    const places = new Map<number, number>();
    for (const [at, uid] of before.entries()) places.set(uid, at);
    const list: number[] = [];
    const pairs: string[] = [];
    // RFC 5267 section 4.3.3: from the first position to the last, among those, too, that were expunged just now.
    let copied = 0;
    for (const uid of sorted) {
      if (fresh.has(uid)) {
        list.push(uid);
        pairs.push(`${list.length} ${numberOf(uid)}`);
      } else for (const end = places.get(uid) ?? -1; copied <= end; copied++) list.push(before[copied]!);
    }
    for (; copied < before.length; copied++) list.push(before[copied]!);
    context.uids = Uint32Array.from(list);
    if (pairs.length > 0) tell(context, out, `ADDTO (${pairs.join(" ")})`);
  }
}

function unplaced(numbers: readonly number[]): string {
  return `0 ${formatNumbers(numbers.toSorted((a, b) => a - b))}`;
}

function tell({ start }: Context, out: Output, data: string): void {
  out.line(`ESEARCH (TAG "${start.tag}")${start.byUid ? " UID" : ""} ${data}`);
}
