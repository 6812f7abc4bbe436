/**
 * A thin face over `node:sqlite`: statements prepared once, errors that the callers can tell apart. It is used
 * in the workers only.
 */
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";

export type Value = SQLInputValue;
export type Row = Record<string, unknown>;

/** The part of a statement that its type does not name. */
interface ArrayStatement extends StatementSync {
  setReturnArrays(on: boolean): void;
}

const SQLITE_FULL = 13;
const SQLITE_IOERR = 10;
/** A write that failed left nothing behind, unlike an fsync. */
const SQLITE_IOERR_WRITE = SQLITE_IOERR | 3 << 8;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
const CODES_BY_MESSAGE: ReadonlyMap<string, number> = new Map([
  ["database is locked", 5],
  ["database disk image is malformed", SQLITE_CORRUPT],
  ["database or disk is full", SQLITE_FULL],
  ["file is not a database", SQLITE_NOTADB],
  ["disk I/O error", SQLITE_IOERR],
]);

export class Database {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #arrayStatements = new Map<string, StatementSync>();

  constructor(path: string, options: { readonly readOnly: boolean; readonly cacheKiB: number }) {
    this.#db = new DatabaseSync(path, { readOnly: options.readOnly, timeout: 5000 });
    // Sub-journals of savepoints and sorters stay in memory; the page cache is per connection, so it is kept small.
    this.#db.exec(`PRAGMA temp_store = MEMORY; PRAGMA cache_size = -${options.cacheKiB}`);
  }

  get inTransaction(): boolean {
    return this.#db.isTransaction;
  }

  /** A function of one text that SQL can call; the same for the same text. */
  define(name: string, work: (text: string) => number | null): void {
    const call = (text: SQLOutputValue) => typeof text === "string" ? work(text) : null;
    this.#db.function(name, { deterministic: true }, call);
  }

  /** Runs statements that are not worth keeping prepared. */
  exec(sql: string): void {
    this.#db.exec(sql);
  }

  run(sql: string, ...values: Value[]): number {
    return Number(this.#prepared(sql).run(...values).changes);
  }

  /** The first row as `R`, whose columns the statement names. */
  get<R = Row>(sql: string, ...values: Value[]): R | undefined {
    return this.#prepared(sql).get(...values) as R | undefined;
  }

  all<R = Row>(sql: string, ...values: Value[]): R[] {
    return this.#prepared(sql).all(...values) as R[];
  }

  /** All rows as arrays: twice as fast for many small rows. */
  arrays<R extends unknown[]>(sql: string, ...values: Value[]): R[] {
    return this.#arrayStatement(sql).all(...values) as unknown as R[];
  }

  /** As `arrays`, for a statement whose text depends on what is asked: it is not kept. */
  arraysOnce<R extends unknown[]>(sql: string, ...values: Value[]): R[] {
    const statement = this.#db.prepare(sql) as ArrayStatement;
    statement.setReturnArrays(true);
    return statement.all(...values) as unknown as R[];
  }

  /** Runs reads that must agree with one another. */
  snapshot<T>(read: () => T): T {
    this.run("BEGIN");
    try {
      return read();
    } finally {
      this.run("COMMIT");
    }
  }

  close(): void {
    this.#db.close();
  }

  #arrayStatement(sql: string): StatementSync {
    let statement = this.#arrayStatements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      (statement as ArrayStatement).setReturnArrays(true);
      this.#arrayStatements.set(sql, statement);
    }
    return statement;
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** SQLite's result code, or null when the error is not SQLite's. */
export function sqliteCode(error: unknown): number | null {
  if (!(error instanceof Error)) return null;
  if ("errcode" in error && typeof error.errcode === "number") return error.errcode;
  // `exec` and the constructor pass on SQLite's words only.
  return CODES_BY_MESSAGE.get(error.message) ?? null;
}

/** Whether there was no room: the disk, a quota, or the size the database may have. */
export function isFull(error: unknown): boolean {
  const code = sqliteCode(error);
  if (code === null) return false;
  if ((code & 0xff) === SQLITE_FULL) return true;
  // The shared index of the log is written past SQLite's own check for room (SQLITE_IOERR_SHMSIZE).
  return (code & 0xff) === SQLITE_IOERR && code >> 8 === 19;
}

/** Whether the file or the disk under it is broken. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error);
  if (code === null || isFull(error)) return false;
  return [SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB].includes(code & 0xff);
}

/** Whether a commit that failed with it may, or may not, be on disk. */
export function isUncertain(error: unknown): boolean {
  return isDamage(error) && sqliteCode(error) !== SQLITE_IOERR_WRITE;
}
