/** The index's file: made, checked and thrown away. */
import { Database } from "../database.ts";

/** Rises whenever the tables change, or the texts that go into them, or how these are folded. */
export const INDEX_VERSION = 1;
/** Marks the file as ours: "MdnS". */
const APPLICATION_ID = 0x4d646e53;
const BUILDER_CACHE_KIB = 4 * 1024;
const READER_CACHE_KIB = 2 * 1024;
/** Pages in its log before they go into the file; only then the disk is waited for. */
const CHECKPOINT_PAGES = 2000;
const LOG_LIMIT_BYTES = 8 * 1024 * 1024;

const TABLES = `
CREATE TABLE state (
  key TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO state VALUES ('mark', 0), ('indexed', 0), ('token', ''), ('sample', '');

CREATE TABLE unsure (
  body_id INTEGER PRIMARY KEY,
  waits INTEGER NOT NULL
) STRICT;

CREATE TABLE fields (
  body_id INTEGER PRIMARY KEY,
  "from" TEXT,
  "to" TEXT,
  "cc" TEXT,
  "bcc" TEXT,
  "subject" TEXT
) STRICT;

CREATE VIRTUAL TABLE head_grams USING fts5(t, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1');
CREATE VIRTUAL TABLE body_grams USING fts5(t, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1');
CREATE VIRTUAL TABLE words USING fts5(t, content='', columnsize=0, detail=none, tokenize='ascii');
`;
const FULL_TEXT_TABLES = ["head_grams", "body_grams", "words"] as const;
const TABLE_NAMES = ["state", "unsure", "fields", ...FULL_TEXT_TABLES];

/** Why a file cannot be used and must be built anew. */
export class StaleIndex extends Error {
  override readonly name = "StaleIndex";
}

/** Opens the file for its one writer, making it if it is missing. Throws `StaleIndex`, or what SQLite threw. */
export function openIndexForWriting(path: string): Database {
  if (!exists(path)) removeIndexFile(path);
  // Nobody else's business, as the mail itself.
  Deno.openSync(path, { create: true, write: true, mode: 0o600 }).close();
  const db = new Database(path, { readOnly: false, cacheKiB: BUILDER_CACHE_KIB });
  try {
    // NORMAL: after a crash of the machine it may be behind, but it is whole.
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA journal_size_limit = ${LOG_LIMIT_BYTES}`);
    if (db.get("SELECT 1 FROM sqlite_schema LIMIT 1") === undefined) makeTables(db);
    if (pragma(db, "application_id") !== APPLICATION_ID || pragma(db, "user_version") !== INDEX_VERSION) {
      throw new StaleIndex("It is of another version");
    }
    const { n } = db.get<{ n: number }>(
      `SELECT count(*) AS n FROM sqlite_schema WHERE name IN (${TABLE_NAMES.map(() => "?").join(", ")})`,
      ...TABLE_NAMES,
    )!;
    if (n !== TABLE_NAMES.length) throw new StaleIndex("A part of it is missing");
    if (readState<string>(db, "engine") !== Deno.version.v8) {
      throw new StaleIndex("The rules for letters have changed");
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

export function openIndexForReading(path: string): Database {
  return new Database(path, { readOnly: true, cacheKiB: READER_CACHE_KIB });
}

/** Reads the whole file. Throws `StaleIndex` when it is damaged, or what SQLite threw. */
export function checkIndex(db: Database): void {
  const finding = db.get<{ quick_check: string }>("PRAGMA quick_check")?.quick_check;
  if (finding !== "ok") throw new StaleIndex(`It is damaged (${finding?.split("\n")[0]})`);
  for (const table of FULL_TEXT_TABLES) db.exec(`INSERT INTO ${table} (${table}) VALUES ('integrity-check')`);
}

function indexPaths(path: string): readonly string[] {
  // The log last: the file without its log must never be there.
  return [path, `${path}-wal`, `${path}-shm`];
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

export function removeIndexFile(path: string): void {
  for (const name of indexPaths(path)) {
    try {
      Deno.removeSync(name);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

export function readState<T>(db: Database, key: string): T | undefined {
  return db.get<{ value: T }>("SELECT value FROM state WHERE key = ?", key)?.value;
}

export function writeState(db: Database, key: string, value: string | number): void {
  db.run("INSERT INTO state VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", key, value);
}

function makeTables(db: Database): void {
  db.exec("BEGIN");
  db.exec(TABLES);
  db.exec(`PRAGMA user_version = ${INDEX_VERSION}; PRAGMA application_id = ${APPLICATION_ID}`);
  // Upper case and normal forms come from the engine's tables of Unicode.
  writeState(db, "engine", Deno.version.v8);
  db.exec("COMMIT");
}

function pragma(db: Database, name: string): number {
  return Number(db.get(`PRAGMA ${name}`)?.[name]);
}
