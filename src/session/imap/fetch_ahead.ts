import type { BodyPart, BodyStore, ByteRange, HeaderPick } from "../../store/mod.ts";
import type { FetchItem } from "../../wire/imap/mod.ts";
import type { FetchRow } from "./fetch_rows.ts";
import { locate } from "./sections.ts";

/** Pages that are on their way or being written; one page; what is worth no reading ahead, since it comes in pieces anyway. */
const PAGES = 3;
const PAGE = { reads: 256, bytes: 512 * 1024 };
const LARGEST = 64 * 1024;

/** The small sections of some rows that follow each other, read together. */
interface Page {
  /** The numbers of its first row, and behind its last. */
  readonly start: number;
  readonly end: number;
  /** By index of the item. */
  readonly columns: readonly (Column | undefined)[];
  isHere: boolean;
  readonly coming: Promise<void>;
}

/** What one item wants of a page's rows. */
interface Column {
  readonly reads: BodyPart[];
  /** Of each read its row, counted from the page's first. */
  readonly rows: number[];
  readonly pick: HeaderPick | null;
  /** By row; what is not there is read alone. */
  readonly found: (Uint8Array | null | undefined)[];
}

/** Reads the bodies of a FETCH: those of the next messages are asked of the store while the client takes these. */
export class FetchAhead {
  readonly #bodies: BodyStore;
  readonly #items: readonly FetchItem[];
  readonly #hasSections: boolean;
  /** The row being written, and those that follow. Rows are numbered from the first that was ever expected. */
  #rows: FetchRow[] = [];
  #first = 0;
  /** The row being written, which is on the first page. */
  #at = -1;
  /** How far the reading ahead has come. */
  #reached = 0;
  #pages: Page[] = [];

  constructor(bodies: BodyStore, items: readonly FetchItem[]) {
    this.#bodies = bodies;
    this.#items = items;
    this.#hasSections = items.some((item) => item.kind === "section");
  }

  /** Rows that will be written, in this order, behind those that are expected already. */
  expect(rows: readonly FetchRow[]): void {
    if (!this.#hasSections) return;
    const written = Math.max(0, this.#at - this.#first);
    this.#rows = [...this.#rows.slice(written), ...rows];
    this.#first += written;
  }

  /** Call before each of the rows is written. Null when there is nothing to wait for. */
  goOn(): Promise<void> | null {
    if (!this.#hasSections) return null;
    this.#at++;
    while (this.#pages.length > 0 && this.#pages[0]!.end <= this.#at) this.#pages.shift();
    const end = this.#first + this.#rows.length;
    while (this.#pages.length < PAGES && this.#reached < end) this.#pages.push(this.#begin(end));
    const [page] = this.#pages;
    return page === undefined || page.isHere ? null : page.coming;
  }

  /**
   * The bytes of a section of the row being written, which is the item at this index; of a header the fields. Null when they were
   * not read ahead.
   */
  take(index: number): Uint8Array | null {
    const page = this.#pages[0];
    return page?.columns[index]?.found[this.#at - page.start] ?? null;
  }

  /** The bytes as the store gives them. */
  read({ bodyId }: FetchRow, range: ByteRange): AsyncGenerator<Uint8Array, void> {
    return chunksOf(this.#bodies.read(bodyId, range));
  }

  /** Gives up what will not be written. */
  close(): void {
    this.#pages = [];
    this.#rows = [];
  }

  /** Asks for the rows from `#reached` on, as many as a page holds, up to this one. */
  #begin(until: number): Page {
    const start = this.#reached;
    const columns: (Column | undefined)[] = [];
    let reads = 0;
    let bytes = 0;
    do {
      const row = this.#rows[this.#reached - this.#first]!;
      for (let index = 0; index < this.#items.length; index++) {
        const item = this.#items[index]!;
        if (item.kind !== "section") continue;
        const located = locate(item.section, row);
        const size = located === null ? 0 : located.range.end - located.range.start;
        if (located === null || size === 0 || size > LARGEST) continue;
        const column = columns[index] ??= { reads: [], rows: [], pick: located.pick, found: [] };
        column.reads.push({ bodyId: row.bodyId, range: located.range });
        column.rows.push(this.#reached - start);
        reads++;
        bytes += size;
      }
      this.#reached++;
    } while (this.#reached < until && reads < PAGE.reads && bytes < PAGE.bytes);
    const page: Page = {
      start,
      end: this.#reached,
      columns,
      isHere: reads === 0,
      coming: this.#fill(columns).then(() => {
        page.isHere = true;
      }),
    };
    return page;
  }

  async #fill(columns: readonly (Column | undefined)[]): Promise<void> {
    try {
      await Promise.all(columns.map(async (column) => {
        if (column === undefined) return;
        const { reads, rows, pick, found } = column;
        const bytes = await this.#bodies.readMany(reads, pick);
        for (let place = 0; place < bytes.length; place++) found[rows[place]!] = bytes[place];
      }));
    } catch {
      // Each row reads by itself then, and hears what is wrong.
    }
  }
}

async function* chunksOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield* chunks;
}
