import { concatNumbers } from "../../numbers.ts";
import type { QuotaLimit } from "../../quota.ts";
import type { KeptFlags, UidCopy, UidRanges } from "../../mod.ts";
import { rangesFrom } from "../../ranges.ts";
import type { Link } from "./link.ts";

/** Ranges that go with one write. */
const MOST_RANGES = 1000;

/**
 * Makes a change slice by slice, each a write of its own, so that others get their turn in between. `write` is told whether its
 * ranges are the last ones.
 */
export async function inSlices(
  uids: UidRanges,
  write: (
    part: UidRanges,
    isLast: boolean,
  ) => Promise<{ readonly next: number | null; readonly lastUid?: number }>,
): Promise<void> {
  let rest = uids;
  let isFirst = true;
  while (isFirst || rest.length > 0) {
    const part = rest.slice(0, MOST_RANGES);
    const { next, lastUid } = await write(part, part.length === rest.length);
    // The ranges may be open at their end; what comes in meanwhile is not meant.
    if (isFirst && lastUid !== undefined) rest = upTo(rest, lastUid);
    rest = next === null ? rest.slice(MOST_RANGES) : rangesFrom(rest, next);
    isFirst = false;
  }
}

function upTo(uids: UidRanges, last: number): UidRanges {
  return uids.filter(([from]) => from <= last).map(([from, to]) => [from, Math.min(to, last)] as const);
}

export interface TransferTask {
  readonly mailboxId: number;
  readonly uids: UidRanges;
  readonly toMailboxId: number;
  readonly move: boolean;
  readonly quota: QuotaLimit | null;
  readonly keeps: KeptFlags | null;
  readonly keywordLimit: number | null;
}

/** COPY or MOVE. A copy that fails is taken back; a move that fails leaves each message in one of the two places. */
export async function transfer({ writer }: Link, task: TransferTask): Promise<UidCopy> {
  const from: Uint32Array[] = [];
  const to: number[] = [];
  let uidValidity = 0;
  let underway: number | null = null;
  try {
    await inSlices(task.uids, async (uids, isLast) => {
      const slice = await writer.doSlice("copy", { ...task, uids, isLast, underway });
      underway = slice.underway;
      uidValidity = slice.uidValidity;
      from.push(slice.from);
      for (let i = 0; i < slice.from.length; i++) to.push(slice.firstTo + i);
      return slice;
    });
    // The last ranges were beyond the end of the mailbox, and no slice was needed for them.
    if (underway !== null) await writer.doSlice("copy", { ...task, uids: [], isLast: true, underway });
  } catch (error) {
    if (underway !== null) { while (await writer.doSlice("takeBackCopy", { underway })); }
    throw error;
  }
  return { uidValidity, from: concatNumbers(from), to };
}
