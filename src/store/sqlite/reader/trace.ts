import type { TraceEvent } from "../../mod.ts";
import type { Database } from "../database.ts";
import { SLOT_MS, toTraceEvent, TRACE_COLUMNS, type TraceRecord } from "../trace_rows.ts";
import type { Query } from "./query.ts";

export const traceOf: Query<"traceOf"> = (db, { by, id, offset, limit }) =>
  db.all<TraceRecord>(
    `SELECT ${TRACE_COLUMNS} FROM trace_events e
     WHERE ${by === "message" ? "e.message = ?" : "e.session = ? AND e.message IS NULL"}
     ORDER BY e.at, e.id LIMIT ? OFFSET ?`,
    id,
    limit,
    offset,
  ).map(toTraceEvent);

/** From slot to slot, the newest first; slots in which there is nothing at all are passed over. */
export const findTrace: Query<"findTrace"> = (db, { key, since, until, limit }) =>
  db.snapshot(() => {
    const found: TraceEvent[] = [];
    const last = Math.floor(since / SLOT_MS);
    let slot = slotAtMost(db, Math.floor(until / SLOT_MS));
    while (slot !== null && slot >= last && found.length < limit) {
      const rows = db.all<TraceRecord>(
        `SELECT ${TRACE_COLUMNS} FROM trace_keys k JOIN trace_events e ON e.id = k.event_id
         WHERE k.slot = ? AND k.key = ? AND k.at >= ? AND k.at < ? ORDER BY k.at DESC, k.event_id DESC LIMIT ?`,
        slot,
        key,
        since,
        until,
        limit - found.length,
      );
      found.push(...rows.map(toTraceEvent));
      slot = slotAtMost(db, slot - 1);
    }
    return found;
  });

function slotAtMost(db: Database, slot: number): number | null {
  return db.get<{ slot: number | null }>("SELECT max(slot) AS slot FROM trace_keys WHERE slot <= ?", slot)
    ?.slot ?? null;
}
