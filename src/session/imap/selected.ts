import { bye, type Encoder, mergeRanges, no, SYSTEM_FLAGS } from "../../wire/imap/mod.ts";
import { NoSuchMailbox, StoreFull } from "../../store/errors.ts";
import type { Changes, FlagChange, MailboxView, MessageRow, Store } from "../../store/mod.ts";
import { type Access, requireRights, type Right } from "./access.ts";
import type { Pace } from "../pace.ts";
import { Rejection, SessionOver } from "./errors.ts";
import type { Output } from "./output.ts";
import { type Selection, Tracker } from "./tracker.ts";

export interface OpenOptions {
  /** EXAMINE. */
  readonly readOnly: boolean;
  /** Called when there is something to tell. */
  readonly onChange: () => void;
}

export interface SyncOptions {
  /** Whether EXPUNGE may be said now (RFC 3501 section 7.4.1). */
  readonly expunge: boolean;
  /** Ask the store even though no notice has come. */
  readonly force?: boolean;
}

/** Throws NO for a mailbox that was opened by EXAMINE, or without these rights (RFC 4314 section 4). */
export function requireWritable(selected: SelectedMailbox, needs: readonly Right[]): void {
  if (selected.readOnly) {
    throw new Rejection(no("The mailbox is open for reading only", { code: "READ-ONLY" }));
  }
  requireRights(selected, needs);
}

/** Where the client is told, and how long at a stretch. */
export interface Telling {
  readonly out: Output;
  readonly pace: Pace;
}

/** A full disk must not keep anybody from reading: then the messages stay \Recent for the next session. */
async function openView(
  store: Store,
  mailboxId: number,
  options: OpenOptions,
): Promise<MailboxView | null> {
  try {
    return await store.messages.open(mailboxId, { claimRecent: !options.readOnly });
  } catch (error) {
    if (!(error instanceof StoreFull)) throw error;
    return await store.messages.open(mailboxId);
  }
}

/** How often a change gives way to other sessions. */
const MAX_ATTEMPTS = 4;

/** The mailbox that a session has selected: its view, and how that follows what other sessions do. */
export class SelectedMailbox {
  readonly id: number;
  readonly readOnly: boolean;
  /** What the account may do here, as `access.ts` has it. */
  readonly rights: string;
  readonly view: MailboxView;
  readonly tracker: Tracker;
  readonly #store: Store;
  /** Everything up to here is known to the client, or waits in the tracker. */
  #modseq: number;
  /** The highest modseq that a notice told us of. */
  #noticed: number;
  /** Changes beyond `#modseq` that this session made itself. */
  readonly #own = new Set<number>();
  #stopWatching: () => void = () => {};
  /** Keywords by their lower-case form. */
  readonly #keywords = new Map<string, string>();

  private constructor(
    store: Store,
    view: MailboxView,
    { readOnly, rights }: { readonly readOnly: boolean; readonly rights: string },
  ) {
    this.#store = store;
    this.view = view;
    this.id = view.mailbox.id;
    this.readOnly = readOnly;
    this.rights = rights;
    this.tracker = new Tracker(view.uids);
    this.#modseq = view.mailbox.highestModseq;
    this.#noticed = this.#modseq;
    for (const keyword of view.keywords) this.#keywords.set(keyword.toLowerCase(), keyword);
  }

  /** Throws `NoSuchMailbox`. */
  static async open(store: Store, access: Access, options: OpenOptions): Promise<SelectedMailbox> {
    const { mailbox, rights } = access;
    let selected: SelectedMailbox | null = null;
    let noticed = 0;
    // The watch begins before the view is read, so that no change falls between the two.
    const stop = store.bus.watchMailbox(mailbox.id, ({ highestModseq }) => {
      noticed = Math.max(noticed, highestModseq);
      if (selected === null) return;
      selected.#noticed = Math.max(selected.#noticed, noticed);
      if (selected.isBehind) options.onChange();
    });
    try {
      const view = await openView(store, mailbox.id, options);
      if (view === null) throw new NoSuchMailbox();
      selected = new SelectedMailbox(store, view, { readOnly: options.readOnly, rights });
    } catch (error) {
      stop();
      throw error;
    }
    selected.#noticed = Math.max(selected.#noticed, noticed);
    selected.#stopWatching = stop;
    return selected;
  }

  close(): void {
    this.#stopWatching();
  }

  /** The store has changes that the view does not have. */
  get isBehind(): boolean {
    return this.#noticed > this.#modseq;
  }

  get recentCount(): number {
    return this.tracker.countFrom(this.view.mailbox.recentFrom);
  }

  // ---- Telling the client ----

  /** Brings the view up to date and tells the client what the moment allows. */
  async sync({ out, pace }: Telling, options: SyncOptions): Promise<void> {
    const changes = this.isBehind || options.force === true ? await this.#changes() : null;
    const own = new Set(this.#own);
    if (changes !== null) {
      this.#modseq = changes.highestModseq;
      this.#noticed = Math.max(this.#noticed, changes.highestModseq);
      this.#own.clear();
      this.tracker.markGone(changes.vanished);
    }
    pace.begin();
    if (options.expunge) await this.#tellExpunged(out, pace);
    if (changes === null) return;
    const last = this.tracker.lastUid;
    const fresh = changes.changed.filter((row) => row.uid > last);
    if (fresh.length > 0) {
      this.tracker.append(fresh.map((row) => row.uid));
      out.line(`${this.tracker.count} EXISTS`);
      out.line(`${this.recentCount} RECENT`);
    }
    for (const row of changes.changed) {
      if (row.uid > last || own.has(row.modseq) || this.tracker.isGone(row.uid)) continue;
      this.tellFlags(out, row, { withUid: false });
      await out.room();
      await pace.rest();
    }
  }

  /** `* n FETCH (FLAGS (...))` for a message of the view. */
  tellFlags(out: Output, row: MessageRow, options: { readonly withUid: boolean }): void {
    const sequence = this.tracker.sequenceOf(row.uid);
    if (sequence === 0) return;
    this.learnKeywords(out, row.flags);
    out.encoder.text(`* ${sequence} FETCH (`);
    if (options.withUid) out.encoder.text(`UID ${row.uid} `);
    this.encodeFlags(out.encoder, row);
    out.encoder.line(")");
  }

  encodeFlags(encoder: Encoder, row: MessageRow): void {
    encoder.text("FLAGS (").text(row.flags.join(" "));
    if (row.uid >= this.view.mailbox.recentFrom) {
      encoder.text(row.flags.length > 0 ? " \\Recent" : "\\Recent");
    }
    encoder.text(")");
  }

  /** Tells the client of keywords before the first message that has them (RFC 3501 section 7.2.6). */
  learnKeywords(out: Output, flags: readonly string[]): void {
    const before = this.#keywords.size;
    for (const flag of flags) {
      if (flag.startsWith("\\")) continue;
      const key = flag.toLowerCase();
      if (!this.#keywords.has(key)) this.#keywords.set(key, flag);
    }
    if (this.#keywords.size > before) this.tellFlagList(out);
  }

  /** FLAGS and PERMANENTFLAGS. */
  tellFlagList(out: Output): void {
    const flags = [...SYSTEM_FLAGS, ...this.#keywords.values()].join(" ");
    out.line(`FLAGS (${flags})`);
    const permanent = this.readOnly ? "" : `${flags} \\*`;
    out.line(`OK [PERMANENTFLAGS (${permanent})] Flags that are kept`);
  }

  async #tellExpunged(out: Output, pace: Pace): Promise<void> {
    for (const sequence of this.tracker.takeGone()) {
      out.line(`${sequence} EXPUNGE`);
      await out.room();
      await pace.rest();
    }
  }

  async #changes(): Promise<Changes> {
    try {
      return await this.#store.messages.changesSince(this.id, this.#modseq);
    } catch (error) {
      if (!(error instanceof NoSuchMailbox)) throw error;
      // RFC 2180 section 3.3: another session removed it; there is no way to take a selected mailbox back.
      throw new SessionOver(bye("The selected mailbox was removed"));
    }
  }

  // ---- What this session does itself ----

  /**
   * Changes flags; the rows as they are now, ascending. A message that another session has changed without our client knowing
   * yet is left alone at first, the client is told, and then it gets the change too: so that after STORE.SILENT the
   * client still knows all flags (RFC 3501 section 6.4.6), however the two sessions meet.
   */
  async changeFlags(selection: Selection, change: FlagChange, { out, pace }: Telling): Promise<MessageRow[]> {
    const rows: MessageRow[] = [];
    let uids = selection.uids;
    for (let attempt = 1; uids.length > 0; attempt++) {
      const isLast = attempt === MAX_ATTEMPTS;
      const options = isLast ? {} : { unchangedSince: this.#modseq };
      const result = await this.#store.messages.setFlags(this.id, uids, change, options);
      const modified = new Set(result.modified);
      const changed = result.rows.filter((row) => !modified.has(row.uid));
      rows.push(...changed);
      // After the last attempt the next `sync` tells everything once more, which is right and only longer.
      if (!isLast) this.#noteOwnChange(changed);
      if (modified.size > 0) await this.sync({ out, pace }, { expunge: false, force: true });
      uids = mergeRanges(result.modified.map((uid) => [uid, uid]));
    }
    return rows.sort((a, b) => a.uid - b.uid);
  }

  /** Every change has a modseq of its own: those of these rows are ours, and the client need not be told again. */
  #noteOwnChange(rows: readonly MessageRow[]): void {
    for (const row of rows) if (row.modseq > this.#modseq) this.#own.add(row.modseq);
    while (this.#own.delete(this.#modseq + 1)) this.#modseq++;
  }

  /** How many of these flags are keywords that the mailbox does not have yet. */
  countNewKeywords(flags: readonly string[]): number {
    return flags.filter((flag) => !flag.startsWith("\\") && !this.#keywords.has(flag.toLowerCase())).length;
  }

  get keywordCount(): number {
    return this.#keywords.size;
  }
}
