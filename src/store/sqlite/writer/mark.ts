/**
 * How far the numbers that must never be used again have come, in a small file beside the database. When an older copy of the
 * database is put back, it does not know of the UIDs that were given out after it was made, and would give them to other messages
 * under the same UIDVALIDITY. The mark shows that, and then every mailbox gets a new UIDVALIDITY (RFC 3501 section 2.3.1.1), and the
 * ids of bodies and mailboxes go on behind those that there may have been (RFC 8474 section 4).
 *
 * The mark is written within a second after mail came in, and at the end; a copy of the whole folder brings its own along.
 */
import type { Database } from "../database.ts";

interface Mark {
  /** The last ids that were given out. */
  readonly bodies: number;
  readonly mailboxes: number;
  readonly uidValidity: number;
}

const WRITE_AFTER_MS = 1000;
/** More than is given out in the time in which the mark may be behind. */
const MARGIN: Mark = { bodies: 100_000, mailboxes: 10_000, uidValidity: 10_000 };

export class HighMark {
  readonly #path: string;
  readonly #db: Database;
  #written: Mark | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(path: string, db: Database) {
    this.#path = path;
    this.#db = db;
  }

  /** Makes good what an older copy would do; whether the database is one. */
  check(): boolean {
    const known = readMark(this.#path);
    const isOlder = known !== null && isBehind(markOf(this.#db), known);
    if (isOlder) goBeyond(this.#db, known);
    this.write();
    return isOlder;
  }

  /** There were writes. */
  touch(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.write();
    }, WRITE_AFTER_MS);
  }

  /** A disk without room is no reason to fail: the mark then stays behind for a while. */
  write(): void {
    const mark = markOf(this.#db);
    if (this.#written !== null && !isBehind(this.#written, mark)) return;
    const fresh = `${this.#path}-new`;
    try {
      Deno.writeTextFileSync(fresh, `${JSON.stringify(mark)}\n`, { mode: 0o600 });
      Deno.renameSync(fresh, this.#path);
      this.#written = mark;
    } catch {
      // The next write tries again.
    }
  }

  /** The last thing before the database is closed. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.write();
  }
}

function markOf(db: Database): Mark {
  const last = (table: string) =>
    db.get<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = ?", table)?.seq ?? 0;
  const { value } = db.get<{ value: number }>("SELECT value FROM meta WHERE key = 'uidvalidity'")!;
  return { bodies: last("bodies"), mailboxes: last("mailboxes"), uidValidity: value };
}

function isBehind(mark: Mark, other: Mark): boolean {
  return mark.bodies < other.bodies || mark.mailboxes < other.mailboxes ||
    mark.uidValidity < other.uidValidity;
}

/** Null when there is none, or none that can be read. */
function readMark(path: string): Mark | null {
  try {
    const { bodies, mailboxes, uidValidity } = JSON.parse(Deno.readTextFileSync(path));
    const isMark = [bodies, mailboxes, uidValidity].every(Number.isSafeInteger);
    return isMark ? { bodies, mailboxes, uidValidity } : null;
  } catch {
    return null;
  }
}

function goBeyond(db: Database, known: Mark): void {
  const own = markOf(db);
  const first = Math.max(own.uidValidity, known.uidValidity) + MARGIN.uidValidity;
  db.exec("BEGIN IMMEDIATE");
  try {
    // Given in the order of the ids, each a number of its own.
    db.run(
      `UPDATE mailboxes SET uidvalidity = ? + n.place
       FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM mailboxes) n WHERE n.id = mailboxes.id`,
      first,
    );
    db.run(
      "UPDATE meta SET value = ? + (SELECT count(*) FROM mailboxes) WHERE key = 'uidvalidity'",
      first,
    );
    for (const table of ["bodies", "mailboxes"] as const) {
      const next = Math.max(own[table], known[table]) + MARGIN[table];
      db.run("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", next, table);
    }
    db.exec("COMMIT");
  } catch (error) {
    if (db.inTransaction) db.exec("ROLLBACK");
    throw error;
  }
}
