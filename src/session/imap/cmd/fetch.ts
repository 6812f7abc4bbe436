import { StoreFull } from "../../../store/errors.ts";
import type { MessageRow, UidRanges } from "../../../store/mod.ts";
import {
  decodeFetch,
  type FetchArguments,
  mergeRanges,
  no,
  ok,
  partialIndexes,
} from "../../../wire/imap/mod.ts";
import { type Answer, type Command, command, SELECTED } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { describeError, Rejection } from "../errors.ts";
import { type FetchPlan, planFetch } from "../fetch_plan.ts";
import { FetchAhead } from "../fetch_ahead.ts";
import { beginChanges, selectChanged } from "../fetch_changes.ts";
import { fetchFlags } from "../fetch_flags.ts";
import { type FetchRow, readRows } from "../fetch_rows.ts";
import { FetchWriter } from "../fetch_writer.ts";
import { limited, withLimit } from "../message_limit.ts";
import type { Selection } from "../tracker.ts";
import { tellsUid } from "../updates.ts";

/** So many messages become \Seen at a time: few, so that a client that goes away finds the rest unread. */
const SEEN_GROUP = 8;
/** More failures than this are counted but not logged one by one. */
const MAX_LOGGED = 10;

/** RFC 3501 section 6.4.5. */
export const fetch: Command = command({
  states: SELECTED,
  updates: "no-expunge",
  decode: decodeFetch,
  handle: (session, args) => fetchMessages(session, args, "sequence"),
});

/** RFC 3501 section 6.4.8. */
export const uidFetch: Command = command({
  states: SELECTED,
  decode: decodeFetch,
  handle: (session, args) => fetchMessages(session, args, "uid"),
});

async function fetchMessages(
  session: ImapSession,
  args: FetchArguments,
  by: "sequence" | "uid",
): Promise<Answer> {
  const whole = session.resolve(args.set, by);
  beginChanges(session, args, by);
  const { enabled } = session;
  const plan = planFetch(args.items, {
    withUid: by === "uid" && !enabled.has("UIDONLY"),
    seenWithUid: tellsUid(enabled),
    withModseq: enabled.has("CONDSTORE"),
  });
  const wanted = await selectChanged(session, args, pageOf(session, args, whole));
  const selection = limited(session, wanted);
  const run = new FetchRun(session, plan);
  if (selection.count > 0) {
    session.pace.begin();
    if (plan.source === "flags") run.written = await fetchFlags(session, plan, selection.uids);
    else await run.rows(selection.uids);
  }
  if (run.failed > 0) return no("Some messages could not be read", { code: "SERVERBUG" });
  if (run.refusal !== null) return run.refusal.response;
  // A UID that is not there is no error (section 6.4.8), a message that is still in the view is (RFC 2180 section 4.1.2).
  if (by === "sequence" && run.written < selection.count) {
    return no("Some of the messages were expunged", { code: "EXPUNGEISSUED" });
  }
  return withLimit(session, { whole: wanted, selection }, ok("Fetched"));
}

/** RFC 9394 section 3.4: the page is cut first; of its messages CHANGEDSINCE leaves those that changed. */
function pageOf({ selected }: ImapSession, { modifiers }: FetchArguments, whole: Selection): Selection {
  if (modifiers.partial === null) return whole;
  const [start, end] = partialIndexes(modifiers.partial, whole.count);
  return selected.tracker.cut(whole, start, end);
}

class FetchRun {
  readonly #session: ImapSession;
  readonly #plan: FetchPlan;
  readonly #ahead: FetchAhead;
  readonly #writer: FetchWriter;
  written = 0;
  failed = 0;
  refusal: Rejection | null = null;

  constructor(session: ImapSession, plan: FetchPlan) {
    this.#session = session;
    this.#plan = plan;
    this.#ahead = new FetchAhead(session.store.bodies, plan.items);
    this.#writer = new FetchWriter(session, this.#ahead);
  }

  async rows(uids: UidRanges): Promise<void> {
    try {
      for await (const batch of this.#batches(uids)) await this.#batch(batch);
    } finally {
      // The client has what it asked for, or is gone.
      this.#ahead.close();
    }
  }

  /** The rows, and their bodies behind them, are on their way while those before are being written. */
  async *#batches(uids: UidRanges): AsyncGenerator<readonly FetchRow[], void> {
    const batches = readRows(this.#session, this.#plan, uids)[Symbol.asyncIterator]();
    const next = async () => {
      const batch = await batches.next();
      if (!batch.done) this.#ahead.expect(batch.value);
      return batch;
    };
    for (let coming = next();;) {
      const batch = await this.#session.pace.outside(coming);
      if (batch.done) return;
      coming = next();
      // A client that goes away must not leave a rejection that nobody sees.
      coming.catch(() => {});
      yield batch.value;
    }
  }

  async #batch(rows: readonly FetchRow[]): Promise<void> {
    const { out, pace, selected: { readOnly, rights } } = this.#session;
    // RFC 4314 section 4: without the right "s" reading leaves no trace.
    const sets = this.#plan.setsSeen && !readOnly && rights.includes("s");
    const size = sets ? SEEN_GROUP : rows.length;
    for (let at = 0; at < rows.length; at += size) {
      const group = rows.slice(at, at + size);
      const seen = sets ? await this.#markSeen(group) : NONE;
      for (const row of group) {
        // Where nothing has to wait nothing is awaited: a FETCH of ten thousand messages would spend half its time on that.
        const coming = this.#ahead.goOn();
        if (coming !== null) await pace.outside(coming);
        const changed = seen.get(row.uid);
        if (changed === undefined && this.#writer.writeAtOnce(row, this.#plan.items)) this.written++;
        else await this.#row(row, changed);
        if (out.isFull) await out.room();
        if (pace.isDue) await pace.rest();
      }
    }
  }

  /** The rows that changed by that, by UID. */
  async #markSeen(rows: readonly FetchRow[]): Promise<ReadonlyMap<number, MessageRow>> {
    const unseen = rows.filter((row) => !row.flags.includes("\\Seen"));
    if (unseen.length === 0) return NONE;
    const uids = mergeRanges(unseen.map((row) => [row.uid, row.uid]));
    const change = { kind: "add", flags: ["\\Seen"] } as const;
    const { selected } = this.#session;
    const selection = { uids, count: unseen.length };
    try {
      const { rows } = await selected.changeFlags(selection, change, { telling: this.#session });
      return new Map(rows.map((row) => [row.uid, row]));
    } catch (error) {
      // A full disk must not keep anybody from reading.
      if (error instanceof StoreFull) return NONE;
      throw error;
    }
  }

  async #row(row: FetchRow, seen: MessageRow | undefined): Promise<void> {
    const { items, tellsFlags } = this.#plan;
    const shown = seen === undefined ? row : { ...row, flags: seen.flags, modseq: seen.modseq };
    // What the fetch itself changed is told (RFC 3501 section 6.4.5).
    const all = seen === undefined || tellsFlags ? items : [...items, { kind: "flags" } as const];
    const failures = await this.#writer.write(shown, all);
    const faults = failures.length === 0 ? failures : this.#takeRefusals(failures);
    if (faults.length === 0) this.written++;
    else if (!await this.#isGone(row)) this.#note(row, faults);
  }

  /** What the message itself does not allow is said at the end; the rest is our fault. */
  #takeRefusals(failures: readonly unknown[]): readonly unknown[] {
    return failures.filter((failure) => {
      if (!(failure instanceof Rejection)) return true;
      this.refusal ??= failure;
      return false;
    });
  }

  /** A body that cannot be read is no fault when its message was expunged under our hands. */
  async #isGone(row: FetchRow): Promise<boolean> {
    const { store, selected } = this.#session;
    for await (const rows of store.messages.rows(selected.id, [[row.uid, row.uid]])) {
      if (rows.length > 0) return false;
    }
    return true;
  }

  #note(row: FetchRow, failures: readonly unknown[]): void {
    this.written++;
    if (++this.failed > MAX_LOGGED) return;
    const { log, selected } = this.#session;
    log.error("body-unreadable", {
      mailbox: selected.id,
      uid: row.uid,
      body: row.bodyId,
      error: describeError(failures[0]),
    });
  }
}

const NONE: ReadonlyMap<number, MessageRow> = new Map();
