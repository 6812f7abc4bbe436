/** What the tests of the SQLite store share. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Store } from "../../src/store/mod.ts";
import { openSqliteStore, type SqliteStoreOptions } from "../../src/store/sqlite/mod.ts";
import { ManualClock, seededRandom, silentLog } from "../support/fakes.ts";

export const DAY = 86_400_000;

export class StoreFolder {
  readonly path: string;
  readonly clock: ManualClock;

  private constructor(path: string) {
    this.path = path;
    this.clock = new ManualClock();
  }

  /** Runs a test with a folder of its own, which is removed after it. */
  static async use(work: (folder: StoreFolder) => Promise<void>): Promise<void> {
    const path = await Deno.makeTempDir({ prefix: "mailden-store-" });
    try {
      await work(new StoreFolder(path));
    } finally {
      await Deno.remove(path, { recursive: true });
    }
  }

  get database(): string {
    return join(this.path, "mailden.db");
  }

  open(options: Partial<SqliteStoreOptions> = {}): Promise<Store> {
    return openSqliteStore({
      directory: this.path,
      clock: this.clock,
      random: seededRandom(),
      log: silentLog,
      readers: 1,
      undeleteDays: 7,
      ...options,
    });
  }

  /** Opens the store for some work and closes it again, whatever happens. */
  async with<T>(work: (store: Store) => Promise<T>, options: Partial<SqliteStoreOptions> = {}): Promise<T> {
    const store = await this.open(options);
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }

  /** Looks into, or changes, the closed database behind the store's back. */
  sql<T>(work: (db: DatabaseSync) => T): T {
    const db = new DatabaseSync(this.database);
    try {
      return work(db);
    } finally {
      db.close();
    }
  }

  count(table: string): number {
    return this.sql((db) => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()!["n"]));
  }
}

/** Waits until the sweeper has nothing more to do. */
export async function untilSwept(store: Store): Promise<void> {
  // A write comes back after the slice that was sent before it: some alone in a row mean that there are no more slices.
  for (let alone = 0; alone < 3;) {
    const before = store.stats().writes;
    await store.spool.settle("none", []);
    alone = store.stats().writes === before + 1 ? alone + 1 : 0;
  }
}
