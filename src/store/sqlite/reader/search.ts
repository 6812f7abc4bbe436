/**
 * Searches a mailbox. What SQL can tell of the rows narrows it down first, then what the index knows of the texts; only where
 * both leave it open a message is looked into.
 */
import { type CompiledKey, compileKey, type SearchRow, uidBounds } from "../../evaluate.ts";
import type { SearchKey } from "../../search.ts";
import type { Database, Value } from "../database.ts";
import type { IndexAnswers } from "../index/lookup.ts";
import { mailboxById } from "../records.ts";
import { ROW_COLUMNS, type RowArray } from "../rows.ts";
import { BodyGone } from "./body.ts";
import type { SlicedQuery } from "./query.ts";
import { rowCondition } from "./row_condition.ts";
import { StoredSubject } from "./subject.ts";

/** Messages whose ids are read in one go, and messages whose rows are. */
const ID_STEP = 5000;
const ROW_STEP = 500;
/** What reading an id, or a row, costs next to looking at one byte. */
const ID_COST = 10;
const ROW_COST = 100;

interface Task {
  readonly db: Database;
  readonly mailboxId: number;
  readonly key: SearchKey;
  readonly compiled: CompiledKey;
  /** Null: there is no index, or it knows nothing of this. */
  readonly answers: IndexAnswers | null;
  /** The rows that can match at all. */
  readonly source: { readonly sql: string; readonly values: readonly Value[]; readonly exact: boolean };
}

export const search: SlicedQuery<"search"> = function* (db, { mailboxId, key }, { report, index }) {
  const mailbox = mailboxById(db, mailboxId);
  if (mailbox === null) return new Uint32Array(0);
  const answers = index === null ? null : yield* index.consult(key, mailbox.messages);
  const task: Task = {
    db,
    mailboxId,
    key,
    compiled: compileKey(key),
    answers,
    source: sourceOf(mailboxId, key),
  };
  const found: number[] = [];
  const [first, last] = uidBounds(key);
  let done = 0;
  for (let from = first; from <= last;) {
    const ids = readIds(task, from, last);
    const open: number[] = [];
    for (const [place, uid] of ids.uids.entries()) {
      const known = task.source.exact ? true : answers?.decide(key, ids.bodies[place]!) ?? null;
      if (known === true) found.push(uid);
      else if (known === null) open.push(uid);
    }
    yield ids.uids.length * ID_COST;
    for (let at = 0; at < open.length; at += ROW_STEP) {
      yield* lookInto(task, open.slice(at, at + ROW_STEP), found);
      report(done + at, mailbox.messages);
    }
    if (ids.uids.length < ID_STEP) break;
    done += ids.uids.length;
    from = ids.uids.at(-1)! + 1;
  }
  return Uint32Array.from(found).sort();
};

function sourceOf(mailboxId: number, key: SearchKey): Task["source"] {
  const condition = rowCondition(key);
  const joined = condition?.joins ? "JOIN sort_keys k ON k.body_id = m.body_id" : "";
  return {
    sql: `FROM messages m ${joined} WHERE m.mailbox_id = ? AND ${condition?.sql ?? "1"}`,
    values: [mailboxId, ...condition?.values ?? []],
    exact: condition?.exact ?? false,
  };
}

/** The next messages that can match, ascending. One JSON text is read faster than thousands of rows. */
function readIds(
  { db, source }: Task,
  from: number,
  last: number,
): { readonly uids: number[]; readonly bodies: number[] } {
  // Nobody looks into messages whose rows decide.
  const bodies = source.exact ? "'[]'" : "json_group_array(body_id)";
  const found = db.get<{ uids: string; bodies: string }>(
    `SELECT json_group_array(uid) AS uids, ${bodies} AS bodies FROM
     (SELECT m.uid, m.body_id ${source.sql} AND m.uid BETWEEN ? AND ? ORDER BY m.uid LIMIT ${ID_STEP})`,
    ...source.values,
    from,
    last,
  )!;
  return { uids: JSON.parse(found.uids), bodies: JSON.parse(found.bodies) };
}

/** Decides about messages by their rows and, where these do not tell, by their texts. */
function* lookInto(task: Task, uids: readonly number[], found: number[]): Generator<number, void> {
  const rows = task.db.arrays<RowArray>(
    `SELECT ${ROW_COLUMNS} FROM messages m WHERE m.mailbox_id = ? AND m.uid IN (SELECT value FROM json_each(?))`,
    task.mailboxId,
    JSON.stringify(uids),
  );
  for (const row of rows) {
    if (yield* matches(task, row)) found.push(row[0]);
  }
  yield rows.length * ROW_COST;
}

function* matches({ db, compiled, answers }: Task, packed: RowArray): Generator<number, boolean> {
  const [uid, modseq, bits, internalDate, size, bodyId, keywords, savedAt] = packed;
  const row: SearchRow = {
    uid,
    modseq,
    bits,
    keywords: keywords ?? "",
    internalDate,
    savedAt,
    size,
    bodyId,
    ...(answers === null ? {} : { known: (key: SearchKey) => answers.knows(key, bodyId) }),
  };
  const decided = compiled.test(row);
  if (decided !== null) return decided;
  try {
    return yield* compiled.examine(new StoredSubject(db, row, bodyId));
  } catch (error) {
    // Expunged and swept while we searched.
    if (error instanceof BodyGone) return false;
    throw error;
  }
}
