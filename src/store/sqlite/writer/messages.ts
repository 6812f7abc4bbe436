import { applyChange, DELETED, parseChange, type ParsedChange, SEEN } from "../../flags.ts";
import { packRows, type RowArray } from "../rows.ts";
import type { Command, WriteContext } from "./context.ts";
import { requireMailbox } from "./counts.ts";
import { rowsIn } from "./message_rows.ts";
import { disposeOf, logExpunged } from "./removal.ts";

/** Messages that are changed, or removed, at a time: some 10 milliseconds of the writer's time. */
const SLICE = 2000;

/** One slice of the change. */
export const setFlags: Command<"setFlags"> = (context, args) => {
  const { mailboxId, uids, change, unchangedSince, keywordLimit } = args;
  const { db, effects } = context;
  const parsed = parseChange(change);
  const modseq = requireMailbox(context, mailboxId).modseq + 1;
  const { rows, next } = rowsIn(context, mailboxId, uids, { limit: SLICE });
  const untouched = (row: RowArray) => unchangedSince === null || row[1] <= unchangedSince;
  if (rows.length > 0 && change.kind !== "remove") {
    context.keywords.require(context, mailboxId, [parsed.flags.keywords], keywordLimit);
  }
  const plan = new FlagPlan(parsed, modseq);
  const result = rows.filter(untouched).map((row) => plan.add(row));
  for (const { bits, keywords, uids } of plan.changed()) {
    db.run(
      `UPDATE messages SET modseq = ?, flags = ?, keywords = ?
       WHERE mailbox_id = ? AND uid IN (SELECT value FROM json_each(?))`,
      modseq,
      bits,
      keywords,
      mailboxId,
      JSON.stringify(uids),
    );
  }
  if (plan.hasChanges) {
    db.run(
      `UPDATE mailboxes SET modseq = ?, unseen = unseen + ?, deleted = deleted + ?, deleted_bytes = deleted_bytes + ?
       WHERE id = ?`,
      modseq,
      plan.unseen,
      plan.deleted,
      plan.deletedBytes,
      mailboxId,
    );
    effects.mailboxChanged(mailboxId, modseq);
  }
  const modified = rows.filter((row) => !untouched(row)).map((row) => row[0]);
  return { rows: packRows(result), modified, next };
};

interface FlagGroup {
  readonly bits: number;
  readonly keywords: string | null;
  readonly isChange: boolean;
  /** Those that came to these flags from the same flags. */
  readonly uids: number[];
}

/** Sorts messages by the flags that they have, of which there are few, so that each set is computed, and written, once. */
class FlagPlan {
  readonly #change: ParsedChange;
  readonly #modseq: number;
  readonly #groups = new Map<string, FlagGroup>();
  hasChanges = false;
  unseen = 0;
  deleted = 0;
  deletedBytes = 0;

  constructor(change: ParsedChange, modseq: number) {
    this.#change = change;
    this.#modseq = modseq;
  }

  /** The row as it will be. */
  add(row: RowArray): RowArray {
    const [uid, , bits, internalDate, size, bodyId, keywords, savedAt] = row;
    const group = this.#groupOf(bits, keywords);
    if (!group.isChange) return row;
    this.hasChanges = true;
    group.uids.push(uid);
    this.unseen += (bits & SEEN) - (group.bits & SEEN);
    const deleted = ((group.bits & DELETED) - (bits & DELETED)) / DELETED;
    this.deleted += deleted;
    this.deletedBytes += deleted * size;
    return [uid, this.#modseq, group.bits, internalDate, size, bodyId, group.keywords, savedAt];
  }

  changed(): FlagGroup[] {
    return [...this.#groups.values()].filter((group) => group.isChange);
  }

  #groupOf(bits: number, keywords: string | null): FlagGroup {
    const key = `${bits} ${keywords ?? ""}`;
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const next = applyChange({ bits, keywords: keywords ?? "" }, this.#change);
    const group = {
      bits: next.bits,
      keywords: next.keywords === "" ? null : next.keywords,
      isChange: next.bits !== bits || next.keywords !== (keywords ?? ""),
      uids: [],
    };
    this.#groups.set(key, group);
    return group;
  }
}

/** One slice of the removal. */
export const expunge: Command<"expunge"> = (context, { mailboxId, uids, any }) => {
  const mailbox = requireMailbox(context, mailboxId);
  const { rows, next } = rowsIn(context, mailboxId, uids, { limit: SLICE, deleted: !any });
  if (rows.length > 0) removeRows(context, mailbox, rows);
  return { uids: Uint32Array.from(rows, (row) => row[0]), next };
};

export function removeRows(
  context: WriteContext,
  mailbox: { readonly id: number; readonly account_id: number; readonly name: string },
  rows: readonly RowArray[],
): void {
  logExpunged(context, mailbox.id, rows);
  disposeOf(context, mailbox, rows);
}

export const claimRecent: Command<"claimRecent"> = (context, { mailboxId }) => {
  const mailbox = requireMailbox(context, mailboxId);
  context.db.run("UPDATE mailboxes SET recent_from = uidnext WHERE id = ?", mailboxId);
  return mailbox.recent_from;
};
