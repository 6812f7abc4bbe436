/**
 * The table `sort_keys`, one row for each body that has a head, made with it and gone with it. Its columns, as `SortKeys` has them:
 * - `sent_at`: milliseconds since 1970, null without a Date that can be read.
 * - `subject`, `from_local`, `to_local`, `cc_local`, `display_from`, `display_to`: folded, so that SQLite's own comparison is the
 *   right one; empty for nothing. `is_reply`: 0 or 1.
 * - `thread`: what THREADID shows (`formatThreadId`).
 * - `links`: eight bytes for the message's own id (0: none), then eight for each reference, oldest first (`unpackLinks`).
 */
import { packLinks, type SortKeys } from "../sort_keys.ts";
import type { Database } from "./database.ts";

export function insertSortKeys(db: Database, bodyId: number, keys: SortKeys): void {
  db.run(
    `INSERT INTO sort_keys (body_id, sent_at, subject, is_reply, from_local, to_local, cc_local, display_from, display_to,
     thread, links) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    bodyId,
    keys.sentAt,
    keys.subject,
    keys.isReply ? 1 : 0,
    keys.from,
    keys.to,
    keys.cc,
    keys.displayFrom,
    keys.displayTo,
    keys.thread,
    packLinks(keys),
  );
}
