import type { QueuedMessage } from "../../mod.ts";
import type { Database } from "../database.ts";
import { filterCondition, spoolMessage } from "../records.ts";
import type { Query } from "./query.ts";

/** Rows of the index looked at in one go. */
const DUE_STEP = 200;

/** Walks the index of due times and stops at the limit, so it costs the same however long the queue is. */
export const dueSpool: Query<"dueSpool"> = (db, { now, limit }) =>
  db.snapshot(() => {
    const ids = new Set<string>();
    let [lastAt, lastId] = [Number.MIN_SAFE_INTEGER, ""];
    while (ids.size < limit) {
      // Of a message whose recipients come due together, only the first is looked at.
      const found = db.arrays<[nextAt: number, messageId: string]>(
        `SELECT DISTINCT next_at, message_id FROM spool_recipients WHERE held = 0 AND next_at <= ?
         AND (next_at, message_id) > (?, ?) ORDER BY next_at, message_id LIMIT ${DUE_STEP}`,
        now,
        lastAt,
        lastId,
      );
      for (const [, id] of found) if (ids.size < limit) ids.add(id);
      if (found.length < DUE_STEP) break;
      [lastAt, lastId] = found[DUE_STEP - 1]!;
    }
    return messages(db, ids);
  });

export const nextDue: Query<"nextDue"> = (db) =>
  db.get<{ next_at: number | null }>("SELECT min(next_at) AS next_at FROM spool_recipients WHERE held = 0")
    ?.next_at ?? null;

export const listSpool: Query<"listSpool"> = (db, { filter, after, limit }) =>
  db.snapshot(() => {
    const { sql, values } = filterCondition(filter);
    const found = db.all<{ id: string }>(
      `SELECT s.id FROM spool_messages s WHERE s.id > ? AND EXISTS
       (SELECT 1 FROM spool_recipients r WHERE r.message_id = s.id AND ${sql}) ORDER BY s.id LIMIT ?`,
      after,
      ...values,
      limit,
    );
    return messages(db, found.map((row) => row.id));
  });

export const oneSpoolMessage: Query<"spoolMessage"> = (db, { id }) => db.snapshot(() => spoolMessage(db, id));

export const countSpool: Query<"countSpool"> = (db) =>
  db.get<{ messages: number; recipients: number }>(
    `SELECT (SELECT count(*) FROM spool_messages) AS messages,
     (SELECT count(*) FROM spool_recipients) AS recipients`,
  )!;

function messages(db: Database, ids: Iterable<string>): QueuedMessage[] {
  return [...ids].map((id) => spoolMessage(db, id)).filter((message) => message !== null);
}
