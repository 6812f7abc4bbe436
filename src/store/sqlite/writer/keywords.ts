/**
 * How many keywords a mailbox may have in all. They stand in its messages only, so counting them means looking at every set of
 * keywords that there is; it is done once, and then only what has changed since is looked at.
 */
import { tooManyKeywords } from "../../errors.ts";
import type { WriteContext } from "./context.ts";

/** Mailboxes whose keywords are remembered; when there are more, all are counted anew. */
const MOST_MAILBOXES = 500;
/** More messages than that are not looked through for what changed: counting all anew costs what there is of sets, not of messages. */
const MOST_CHANGED = 20_000;
/** What is remembered does not shrink with the mailbox. Where it is in the way it is made anew, but not for every command. */
const COUNT_AGAIN_MS = 10_000;

interface KnownKeywords {
  /** Without regard to case. */
  readonly names: Set<string>;
  /** The mailbox's modseq up to which they are known. */
  modseq: number;
  readonly countedAt: number;
}

/** What one writer knows of the keywords in its mailboxes. */
export class KeywordBook {
  readonly #mailboxes = new Map<number, KnownKeywords>();

  /**
   * Throws when the mailbox would have more keywords than that with these sets of them. To be asked before the write changes the
   * mailbox: what is taken down must never be the work of a write that fails and is taken back.
   */
  require(context: WriteContext, mailboxId: number, added: Iterable<string>, limit: number | null): void {
    if (limit === null) return;
    const wanted = namesIn(added);
    if (wanted.size === 0) return;
    if (!this.#fits(this.#known(context, mailboxId), wanted, limit)) {
      const known = this.#mailboxes.get(mailboxId)!;
      const isFresh = Math.abs(context.now - known.countedAt) < COUNT_AGAIN_MS;
      if (isFresh || !this.#fits(this.#count(context, mailboxId), wanted, limit)) {
        throw tooManyKeywords(limit);
      }
    }
  }

  /** Several writes were taken back together: what one of them did may have been taken down for the next. */
  forget(): void {
    this.#mailboxes.clear();
  }

  #fits({ names }: KnownKeywords, wanted: ReadonlySet<string>, limit: number): boolean {
    let fresh = 0;
    for (const name of wanted) if (!names.has(name)) fresh++;
    // A mailbox that has too many already still takes those that it has.
    return fresh === 0 || names.size + fresh <= limit;
  }

  #known(context: WriteContext, mailboxId: number): KnownKeywords {
    const known = this.#mailboxes.get(mailboxId);
    if (known === undefined) return this.#count(context, mailboxId);
    const modseq = modseqOf(context, mailboxId);
    if (modseq === known.modseq) return known;
    const changed = keywordsSince(context, mailboxId, known.modseq);
    if (changed.length === MOST_CHANGED) return this.#count(context, mailboxId);
    addNames(known.names, changed);
    known.modseq = modseq;
    return known;
  }

  #count(context: WriteContext, mailboxId: number): KnownKeywords {
    if (this.#mailboxes.size >= MOST_MAILBOXES) this.#mailboxes.clear();
    const names = new Set<string>();
    addNames(names, allKeywords(context, mailboxId));
    const known = { names, modseq: modseqOf(context, mailboxId), countedAt: context.now };
    this.#mailboxes.set(mailboxId, known);
    return known;
  }
}

function namesIn(sets: Iterable<string>): Set<string> {
  const names = new Set<string>();
  addNames(names, sets);
  return names;
}

function addNames(names: Set<string>, sets: Iterable<string>): void {
  for (const set of new Set(sets)) {
    if (set === "") continue;
    for (const name of set.toLowerCase().split(" ")) names.add(name);
  }
}

function modseqOf({ db }: WriteContext, mailboxId: number): number {
  return db.get<{ modseq: number }>("SELECT modseq FROM mailboxes WHERE id = ?", mailboxId)?.modseq ?? 0;
}

/** From each set to the next in the index: a million messages with twenty sets take as long as twenty messages. */
function allKeywords({ db }: WriteContext, mailboxId: number): string[] {
  return db.arrays<[string]>(
    `WITH RECURSIVE sets (keywords) AS (
       SELECT min(keywords) FROM messages WHERE mailbox_id = ?1 AND keywords IS NOT NULL
       UNION ALL
       SELECT (SELECT min(m.keywords) FROM messages m WHERE m.mailbox_id = ?1 AND m.keywords > sets.keywords)
       FROM sets WHERE sets.keywords IS NOT NULL)
     SELECT keywords FROM sets WHERE keywords IS NOT NULL`,
    mailboxId,
  ).map(([keywords]) => keywords);
}

/** One for each message that has changed, up to `MOST_CHANGED`. */
function keywordsSince({ db }: WriteContext, mailboxId: number, modseq: number): string[] {
  return db.arrays<[string | null]>(
    `SELECT keywords FROM messages INDEXED BY messages_by_modseq WHERE mailbox_id = ? AND modseq > ?
     LIMIT ${MOST_CHANGED}`,
    mailboxId,
    modseq,
  ).map(([keywords]) => keywords ?? "");
}
