import { StoreFull } from "../../../store/errors.ts";
import type { MessageRow, MessageRowWithDigest } from "../../../store/mod.ts";
import { decodeFetch, type FetchArguments, mergeRanges, no, ok } from "../../../wire/imap/mod.ts";
import { type Answer, type Command, command, SELECTED } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { describeError } from "../errors.ts";
import { type FetchPlan, planFetch } from "../fetch_plan.ts";
import { FetchAhead } from "../fetch_ahead.ts";
import { FetchWriter } from "../fetch_writer.ts";

type Row = MessageRow | MessageRowWithDigest;

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
  const selection = session.resolve(args.set, by);
  const plan = planFetch(args.items, { withUid: by === "uid" });
  const run = new FetchRun(session, plan);
  if (selection.count > 0) {
    const { messages } = session.store;
    const rows = plan.needsDigest
      ? messages.rowsWithDigest(session.selected.id, selection.uids)
      : messages.rows(session.selected.id, selection.uids);
    session.pace.begin();
    try {
      for await (const batch of rows) await run.batch(batch);
    } finally {
      run.close();
    }
  }
  if (run.failed > 0) return no("Some messages could not be read", { code: "SERVERBUG" });
  // A UID that is not there is no error (section 6.4.8), a message that is still in the view is (RFC 2180 section 4.1.2).
  if (by === "sequence" && run.written < selection.count) {
    return no("Some of the messages were expunged", { code: "EXPUNGEISSUED" });
  }
  return ok("Fetched");
}

class FetchRun {
  readonly #session: ImapSession;
  readonly #plan: FetchPlan;
  readonly #ahead: FetchAhead;
  readonly #writer: FetchWriter;
  written = 0;
  failed = 0;

  constructor(session: ImapSession, plan: FetchPlan) {
    this.#session = session;
    this.#plan = plan;
    this.#ahead = new FetchAhead(session.store.bodies, plan.items);
    this.#writer = new FetchWriter(session, this.#ahead);
  }

  async batch(rows: readonly Row[]): Promise<void> {
    const sets = this.#plan.setsSeen && !this.#session.selected.readOnly;
    const size = sets ? SEEN_GROUP : rows.length;
    this.#ahead.expect(rows);
    for (let at = 0; at < rows.length; at += size) {
      const group = rows.slice(at, at + size);
      const seen = sets ? await this.#markSeen(group) : NONE;
      for (const [place, row] of group.entries()) {
        this.#ahead.goOn(at + place);
        await this.#row(row, seen.get(row.uid));
      }
    }
  }

  /** The client has what it asked for, or is gone. */
  close(): void {
    this.#ahead.close();
  }

  /** The rows that changed by that, by UID. */
  async #markSeen(rows: readonly Row[]): Promise<ReadonlyMap<number, MessageRow>> {
    const unseen = rows.filter((row) => !row.flags.includes("\\Seen"));
    if (unseen.length === 0) return NONE;
    const uids = mergeRanges(unseen.map((row) => [row.uid, row.uid]));
    const change = { kind: "add", flags: ["\\Seen"] } as const;
    const { selected } = this.#session;
    try {
      const changed = await selected.changeFlags({ uids, count: unseen.length }, change, this.#session);
      return new Map(changed.map((row) => [row.uid, row]));
    } catch (error) {
      // A full disk must not keep anybody from reading.
      if (error instanceof StoreFull) return NONE;
      throw error;
    }
  }

  async #row(row: Row, seen: MessageRow | undefined): Promise<void> {
    const { items, tellsFlags } = this.#plan;
    const shown = seen === undefined ? row : { ...row, flags: seen.flags, modseq: seen.modseq };
    // What the fetch itself changed is told (RFC 3501 section 6.4.5).
    const all = seen === undefined || tellsFlags ? items : [...items, { kind: "flags" } as const];
    const failures = await this.#writer.write(shown, all);
    if (failures.length === 0) this.written++;
    else if (!await this.#isGone(row)) this.#note(row, failures);
    await this.#session.pace.rest();
  }

  /** A body that cannot be read is no fault when its message was expunged under our hands. */
  async #isGone(row: Row): Promise<boolean> {
    const { store, selected } = this.#session;
    for await (const rows of store.messages.rows(selected.id, [[row.uid, row.uid]])) {
      if (rows.length > 0) return false;
    }
    return true;
  }

  #note(row: Row, failures: readonly unknown[]): void {
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
