import type { Database } from "../database.ts";

/**
 * What the log can hold that the database file has no room for: twice `CHECKPOINT_PAGES`, since the log grows on
 * when there is no room to empty it, and one batch.
 */
const RESERVE_BYTES = 6 * 1024 * 1024;
const PAGE_BYTES = 4096;

/**
 * Room that is kept back for the day when the disk is full. Even a deletion needs some: without it, a full disk could not
 * be cleared, and what was sent on could not be noted as sent. While the reserve is used up no new mail is taken.
 */
export class Reserve {
  readonly #path: string;
  #isKept = false;

  /** Lets go of what the last run kept back: opening the database may need it. */
  constructor(path: string) {
    this.#path = path;
    this.#release();
  }

  /** Whether new mail may be taken: the reserve is there, or the database has pages to use again. */
  hasRoom(db: Database): boolean {
    if (this.#isKept) return true;
    this.#isKept = this.#keep();
    return this.#isKept || freeBytes(db) >= RESERVE_BYTES;
  }

  /** The disk was full: gives the room to what must still be written, and lets the log begin anew within its file. */
  use(db: Database): void {
    if (!this.#isKept) return;
    this.#release();
    try {
      db.run("PRAGMA wal_checkpoint(PASSIVE)");
    } catch {
      // Another program took the room at once. The next commits try again by themselves.
    }
  }

  #keep(): boolean {
    try {
      Deno.writeFileSync(this.#path, new Uint8Array(RESERVE_BYTES), { mode: 0o600 });
      return true;
    } catch {
      this.#release();
      return false;
    }
  }

  #release(): void {
    this.#isKept = false;
    try {
      Deno.removeSync(this.#path);
    } catch {
      // It was not there.
    }
  }
}

function freeBytes(db: Database): number {
  return Number(db.get("PRAGMA freelist_count")?.["freelist_count"] ?? 0) * PAGE_BYTES;
}
