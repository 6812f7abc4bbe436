import { bye, type Encoder, mergeRanges, no, SYSTEM_FLAGS } from "../../wire/imap/mod.ts";
import { NoSuchMailbox, StoreFull } from "../../store/errors.ts";
import type { Changes, FlagChange, MailboxView, MessageRow, Store } from "../../store/mod.ts";
import { type Access, requireRights, type Right } from "./access.ts";
import type { Enabled } from "./enabled.ts";
import { Rejection, SessionOver } from "./errors.ts";
import { flagsWithin } from "./flag_rights.ts";
import type { Output } from "./output.ts";
import { SearchContexts } from "./search_contexts.ts";
import { type Selection, Tracker } from "./tracker.ts";
import { beginFetch, encodeModseq, tellExpunged, type Telling, tellsUid } from "./updates.ts";

export interface OpenOptions {
  /** EXAMINE. */
  readonly readOnly: boolean;
  /** What the client has switched on; the session's own, since it may grow. */
  readonly enabled: Enabled;
  /** Called when there is something to tell. */
  readonly onChange: () => void;
}

export interface SyncOptions {
  /** Whether EXPUNGE may be said now (RFC 3501 section 7.4.1). */
  readonly expunge: boolean;
  /** Ask the store even though no notice has come. */
  readonly force?: boolean;
  /** Whether the client wants to hear of flags that others change (RFC 5465); it does unless it said otherwise. */
  readonly flags?: boolean;
  /** Told of new messages, after EXISTS (RFC 5465 section 5.2). */
  readonly onNew?: (rows: readonly MessageRow[]) => Promise<void>;
}

/** Throws NO for a mailbox that was opened by EXAMINE, or without these rights (RFC 4314 section 4). */
export function requireWritable(selected: SelectedMailbox, needs: readonly Right[]): void {
  if (selected.readOnly) {
    throw new Rejection(no("The mailbox is open for reading only", { code: "READ-ONLY" }));
  }
  requireRights(selected, needs);
}

/** A full disk must not keep anybody from reading: then the messages stay \Recent for the next session. */
async function openView(store: Store, mailboxId: number, readOnly: boolean): Promise<MailboxView | null> {
  try {
    return await store.messages.open(mailboxId, { claimRecent: !readOnly });
  } catch (error) {
    if (!(error instanceof StoreFull)) throw error;
    return await store.messages.open(mailboxId);
  }
}

/** How often a change gives way to other sessions. */
const MAX_ATTEMPTS = 4;

/** The rights by which a mailbox can be changed: without any of them SELECT is EXAMINE (RFC 4314 section 4). */
const WRITING: readonly Right[] = ["s", "w", "i", "t", "e"];

/** The mailbox that a session has selected: its view, and how that follows what other sessions do. */
export class SelectedMailbox {
  readonly id: number;
  readonly readOnly: boolean;
  /** What the account may do here, as `access.ts` has it; of another's mailbox it may change. */
  rights: string;
  readonly view: Omit<MailboxView, "uids" | "keywords">;
  readonly tracker: Tracker;
  /** Search results that the client wants to be kept up to date. */
  readonly contexts = new SearchContexts();
  readonly enabled: Enabled;
  readonly #store: Store;
  /** Everything up to here is known to the client, or waits in the tracker, or is not wanted. */
  #modseq: number;
  /** Everything up to here is known to the client. */
  #told: number;
  /** Something was kept from the client that it will not hear later. */
  #withheld = false;
  /** The highest modseq that a notice told us of. */
  #noticed: number;
  /** Changes beyond `#modseq` that this session made itself. */
  readonly #own = new Set<number>();
  #stopWatching: () => void = () => {};
  /** Keywords by their lower-case form. */
  readonly #keywords = new Map<string, string>();

  private constructor(
    store: Store,
    { uids, keywords, ...view }: MailboxView,
    { readOnly, rights, enabled }: Pick<OpenOptions, "enabled" | "readOnly"> & { readonly rights: string },
  ) {
    this.#store = store;
    this.view = view;
    this.id = view.mailbox.id;
    this.readOnly = readOnly;
    this.rights = rights;
    this.enabled = enabled;
    this.tracker = new Tracker(uids);
    this.#modseq = view.mailbox.highestModseq;
    this.#told = this.#modseq;
    this.#noticed = this.#modseq;
    for (const keyword of keywords) this.#keywords.set(keyword.toLowerCase(), keyword);
  }

  /** Throws `NoSuchMailbox`. */
  static async open(store: Store, access: Access, options: OpenOptions): Promise<SelectedMailbox> {
    const { mailbox, rights } = access;
    const readOnly = options.readOnly || !WRITING.some((right) => rights.includes(right));
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
      const view = await openView(store, mailbox.id, readOnly);
      if (view === null) throw new NoSuchMailbox();
      selected = new SelectedMailbox(store, view, { readOnly, rights, enabled: options.enabled });
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

  /**
   * HIGHESTMODSEQ as this client may keep it (RFC 7162 section 3.2.7): of what happened up to here nothing is left untold, so a
   * later resynchronisation from here misses nothing.
   */
  get knownModseq(): number {
    return this.#isUpToDate ? this.#modseq : this.#told;
  }

  get #isUpToDate(): boolean {
    return !this.#withheld && !this.tracker.hasGone;
  }

  // ---- Telling the client ----

  /** Brings the view up to date and tells the client what the moment allows. */
  async sync(telling: Telling, options: SyncOptions): Promise<void> {
    const { out, pace } = telling;
    const changes = this.isBehind || options.force === true ? await this.#changesSince(this.#modseq) : null;
    const own = new Set(this.#own);
    if (changes !== null) {
      if (this.#isUpToDate) this.#told = this.#modseq;
      this.#modseq = changes.highestModseq;
      this.#noticed = Math.max(this.#noticed, changes.highestModseq);
      this.#own.clear();
      this.tracker.markGone(changes.vanished);
    }
    pace.begin();
    const place = { store: this.#store, mailboxId: this.id, tracker: this.tracker, out };
    if (options.expunge) {
      this.contexts.tellGone(place);
      await tellExpunged(telling, this.tracker);
    }
    if (changes === null) return await this.contexts.tellChanged(place, []);
    const last = this.tracker.lastUid;
    const fresh = changes.changed.filter((row) => row.uid > last);
    if (fresh.length > 0) {
      this.tracker.append(fresh.map((row) => row.uid));
      this.tellCounts(out);
      await options.onNew?.(fresh);
    }
    for (const row of changes.changed) {
      if (row.uid > last || own.has(row.modseq) || this.tracker.isGone(row.uid)) continue;
      if (options.flags === false) {
        this.#withheld = true;
        continue;
      }
      this.tellFlags(out, row, { withUid: false });
      await out.room();
      await pace.rest();
    }
    await this.contexts.tellChanged(place, changes.changed.map((row) => row.uid));
  }

  /** EXISTS, and RECENT where that is still a word (RFC 9051 appendix E). */
  tellCounts(out: Output): void {
    out.line(`${this.tracker.count} EXISTS`);
    if (!this.enabled.has("IMAP4REV2")) out.line(`${this.recentCount} RECENT`);
  }

  /** `* n FETCH (FLAGS (...))` for a message of the view. */
  tellFlags(out: Output, row: MessageRow, options: { readonly withUid: boolean }): void {
    if (this.tracker.sequenceOf(row.uid) === 0) return;
    this.learnKeywords(out, row.flags);
    beginFetch(out.encoder, row.uid, this);
    if (tellsUid(this.enabled) || (options.withUid && !this.enabled.has("UIDONLY"))) {
      out.encoder.text(`UID ${row.uid} `);
    }
    this.encodeFlags(out.encoder, row);
    if (this.enabled.has("CONDSTORE")) {
      out.encoder.text(" ");
      encodeModseq(out.encoder, row);
    }
    out.encoder.line(")");
  }

  /** After STORE.SILENT: the client knows the flags, and needs the mod-sequence (RFC 7162 section 3.1.3). */
  tellModseq(out: Output, row: MessageRow, options: { readonly withUid: boolean }): void {
    if (!beginFetch(out.encoder, row.uid, this)) return;
    if (tellsUid(this.enabled) || (options.withUid && !this.enabled.has("UIDONLY"))) {
      out.encoder.text(`UID ${row.uid} `);
    }
    encodeModseq(out.encoder, row);
    out.encoder.line(")");
  }

  encodeFlags(encoder: Encoder, row: MessageRow): void {
    encoder.text("FLAGS (").text(row.flags.join(" "));
    if (row.uid >= this.view.mailbox.recentFrom && !this.enabled.has("IMAP4REV2")) {
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

  /** FLAGS and PERMANENTFLAGS, the latter with what this account may change (RFC 4314 section 4). */
  tellFlagList(out: Output): void {
    const flags = [...SYSTEM_FLAGS, ...this.#keywords.values()];
    out.line(`FLAGS (${flags.join(" ")})`);
    const permanent = this.readOnly ? [] : flagsWithin(this.rights, [...flags, "\\*"]);
    out.line(`OK [PERMANENTFLAGS (${permanent.join(" ")})] Flags that are kept`);
  }

  async #changesSince(modseq: number): Promise<Changes> {
    try {
      return await this.#store.messages.changesSince(this.id, modseq);
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
   * client still knows all flags (RFC 3501 section 6.4.6), however the two sessions meet. Messages with a higher mod-sequence
   * than `unchangedSince` do not get it; they are `modified` (RFC 7162 section 3.1.3).
   */
  async changeFlags(
    selection: Selection,
    change: FlagChange,
    options: { readonly telling: Telling; readonly unchangedSince?: number | null },
  ): Promise<{ readonly rows: MessageRow[]; readonly modified: readonly number[] }> {
    const limit = options.unchangedSince ?? Infinity;
    const rows: MessageRow[] = [];
    let uids = selection.uids;
    for (let attempt = 1;; attempt++) {
      const isLast = attempt === MAX_ATTEMPTS || limit <= this.#modseq;
      const unchangedSince = isLast ? limit : this.#modseq;
      const wish = unchangedSince === Infinity ? {} : { unchangedSince };
      const result = await this.#store.messages.setFlags(this.id, uids, change, wish);
      const left = new Set(result.modified);
      const changed = result.rows.filter((row) => !left.has(row.uid));
      rows.push(...changed);
      // After a blind attempt the next `sync` tells everything once more, which is right and only longer.
      if (unchangedSince <= this.#modseq) this.#noteOwnChange(changed);
      if (isLast || left.size === 0) {
        return { rows: rows.sort((a, b) => a.uid - b.uid), modified: result.modified };
      }
      await this.sync(options.telling, { expunge: false, force: true });
      uids = mergeRanges(result.modified.map((uid) => [uid, uid]));
    }
  }

  /** Every change has a modseq of its own: those of these rows are ours, and the client need not be told again. */
  #noteOwnChange(rows: readonly MessageRow[]): void {
    this.contexts.touch(rows.map((row) => row.uid));
    for (const row of rows) if (row.modseq > this.#modseq) this.#own.add(row.modseq);
    while (this.#own.delete(this.#modseq + 1)) this.#modseq++;
  }

  /**
   * The mod-sequence that a client may keep after it closed the mailbox by expunging these, untold (RFC 7162 section 3.2.8): the
   * highest only when nothing else happened meanwhile.
   */
  async modseqAfter(removed: readonly number[]): Promise<number> {
    const { changed, vanished, highestModseq } = await this.#changesSince(this.#modseq);
    const ours = new Set(removed);
    const isOurs = changed.every((row) => this.#own.has(row.modseq)) &&
      vanished.every((uid) => ours.has(uid));
    return isOurs && this.#isUpToDate ? highestModseq : this.knownModseq;
  }

  /** How many of these flags are keywords that the mailbox does not have yet. */
  countNewKeywords(flags: readonly string[]): number {
    return flags.filter((flag) => !flag.startsWith("\\") && !this.#keywords.has(flag.toLowerCase())).length;
  }

  get keywordCount(): number {
    return this.#keywords.size;
  }

  get keywords(): readonly string[] {
    return [...this.#keywords.values()];
  }
}
