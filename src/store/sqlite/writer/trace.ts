import { SLOT_MS } from "../trace_rows.ts";
import type { Command, WriteContext } from "./context.ts";

/**
 * The numbers are the places in a packed event (`trace_rows.ts`). Keys lie in their own table only; the column of schema 2 stays
 * empty.
 */
export const recordTrace: Command<"recordTrace"> = ({ db }, { events }) => {
  const first = (db.get<{ last: number | null }>("SELECT max(id) AS last FROM trace_events")?.last ?? 0) + 1;
  db.run(
    `INSERT INTO trace_events (id, at, event, message, session, fields)
     SELECT ? + e.key, e.value ->> 0, e.value ->> 1, e.value ->> 2, e.value ->> 3, e.value ->> 4
     FROM json_each(?) e`,
    first,
    events,
  );
  db.run(
    `INSERT INTO trace_keys (slot, key, at, event_id)
     SELECT (e.value ->> 0) / ${SLOT_MS}, k.value, e.value ->> 0, ? + e.key
     FROM json_each(?) e, json_each(e.value, '$[5]') k WHERE k.value IS NOT NULL`,
    first,
    events,
  );
};

/** Events lie in the order in which they were written, which is nearly that of their times: no index is kept for this. */
export const purgeTrace: Command<"purgeTrace"> = (context, { before, limit }) => {
  purgeTraceKeys(context, { before, limit });
  return context.db.run(
    `DELETE FROM trace_events WHERE at < ? AND id IN (SELECT id FROM trace_events ORDER BY id LIMIT ?)`,
    before,
    limit,
  );
};

/** Whole slots only: a key may outlive its event by some minutes, and then finds nothing. How many went. */
export function purgeTraceKeys(
  { db }: WriteContext,
  { before, limit }: { readonly before: number; readonly limit: number },
): number {
  return db.run(
    `DELETE FROM trace_keys WHERE (slot, key, at, event_id) IN
     (SELECT slot, key, at, event_id FROM trace_keys WHERE slot < ? ORDER BY slot LIMIT ?)`,
    Math.floor(before / SLOT_MS),
    limit,
  );
}
