/**
 * Opens the database for its one writer, or says in words for the operator why it cannot be used and what to do.
 */
import { parseDay } from "../../wire/mime/mod.ts";
import { Database, isFull, sqliteCode } from "./database.ts";
import { APPLICATION_ID, migrate, MIGRATIONS, schemaVersion } from "./schema.ts";

/** Pages of 4 KiB: the smallest writes per commit, which is where a delivery's time goes. */
const WRITER_CACHE_KIB = 8 * 1024;
const READER_CACHE_KIB = 3 * 1024;
/** Pages in the log before they go into the database file: a few milliseconds of work each time. */
const CHECKPOINT_PAGES = 500;
const LOG_LIMIT_BYTES = 32 * 1024 * 1024;
/** Up to this size the whole file is checked at the start; beyond it all tables but the messages' bytes. */
const FULL_CHECK_BYTES = 512 * 1024 * 1024;
const LARGE_TABLES: ReadonlySet<string> = new Set(["chunks", "heads"]);

/** Why the database cannot be used, and what to do. */
export class UnusableDatabase extends Error {
  override readonly name = "UnusableDatabase";
}

export function openForWriting(path: string, maxPages: number | null): Database {
  let db: Database | null = null;
  try {
    makePrivateFile(path);
    db = new Database(path, { readOnly: false, cacheKiB: WRITER_CACHE_KIB });
    checkOrigin(db, path);
    checkIntegrity(db, path);
    if (maxPages !== null) db.exec(`PRAGMA max_page_count = ${maxPages}`);
    useLog(db, path);
    migrate(db);
    return db;
  } catch (error) {
    db?.close();
    throw error instanceof UnusableDatabase ? error : new UnusableDatabase(explain(error, path));
  }
}

/** The writer has opened, and if need be migrated, the database before. */
export function openForReading(path: string): Database {
  const db = new Database(path, { readOnly: true, cacheKiB: READER_CACHE_KIB });
  // The day in a Date field (`row_condition.ts`).
  db.define("sent_day", parseDay);
  return db;
}

/** Mail is nobody else's business; the log files take over the mode of the database file. */
function makePrivateFile(path: string): void {
  Deno.openSync(path, { create: true, write: true, mode: 0o600 }).close();
}

function checkOrigin(db: Database, path: string): void {
  const version = schemaVersion(db);
  if (version > MIGRATIONS.length) {
    throw new UnusableDatabase(
      `The database ${path} was written by a newer Mailden (schema ${version}; this one knows ${MIGRATIONS.length}). ` +
        "Install that version again, or restore a backup made before the upgrade.",
    );
  }
  const id = Number(db.get("PRAGMA application_id")?.["application_id"]);
  const isEmpty = db.get("SELECT 1 FROM sqlite_schema LIMIT 1") === undefined;
  if (id !== APPLICATION_ID && !isEmpty) {
    throw new UnusableDatabase(
      `The database ${path} belongs to another program. Move it away, or name another data folder.`,
    );
  }
}

function checkIntegrity(db: Database, path: string): void {
  const large = Deno.statSync(path).size > FULL_CHECK_BYTES;
  const checks = large
    ? tableNames(db).map((name) => `PRAGMA quick_check('${name}')`)
    : ["PRAGMA quick_check"];
  for (const check of checks) {
    const finding = db.get<{ quick_check: string }>(check)?.quick_check;
    if (finding !== undefined && finding !== "ok") throw new UnusableDatabase(damaged(path, finding));
  }
}

function tableNames(db: Database): string[] {
  return db.all<{ name: string }>(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
  )
    .map((table) => table.name).filter((name) => !LARGE_TABLES.has(name));
}

function useLog(db: Database, path: string): void {
  const mode = db.get<{ journal_mode: string }>("PRAGMA journal_mode = WAL")?.journal_mode;
  if (mode !== "wal") {
    throw new UnusableDatabase(
      `The database ${path} cannot keep a write-ahead log there (is it a network drive?). Put the data on a local disk.`,
    );
  }
  // FULL: the log is on disk before a commit returns. Nothing less may stand behind a 250.
  db.exec(`PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    PRAGMA journal_size_limit = ${LOG_LIMIT_BYTES}`);
}

function damaged(path: string, finding: string): string {
  return `The database ${path} is damaged (${
    finding.split("\n")[0]
  }). Keep a copy of the file, then restore a backup; ` +
    `what is readable can be saved with: sqlite3 ${path} .recover | sqlite3 recovered.db`;
}

function explain(error: unknown, path: string): string {
  const text = error instanceof Error ? error.message : String(error);
  if (isFull(error)) return `There is no room to open the database ${path} (${text}). Free some disk space.`;
  const code = sqliteCode(error);
  switch (code === null ? null : code & 0xff) {
    case 26:
      return `The file ${path} is not a database. Move it away to begin with an empty one, or restore a backup.`;
    case 11:
      return damaged(path, text);
    case 5:
    case 6:
      return `The database ${path} is in use by another program (${text}). Stop that program first.`;
    default:
      return `The database ${path} cannot be opened (${text}). Check the folder's owner and permissions.`;
  }
}
