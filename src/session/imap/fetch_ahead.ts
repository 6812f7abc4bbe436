import type { BodyPart, BodyStore, ByteRange, HeaderPick } from "../../store/mod.ts";
import type { FetchItem } from "../../wire/imap/mod.ts";
import type { FetchRow } from "./fetch_rows.ts";
import { locate } from "./sections.ts";

/** Pages that are on their way or being written; one page; what is worth no reading ahead, since it comes in pieces anyway. */
const PAGES = 3;
const PAGE = { reads: 256, bytes: 512 * 1024 };
const LARGEST = 64 * 1024;

/** By row and item. */
type Sections = ReadonlyMap<number, Uint8Array>;

/** The small sections of some rows that follow each other, read together. */
interface Page {
  /** The index behind its last row. */
  readonly end: number;
  /** Null until they have come. What is not there is read alone. */
  sections: Sections | null;
  readonly coming: Promise<void>;
}

/** What the items of one index want of a page's rows. */
interface Column {
  readonly keys: number[];
  readonly reads: BodyPart[];
  readonly pick: HeaderPick | null;
}

const NOTHING: Sections = new Map();

/** Reads the bodies of a FETCH: those of the next messages are asked of the store while the client takes these. */
export class FetchAhead {
  readonly #bodies: BodyStore;
  readonly #items: readonly FetchItem[];
  readonly #hasSections: boolean;
  #rows: readonly FetchRow[] = [];
  /** Where in the rows the reading ahead has come. */
  #reached = 0;
  /** The first one is that of the row being written. */
  #pages: Page[] = [];

  constructor(bodies: BodyStore, items: readonly FetchItem[]) {
    this.#bodies = bodies;
    this.#items = items;
    this.#hasSections = items.some((item) => item.kind === "section");
  }

  /** The rows that will be written next, in this order. */
  expect(rows: readonly FetchRow[]): void {
    this.close();
    this.#rows = rows;
    this.#reached = 0;
  }

  /** Call before the row at this index of those expected is written. Null when there is nothing to wait for. */
  goOn(index: number): Promise<void> | null {
    if (!this.#hasSections) return null;
    while (this.#pages.length > 0 && this.#pages[0]!.end <= index) this.#pages.shift();
    this.#reached = Math.max(this.#reached, index);
    while (this.#pages.length < PAGES && this.#reached < this.#rows.length) this.#pages.push(this.#begin());
    const [page] = this.#pages;
    return page === undefined || page.sections !== null ? null : page.coming;
  }

  /** The bytes of a section, which is the item at this index; of a header the fields. Null when they were not read ahead. */
  take(row: FetchRow, index: number): Uint8Array | null {
    return this.#pages[0]?.sections?.get(keyOf(row, index)) ?? null;
  }

  /** The bytes as the store gives them. */
  read({ bodyId }: FetchRow, range: ByteRange): AsyncGenerator<Uint8Array, void> {
    return chunksOf(this.#bodies.read(bodyId, range));
  }

  /** Gives up what will not be written. */
  close(): void {
    this.#pages = [];
  }

  /** Asks for the rows from `#reached` on, as many as a page holds. */
  #begin(): Page {
    const columns = new Map<number, Column>();
    let reads = 0;
    let bytes = 0;
    do {
      const row = this.#rows[this.#reached++]!;
      for (const [index, item] of this.#items.entries()) {
        if (item.kind !== "section") continue;
        const size = addRead(columns, row, { index, item });
        if (size === 0) continue;
        reads++;
        bytes += size;
      }
    } while (this.#reached < this.#rows.length && reads < PAGE.reads && bytes < PAGE.bytes);
    const page: Page = {
      end: this.#reached,
      sections: reads === 0 ? NOTHING : null,
      coming: this.#readAll([...columns.values()]).then((sections) => {
        page.sections = sections;
      }),
    };
    return page;
  }

  async #readAll(columns: readonly Column[]): Promise<Sections> {
    const sections = new Map<number, Uint8Array>();
    try {
      await Promise.all(columns.map(async ({ keys, reads, pick }) => {
        const found = await this.#bodies.readMany(reads, pick);
        for (const [place, bytes] of found.entries()) if (bytes !== null) sections.set(keys[place]!, bytes);
      }));
      return sections;
    } catch {
      // Each row reads by itself then, and hears what is wrong.
      return NOTHING;
    }
  }
}

/** Puts a section onto its page; its size, 0 when it does not go there. */
function addRead(
  columns: Map<number, Column>,
  row: FetchRow,
  { index, item }: { readonly index: number; readonly item: Extract<FetchItem, { kind: "section" }> },
): number {
  const located = locate(item.section, row);
  if (located === null) return 0;
  const range = located.kind === "bytes" ? located.range : located.header;
  const size = range.end - range.start;
  if (size === 0 || size > LARGEST) return 0;
  let column = columns.get(index);
  if (column === undefined) {
    const pick = located.kind === "bytes" ? null : { fields: item.section.fields, mode: located.mode };
    column = { keys: [], reads: [], pick };
    columns.set(index, column);
  }
  column.keys.push(keyOf(row, index));
  column.reads.push({ bodyId: row.bodyId, range });
  return size;
}

/** More items than this are in no command: `decodeFetch` sees to that. */
const MOST_ITEMS = 65536;

function keyOf({ uid }: FetchRow, index: number): number {
  return uid * MOST_ITEMS + index;
}

async function* chunksOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield* chunks;
}
