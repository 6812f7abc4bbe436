/**
 * Orders and conversations of whole mailboxes that were asked for lately. What decides them never changes in a message, and a UID is
 * never given twice: as long as a mailbox has the same next UID and as many messages, it has the same messages, and an order found
 * once holds, whatever flags were set. Each reader has a cache of its own, bounded in bytes and in time.
 */
import type { Database } from "../database.ts";
import { mailboxById, type MailboxRecord } from "../records.ts";

type Numbers = Uint32Array<ArrayBuffer>;

/** Which order of which mailbox. */
export interface Slot {
  readonly mailboxId: number;
  /** Distinct for each order and each way of threading. */
  readonly name: string;
}

/** The messages that a mailbox has, as far as its record tells. */
export interface Contents {
  readonly uidNext: number;
  readonly messages: number;
  readonly modseq: number;
}

interface Entry extends Slot {
  readonly contents: Contents;
  /** UIDs; for conversations their depths, too. Nobody changes them. */
  readonly columns: readonly Numbers[];
  readonly usedAt: number;
}

export interface OrderCacheOptions {
  readonly maxBytes?: number;
  readonly maxEntries?: number;
  /** What nobody asked for so long is dropped. */
  readonly idleMs?: number;
  readonly now?: () => number;
}

const MAX_BYTES = 8 * 1024 * 1024;
const MAX_ENTRIES = 64;
const IDLE_MS = 3 * 60_000;

export class OrderCache {
  readonly #maxBytes: number;
  readonly #maxEntries: number;
  readonly #idleMs: number;
  readonly #now: () => number;
  /** The one used last stands last. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    { maxBytes = MAX_BYTES, maxEntries = MAX_ENTRIES, idleMs = IDLE_MS, now = () => performance.now() }:
      OrderCacheOptions = {},
  ) {
    this.#maxBytes = maxBytes;
    this.#maxEntries = maxEntries;
    this.#idleMs = idleMs;
    this.#now = now;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The UIDs of all messages in this order, if it is known; not to be changed, and to be copied before it is sent. */
  order(db: Database, slot: Slot): Numbers | null {
    return db.snapshot(() => {
      const [entry, mailbox] = this.#look(db, slot);
      if (entry === null || mailbox === null) return null;
      if (isSame(entry.contents, contentsOf(mailbox))) return entry.columns[0]!;
      const rest = withoutExpunged(db, entry, mailbox);
      if (rest === null) this.#drop(slot);
      else this.keep(slot, contentsOf(mailbox), [rest]);
      return rest;
    });
  }

  /** The conversations of all messages, if they are known; as with `order`. One message less may change them all. */
  threads(db: Database, slot: Slot): { readonly uids: Numbers; readonly depths: Numbers } | null {
    const [entry, mailbox] = this.#look(db, slot);
    if (entry === null || mailbox === null) return null;
    if (isSame(entry.contents, contentsOf(mailbox))) {
      return { uids: entry.columns[0]!, depths: entry.columns[1]! };
    }
    this.#drop(slot);
    return null;
  }

  /** Keeps copies. The columns must be those of all the messages that the mailbox had when it had these contents. */
  keep(slot: Slot, contents: Contents, columns: readonly Uint32Array[]): void {
    this.#drop(slot);
    const bytes = columns.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (bytes > this.#maxBytes) return;
    this.#entries.set(keyOf(slot), {
      ...slot,
      contents,
      columns: columns.map((column) => Uint32Array.from(column)),
      usedAt: this.#now(),
    });
    this.#bytes += bytes;
    for (const oldest of this.#entries.values()) {
      if (this.#bytes <= this.#maxBytes && this.#entries.size <= this.#maxEntries) break;
      this.#drop(oldest);
    }
    this.#watch();
  }

  dropIdle(): void {
    const before = this.#now() - this.#idleMs;
    for (const entry of this.#entries.values()) if (entry.usedAt <= before) this.#drop(entry);
  }

  close(): void {
    this.#entries.clear();
    this.#bytes = 0;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #look(db: Database, slot: Slot): readonly [Entry | null, MailboxRecord | null] {
    const key = keyOf(slot);
    const entry = this.#entries.get(key);
    if (entry === undefined) return [null, null];
    const mailbox = mailboxById(db, slot.mailboxId);
    this.#entries.delete(key);
    this.#entries.set(key, { ...entry, usedAt: this.#now() });
    if (mailbox === null) this.#drop(slot);
    return [entry, mailbox];
  }

  #drop(slot: Slot): void {
    const entry = this.#entries.get(keyOf(slot));
    if (entry === undefined) return;
    this.#entries.delete(keyOf(slot));
    for (const { byteLength } of entry.columns) this.#bytes -= byteLength;
  }

  #watch(): void {
    if (this.#entries.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.dropIdle();
      this.#watch();
    }, this.#idleMs);
  }
}

export function contentsOf({ uidnext, messages, modseq }: MailboxRecord): Contents {
  return { uidNext: uidnext, messages, modseq };
}

/** Messages only go once the next UID stands, so that as many are the same ones. */
export function isSame(a: Contents, b: Contents): boolean {
  return a.uidNext === b.uidNext && a.messages === b.messages;
}

function keyOf({ mailboxId, name }: Slot): string {
  return `${mailboxId} ${name}`;
}

/** What is left of an order; null when something came in, or when the log does not tell everything that went. */
function withoutExpunged(
  db: Database,
  { mailboxId, contents, columns }: Entry,
  mailbox: MailboxRecord,
): Numbers | null {
  if (mailbox.uidnext !== contents.uidNext || mailbox.log_from > contents.modseq) return null;
  const expunged = db.arrays<[number]>(
    "SELECT uid FROM expunged WHERE mailbox_id = ? AND modseq > ?",
    mailboxId,
    contents.modseq,
  );
  const gone = new Set(expunged.map(([uid]) => uid));
  const rest = columns[0]!.filter((uid) => !gone.has(uid));
  return rest.length === mailbox.messages ? rest : null;
}
