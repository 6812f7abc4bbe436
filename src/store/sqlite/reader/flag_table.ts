import { type FlagMark, packFlags } from "../../flag_table.ts";
import type { Database } from "../database.ts";
import { mailboxById } from "../records.ts";
import { inRangesSql } from "../rows.ts";
import type { Query } from "./query.ts";

/** The most that one page holds: about a millisecond of work. */
const PAGE_ROWS = 5000;

/** Columns as JSON texts that SQLite builds are read in a quarter of the time that rows take. */
const COLUMNS = `SELECT json_group_array(uid), json_group_array(modseq),
  json_group_array(iif(keywords IS NULL, flags, flags || ' ' || keywords))
  FROM (${inRangesSql({ columns: "m.uid, m.modseq, m.flags, m.keywords" })})`;

export const flagTable: Query<"flagTable"> = (db, { mailboxId, uids }) => {
  const [uidColumn, modseqColumn, flagColumn] = readColumns(db, mailboxId, JSON.stringify(uids));
  const found = Uint32Array.from(JSON.parse(uidColumn) as number[]);
  const marks = JSON.parse(flagColumn) as FlagMark[];
  return {
    rows: {
      uids: found,
      modseqs: Float64Array.from(JSON.parse(modseqColumn) as number[]),
      ...packFlags(marks),
    },
    nextUid: found.length < PAGE_ROWS ? null : found[PAGE_ROWS - 1]! + 1,
  };
};

type Columns = [uids: string, modseqs: string, flags: string];

function readColumns(db: Database, mailboxId: number, ranges: string): Columns {
  if (mailboxById(db, mailboxId) === null) return ["[]", "[]", "[]"];
  return db.arrays<Columns>(COLUMNS, ranges, mailboxId, PAGE_ROWS)[0]!;
}
