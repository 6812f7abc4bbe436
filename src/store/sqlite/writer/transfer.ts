/**
 * COPY and MOVE, a slice for each write: what is found in the ranges up to some thousand messages, by a few statements for all of
 * them, since one for each would take several times as long.
 */
import type { QuotaLimit } from "../../quota.ts";
import { keptBits } from "../../flags.ts";
import type { KeptFlags, UidRanges } from "../../mod.ts";
import type { TransferSlice } from "../protocol.ts";
import type { Command, WriteContext } from "./context.ts";
import type { RowArray } from "../rows.ts";
import { countMessages, requireMailbox } from "./counts.ts";
import { deleteRows, rowsIn, uidList } from "./message_rows.ts";
import { retainBodies } from "./references.ts";
import { disposeOf, logExpunged } from "./removal.ts";
import { requireWithin } from "./room.ts";

/** Messages that are transferred at a time: some 10 milliseconds of the writer's time. */
const SLICE = 2000;

export const copy: Command<"copy"> = (context, args) => {
  const { mailboxId: from, toMailboxId: to, underway, ...how } = args;
  const slice = transferMessages(context, { from, to, ...how });
  const isDone = args.move || (slice.next === null && args.isLast);
  return { ...slice, underway: noteUnderway(context, { slice, toMailboxId: to, isDone, underway }) };
};

/** Takes back one slice of a copy that failed, or was broken off by the end of the program; true when there is more. */
export const takeBackCopy: Command<"takeBackCopy"> = (context, { underway }) => {
  const { db } = context;
  const slice = db.get<{ id: number; mailbox_id: number; first_uid: number; last_uid: number }>(
    `SELECT id, mailbox_id, first_uid, last_uid FROM copies_underway WHERE ?1 IS NULL OR copy = ?1
     ORDER BY id DESC LIMIT 1`,
    underway,
  );
  if (slice === undefined) return false;
  const { rows } = rowsIn(context, slice.mailbox_id, [[slice.first_uid, slice.last_uid]], {
    limit: Infinity,
  });
  const mailbox = db.get("SELECT 1 FROM mailboxes WHERE id = ? AND removed = 0", slice.mailbox_id);
  // Of a mailbox that was removed meanwhile the sweeper takes care.
  if (rows.length > 0 && mailbox !== undefined) {
    logExpunged(context, slice.mailbox_id, rows);
    disposeOf({ ...context, keepsExpunged: false }, { id: slice.mailbox_id, account_id: 0, name: "" }, rows);
  }
  db.run("DELETE FROM copies_underway WHERE id = ?", slice.id);
  return true;
};

interface Transfer {
  readonly from: number;
  readonly to: number;
  readonly uids: UidRanges;
  /** A moved message takes its reference to the body along; a copied one adds a reference. */
  readonly move: boolean;
  readonly quota: QuotaLimit | null;
  readonly keeps: KeptFlags | null;
  readonly keywordLimit: number | null;
}

function transferMessages(
  context: WriteContext,
  { from, to, uids, move, quota, keeps, keywordLimit }: Transfer,
): Omit<TransferSlice, "underway"> {
  const target = requireMailbox(context, to);
  const source = requireMailbox(context, from);
  // What comes in from now on is not meant, least of all the copies themselves.
  const lastUid = source.uidnext - 1;
  const { rows, next } = rowsIn(context, from, clip(uids, lastUid), { limit: SLICE });
  const result = {
    uidValidity: target.uidvalidity,
    from: Uint32Array.from(rows, (row) => row[0]),
    firstTo: target.uidnext,
    next,
    lastUid,
  };
  if (rows.length === 0) return result;
  const bits = keeps === null ? ALL_BITS : keptBits(keeps);
  const kept = { bits, keywords: keeps?.others ?? true };
  if (kept.keywords) context.keywords.require(context, to, rows.map((row) => row[6] ?? ""), keywordLimit);
  const modseq = countMessages(context, to, { rows: rows.map((row) => withBits(row, bits)), sign: 1 });
  insertCopies(context, { from, to, uids: uidList(rows), firstTo: target.uidnext, modseq, kept });
  context.effects.mailboxChanged(to, modseq);
  if (move) {
    logExpunged(context, from, rows);
    deleteRows(context, from, uidList(rows));
  } else {
    retainBodies(context, rows.map((row) => row[5]));
  }
  const staysInAccount = move && source.account_id === target.account_id;
  if (!staysInAccount) requireWithin(context, target.account_id, quota);
  return result;
}

const ALL_BITS = -1;

/** The row with these of its system flags at most. */
function withBits(row: RowArray, bits: number): RowArray {
  const [uid, modseq, flags, ...rest] = row;
  return [uid, modseq, flags & bits, ...rest];
}

function clip(uids: UidRanges, last: number): UidRanges {
  if (uids.length === 0 || uids.at(-1)![1] <= last) return uids;
  return uids.filter(([from]) => from <= last).map(([from, to]) => [from, Math.min(to, last)] as const);
}

interface Copies {
  readonly from: number;
  readonly to: number;
  readonly uids: string;
  readonly firstTo: number;
  readonly modseq: number;
  /** What of the flags comes along. */
  readonly kept: { readonly bits: number; readonly keywords: boolean };
}

function insertCopies({ db, now }: WriteContext, { from, to, uids, firstTo, modseq, kept }: Copies): void {
  db.run(
    `INSERT INTO messages (mailbox_id, uid, modseq, flags, keywords, internal_date, size, body_id, saved_at)
     SELECT ?, ? + e.key, ?, m.flags & ?, iif(?, m.keywords, NULL), m.internal_date, m.size, m.body_id, ?
     FROM json_each(?) e CROSS JOIN messages m ON m.mailbox_id = ? AND m.uid = e.value`,
    to,
    firstTo,
    modseq,
    kept.bits,
    kept.keywords ? 1 : 0,
    now,
    uids,
    from,
  );
}

interface Underway {
  readonly slice: Omit<TransferSlice, "underway">;
  readonly toMailboxId: number;
  readonly isDone: boolean;
  readonly underway: number | null;
}

/**
 * Keeps note of the slices of a copy until its last one (RFC 3501 section 6.4.7: all or nothing). A move needs none: each message
 * is in one place or the other at any time (RFC 6851 section 3.3).
 */
function noteUnderway(
  { db }: WriteContext,
  { slice, toMailboxId, isDone, underway }: Underway,
): number | null {
  if (isDone) {
    if (underway !== null) db.run("DELETE FROM copies_underway WHERE copy = ?", underway);
    return null;
  }
  const { id } = db.get<{ id: number }>(
    "INSERT INTO copies_underway (copy, mailbox_id, first_uid, last_uid) VALUES (?, ?, ?, ?) RETURNING id",
    underway ?? 0,
    toMailboxId,
    slice.firstTo,
    slice.firstTo + slice.from.length - 1,
  )!;
  if (underway === null) db.run("UPDATE copies_underway SET copy = id WHERE id = ?", id);
  return underway ?? id;
}
