/**
 * The group commit: all writes of a batch in one transaction, each under its own savepoint, so that one that fails
 * fails alone. No reply leaves before the commit is on disk.
 */
import { type Database, isUncertain } from "../database.ts";
import { packError } from "../packed_error.ts";
import type { Batch, BatchReply, Write, WriteKind, WriteOutcome } from "../protocol.ts";
import { setAcl } from "./acl.ts";
import { setAnnotations } from "./annotations.ts";
import { ensureAccount, removeAccount, setCredential } from "./accounts.ts";
import { abandonStaged, discardBody, stageChunk, storeStaged } from "./bodies.ts";
import { type Command, EffectLog, type WriteContext } from "./context.ts";
import { accept, append, replace } from "./delivery.ts";
import { addToFact, putFact, removeFact } from "./facts.ts";
import { createMailbox, removeMailbox, renameMailbox, subscribe } from "./mailboxes.ts";
import { claimRecent, expunge, setFlags } from "./messages.ts";
import { KeywordBook } from "./keywords.ts";
import type { Reserve } from "./reserve.ts";
import { activateScript, putScript, removeScript, renameScript } from "./scripts.ts";
import { dropSpool, flushSpool, holdSpool, postponeSpool, settle } from "./spool.ts";
import { restoreHidden } from "./hidden.ts";
import { emptyRemoved, sweep } from "./sweep.ts";
import { purgeTrace, recordTrace } from "./trace.ts";
import { copy, takeBackCopy } from "./transfer.ts";

const COMMANDS: { readonly [K in WriteKind]: Command<K> } = {
  ensureAccount,
  setCredential,
  removeAccount,
  createMailbox,
  renameMailbox,
  removeMailbox,
  subscribe,
  accept,
  append,
  replace,
  claimRecent,
  setFlags,
  expunge,
  copy,
  takeBackCopy,
  setAcl,
  setAnnotations,
  putScript,
  removeScript,
  renameScript,
  activateScript,
  storeStaged,
  stageChunk,
  discardBody,
  abandonStaged,
  settle,
  postponeSpool,
  flushSpool,
  holdSpool,
  dropSpool,
  recordTrace,
  purgeTrace,
  putFact,
  addToFact,
  removeFact,
  restoreHidden,
  emptyRemoved,
  sweep,
};

/** What makes the database grow; the rest is let through also on a disk that is full. */
const GROWING: ReadonlySet<WriteKind> = new Set([
  "accept",
  "append",
  "replace",
  "setAcl",
  "setAnnotations",
  "putScript",
  "storeStaged",
  "stageChunk",
  "recordTrace",
]);

interface BatchSettings {
  readonly reserve: Reserve;
  readonly keepsExpunged: boolean;
  /** Seconds on a clock that only goes forward. */
  readonly seconds: () => number;
}

export class BatchRunner {
  readonly #db: Database;
  readonly #settings: BatchSettings;
  readonly #keywords = new KeywordBook();
  #commits = 0;
  #commitSeconds = 0;
  #lastCommitSeconds = 0;
  #hasRoom = true;

  constructor(db: Database, settings: BatchSettings) {
    this.#db = db;
    this.#settings = settings;
  }

  run(batch: Batch): BatchReply {
    this.#commits = 0;
    this.#commitSeconds = 0;
    this.#hasRoom = this.#settings.reserve.hasRoom(this.#db);
    const outcomes: WriteOutcome[] = new Array(batch.writes.length);
    const effects = new EffectLog();
    const everyone = batch.writes.map((_, place) => place);
    if (!this.#together(batch, { places: everyone, outcomes, effects }) && everyone.length > 1) {
      // The commit itself failed (a full disk): alone, the small ones, and those that make room, may still fit.
      for (const place of everyone) this.#together(batch, { places: [place], outcomes, effects });
    }
    return {
      batch: batch.batch,
      outcomes,
      effects: effects.pack(),
      commits: this.#commits,
      commitSeconds: this.#commitSeconds,
      lastCommitSeconds: this.#lastCommitSeconds,
    };
  }

  /** Runs the writes at `places` as one transaction and notes their outcomes; false when the commit failed. */
  #together(batch: Batch, task: Task): boolean {
    let places = task.places;
    while (places.length > 0) {
      const round = this.#attempt(batch, places);
      for (const [place, outcome] of round.outcomes) task.outcomes[place] = outcome;
      this.#noteFull(round);
      if (round.kind !== "committed") this.#keywords.forget();
      if (round.kind === "lost") {
        // SQLite itself rolled the whole transaction back; begin again without the write that brought it down.
        places = places.filter((place) => place !== round.culprit);
        continue;
      }
      if (round.kind === "committed") task.effects.add(round.effects);
      return round.kind === "committed";
    }
    return true;
  }

  /** After a disk that was full nothing more is taken in this batch, and the reserve goes to the others. */
  #noteFull(round: Round): void {
    if (!this.#hasRoom) return;
    for (const outcome of round.outcomes.values()) {
      if (outcome.ok || outcome.error.kind !== "full") continue;
      this.#hasRoom = false;
      this.#settings.reserve.use(this.#db);
      return;
    }
  }

  #attempt(batch: Batch, places: readonly number[]): Round {
    const outcomes = new Map<number, WriteOutcome>();
    const effects = new EffectLog();
    try {
      this.#db.run("BEGIN IMMEDIATE");
      for (const place of places) {
        const outcome = this.#guarded(batch, batch.writes[place]!, effects);
        outcomes.set(place, outcome);
        if (!this.#db.inTransaction) {
          return { kind: "lost", culprit: place, outcomes: new Map([[place, outcome]]) };
        }
      }
      this.#commit();
      return { kind: "committed", outcomes, effects };
    } catch (error) {
      if (error instanceof CommitUncertain) throw error;
      if (this.#db.inTransaction) this.#db.run("ROLLBACK");
      const failed: WriteOutcome = { ok: false, error: packError(error) };
      return { kind: "failed", outcomes: new Map(places.map((place) => [place, failed])) };
    }
  }

  /** One write under its savepoint. */
  #guarded(batch: Batch, write: Write, effects: EffectLog): WriteOutcome {
    if (!this.#hasRoom && GROWING.has(write.kind)) return NO_ROOM;
    const own = new EffectLog();
    this.#db.run("SAVEPOINT write");
    try {
      const context = {
        db: this.#db,
        now: batch.now,
        effects: own,
        keywords: this.#keywords,
        keepsExpunged: this.#settings.keepsExpunged,
      };
      const value = execute(context, write);
      this.#db.run("RELEASE write");
      effects.add(own);
      return { ok: true, value };
    } catch (error) {
      if (this.#db.inTransaction) {
        this.#db.run("ROLLBACK TO write");
        this.#db.run("RELEASE write");
      }
      return { ok: false, error: packError(error) };
    }
  }

  #commit(): void {
    const begun = this.#settings.seconds();
    try {
      this.#db.run("COMMIT");
    } catch (error) {
      throw isUncertain(error) ? new CommitUncertain(error) : error;
    }
    this.#lastCommitSeconds = this.#settings.seconds() - begun;
    this.#commitSeconds += this.#lastCommitSeconds;
    this.#commits++;
  }
}

/**
 * The disk failed while a commit was made fast. After that the system may forget what it could not write and call the next
 * try a success, so nothing may be acknowledged any more: the writer ends, and with it the program. The next start reads
 * from the disk what is really there.
 */
export class CommitUncertain extends Error {
  override readonly name = "CommitUncertain";
  constructor(cause: unknown) {
    super(`The disk failed in a commit: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

const NO_ROOM: WriteOutcome = {
  ok: false,
  error: { kind: "full", reason: "The disk is full; what room is left is kept for clearing it" },
};

interface Task {
  readonly places: readonly number[];
  readonly outcomes: WriteOutcome[];
  readonly effects: EffectLog;
}

type Round =
  | {
    readonly kind: "committed";
    readonly outcomes: ReadonlyMap<number, WriteOutcome>;
    readonly effects: EffectLog;
  }
  | { readonly kind: "failed"; readonly outcomes: ReadonlyMap<number, WriteOutcome> }
  | { readonly kind: "lost"; readonly culprit: number; readonly outcomes: ReadonlyMap<number, WriteOutcome> };

function execute(context: WriteContext, write: Write): unknown {
  // The table pairs each kind with its own arguments; the compiler cannot see that through the union.
  return (COMMANDS[write.kind] as Command<WriteKind>)(context, write.args as never);
}
