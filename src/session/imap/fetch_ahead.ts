import type { BodyStore, ByteRange, MessageRow, MessageRowWithDigest } from "../../store/mod.ts";
import type { FetchItem } from "../../wire/imap/mod.ts";
import { BodyAhead, type BodyRead } from "../body_ahead.ts";
import { locate } from "./sections.ts";

/** Few clients of a server fetch at the same moment, and each of them many small messages: more is asked for at once than by POP3. */
const AHEAD = { reads: 128, bytes: 1024 * 1024 };

type Row = MessageRow | MessageRowWithDigest;

/** Reads the bodies of a FETCH: those of the next messages are asked of the store while the client takes this one. */
export class FetchAhead {
  readonly #ahead: BodyAhead<string>;
  readonly #items: readonly FetchItem[];
  readonly #hasSections: boolean;
  #rows: readonly Row[] = [];
  /** Where in the rows the reading ahead has come. */
  #reached = 0;

  constructor(bodies: BodyStore, items: readonly FetchItem[]) {
    this.#ahead = new BodyAhead(bodies, AHEAD);
    this.#items = items;
    this.#hasSections = items.some((item) => item.kind === "section");
  }

  /** The rows that will be written next, in this order. */
  expect(rows: readonly Row[]): void {
    this.#rows = rows;
    this.#reached = 0;
  }

  /** Call before the row at this index of those expected is written. */
  goOn(index: number): void {
    if (!this.#hasSections || !this.#ahead.isLow) return;
    this.#reached = Math.max(this.#reached, index);
    while (this.#reached < this.#rows.length && this.#begin(this.#rows[this.#reached]!)) this.#reached++;
  }

  /** The bytes of a section, which is the item at this index. */
  read(row: Row, index: number, range: ByteRange): AsyncGenerator<Uint8Array, void> {
    return this.#ahead.read(keyOf(row, index), readOf(row, range));
  }

  /** Gives up what will not be written. */
  close(): void {
    this.#ahead.close();
  }

  /** False when there was no room for all that the row needs. */
  #begin(row: Row): boolean {
    for (const [index, item] of this.#items.entries()) {
      if (item.kind !== "section") continue;
      const located = locate(item.section, row);
      if (located === null) continue;
      const range = located.kind === "bytes" ? located.range : located.header;
      if (range.start === range.end) continue;
      if (!this.#ahead.begin(keyOf(row, index), readOf(row, range))) return false;
    }
    return true;
  }
}

function keyOf({ uid }: Row, index: number): string {
  return `${uid} ${index}`;
}

function readOf({ bodyId }: Row, range: ByteRange): BodyRead {
  return { bodyId, size: range.end - range.start, range };
}
