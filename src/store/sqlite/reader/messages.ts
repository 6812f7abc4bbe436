import { NoSuchMailbox } from "../../errors.ts";
import type { UidRanges } from "../../mod.ts";

import type { Database } from "../database.ts";
import type { ChangePage, Page } from "../protocol.ts";
import { mailboxById } from "../records.ts";
import { rangesFrom } from "../../ranges.ts";
import {
  inRangesSql,
  packRows,
  packShown,
  ROW_COLUMNS,
  type RowArray,
  type RowArrayWithDigest,
  type ShownRowArray,
} from "../rows.ts";
import type { Query } from "./query.ts";

/** The most that one page holds, so that neither thread works on it for long. */
const PAGE_ROWS = 1000;
const PAGE_CHARS = 256 * 1024;
/** Of changes; most are of new mail, or few. */
const CHANGED_ROWS = 2000;

interface Source<R> {
  readonly sql: string;
  /** Rows fetched at a time: few where a row may be large. */
  readonly step: number;
  readonly weigh: (row: R) => number;
}

const ROWS: Source<RowArray> = {
  sql: inRangesSql({ columns: ROW_COLUMNS }),
  step: PAGE_ROWS,
  weigh: () => 0,
};

const DIGESTS: Source<RowArrayWithDigest> = {
  sql: inRangesSql({
    columns: `${ROW_COLUMNS}, h.digest`,
    join: "CROSS JOIN heads h ON h.body_id = m.body_id",
  }),
  step: 25,
  weigh: (row) => row[8].length,
};

function shownSource(columns: string, step: number): Source<ShownRowArray> {
  return {
    sql: inRangesSql({
      columns: `${ROW_COLUMNS}, s.header_size, ${columns}`,
      join: "CROSS JOIN shown s ON s.body_id = m.body_id",
    }),
    step,
    weigh: (row) => (row[10]?.length ?? 0) + (row[11]?.length ?? 0),
  };
}

const HEADER_SIZES = shownSource("0, NULL, NULL", PAGE_ROWS);
const SHOWN = shownSource("s.envelope_size, s.texts, NULL", 100);
const SHOWN_IN_UTF8 = shownSource(
  `s.envelope_size, s.texts,
  CASE WHEN s.depends_on_utf8 = 1 THEN (SELECT digest FROM heads WHERE body_id = s.body_id) END`,
  25,
);

export const rows: Query<"rows"> = (db, args) => {
  const page = collect(db, args, ROWS);
  return { rows: packRows(page.rows), nextUid: page.nextUid };
};

export const digests: Query<"digests"> = (db, args) => {
  const page = collect(db, args, DIGESTS);
  return {
    rows: { ...packRows(page.rows), digests: page.rows.map((row) => row[8]) },
    nextUid: page.nextUid,
  };
};

export const shown: Query<"shown"> = (db, args) => {
  const page = collect(db, args, args.texts ? args.utf8 ? SHOWN_IN_UTF8 : SHOWN : HEADER_SIZES);
  return { rows: packShown(page.rows), nextUid: page.nextUid };
};

function collect<R extends RowArray | RowArrayWithDigest | ShownRowArray>(
  db: Database,
  { mailboxId, uids }: { readonly mailboxId: number; readonly uids: UidRanges },
  source: Source<R>,
): Page<R[]> {
  const found: R[] = [];
  if (mailboxById(db, mailboxId) === null) return { rows: found, nextUid: null };
  let weight = 0;
  let rest = uids;
  while (rest.length > 0) {
    const limit = Math.min(source.step, PAGE_ROWS - found.length);
    if (limit === 0 || weight > PAGE_CHARS) return { rows: found, nextUid: rest[0]![0] };
    const part = rest.slice(0, limit);
    const more = db.arrays<R>(source.sql, JSON.stringify(part), mailboxId, limit);
    for (const row of more) {
      found.push(row);
      weight += source.weigh(row);
    }
    rest = more.length < limit ? rest.slice(part.length) : rangesFrom(rest, more[limit - 1]![0] + 1);
  }
  return { rows: found, nextUid: null };
}

/**
 * One page of what changed, in the order of change. A message that changes again while the pages are read is found again at the
 * end, so nothing is missed; the last page's figures hold for the whole.
 */
export const changes: Query<"changes"> = (db, args) => db.snapshot(() => readChanges(db, args));

const readChanges = (
  db: Database,
  { mailboxId, modseq, after }: Parameters<typeof changes>[1],
): ChangePage => {
  const mailbox = mailboxById(db, mailboxId);
  if (mailbox === null) throw new NoSuchMailbox();
  const [afterModseq, afterUid] = after ?? [modseq, 0xffffffff];
  const found = db.arrays<RowArray>(
    `SELECT ${ROW_COLUMNS} FROM messages m WHERE m.mailbox_id = ? AND (m.modseq, m.uid) > (?, ?)
     ORDER BY m.modseq, m.uid LIMIT ${CHANGED_ROWS}`,
    mailboxId,
    afterModseq,
    afterUid,
  );
  const last = found.length === CHANGED_ROWS ? found[CHANGED_ROWS - 1]! : null;
  return {
    highestModseq: mailbox.modseq,
    uidNext: mailbox.uidnext,
    rows: packRows(found),
    vanished: last === null ? vanishedSince(db, mailboxId, modseq) : new Uint32Array(0),
    vanishedComplete: modseq >= mailbox.log_from,
    next: last === null ? null : [last[1], last[0]],
  };
};

function vanishedSince(db: Database, mailboxId: number, modseq: number): Uint32Array<ArrayBuffer> {
  const found = db.arrays<[number]>(
    "SELECT uid FROM expunged WHERE mailbox_id = ? AND modseq > ?",
    mailboxId,
    modseq,
  );
  return Uint32Array.from(found, ([uid]) => uid).sort();
}
