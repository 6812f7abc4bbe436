import type { MessageDigest } from "../../../wire/mime/digest.ts";
import {
  type CompiledKey,
  compileKey,
  type SearchRow,
  type SearchSubject,
  uidBounds,
} from "../../evaluate.ts";
import type { Database } from "../database.ts";
import { mailboxById } from "../records.ts";
import { ROW_COLUMNS, type RowArray } from "../rows.ts";
import { BodyGone, StoredBody } from "./body.ts";
import type { SlicedQuery } from "./query.ts";

const SLICE_ROWS = 500;
/** What deciding by a row costs, next to looking at one byte. */
const ROW_COST = 100;

export const search: SlicedQuery<"search"> = function* (db, { mailboxId, key }) {
  const found: number[] = [];
  const compiled = compileKey(key);
  const [first, last] = uidBounds(key);
  if (mailboxById(db, mailboxId) === null) return new Uint32Array(0);
  for (let from = first;;) {
    const slice = db.arrays<RowArray>(
      `SELECT ${ROW_COLUMNS} FROM messages m WHERE m.mailbox_id = ? AND m.uid BETWEEN ? AND ?
       ORDER BY m.uid LIMIT ${SLICE_ROWS}`,
      mailboxId,
      from,
      last,
    );
    for (const row of slice) {
      if (yield* matches(db, compiled, row)) found.push(row[0]);
    }
    if (slice.length < SLICE_ROWS) return Uint32Array.from(found);
    yield slice.length * ROW_COST;
    from = slice[SLICE_ROWS - 1]![0] + 1;
  }
};

function* matches(db: Database, key: CompiledKey, packed: RowArray): Generator<number, boolean> {
  const [uid, modseq, bits, internalDate, size, , keywords] = packed;
  const row: SearchRow = { uid, modseq, bits, keywords: keywords ?? "", internalDate, size };
  const decided = key.test(row);
  if (decided !== null) return decided;
  try {
    return yield* key.examine(new StoredSubject(db, row, packed[5]));
  } catch (error) {
    // Expunged and swept while we searched.
    if (error instanceof BodyGone) return false;
    throw error;
  }
}

class StoredSubject implements SearchSubject {
  readonly row: SearchRow;
  readonly #db: Database;
  readonly #bodyId: number;
  #body: StoredBody | null = null;
  #digest: MessageDigest | null = null;

  constructor(db: Database, row: SearchRow, bodyId: number) {
    this.#db = db;
    this.row = row;
    this.#bodyId = bodyId;
  }

  digest(): MessageDigest {
    this.#digest ??= this.#readDigest();
    return this.#digest;
  }

  read(start: number, end: number): Uint8Array {
    this.#body ??= new StoredBody(this.#db, this.#bodyId);
    return this.#body.read(start, end);
  }

  #readDigest(): MessageDigest {
    const head = this.#db.get<{ digest: string }>("SELECT digest FROM heads WHERE body_id = ?", this.#bodyId);
    if (head === undefined) throw new BodyGone(`There is no body ${this.#bodyId} any more`);
    return JSON.parse(head.digest);
  }
}
