import { bye, type Encoder, mergeRanges, no, SYSTEM_FLAGS } from "../../wire/imap/mod.ts";
import { NoSuchMailbox, StoreFull } from "../../store/errors.ts";
import type { Changes, FlagChange, MailboxView, MessageRow, Store } from "../../store/mod.ts";
import { type Access, requireRights, type Right } from "./access.ts";
import type { Enabled } from "./enabled.ts";
import { Rejection, SessionOver } from "./errors.ts";
import { flagsWithin } from "./flag_rights.ts";
import { KnownKeywords } from "./known_keywords.ts";
import type { Output } from "./output.ts";
import { type ContextPlace, SearchContexts } from "./search_contexts.ts";
import { type Selection, Tracker } from "./tracker.ts";
import { beginFetch, encodeModseq, tellExpunged, type Telling, tellsUid } from "./updates.ts";

export interface OpenOptions {
  /** EXAMINE. */
  readonly readOnly: boolean;
  /** What the client has switched on; the session's own, since it may grow. */
  readonly enabled: Enabled;
  /** How many keywords may be in use here. */
  readonly keywordLimit: number;
  /** Called when there is something to tell. */
  readonly onChange: () => void;
}

/** When a client is told. */
export interface SyncMoment {
  /** Whether EXPUNGE may be said now (RFC 3501 section 7.4.1). */
  readonly expunge: boolean;
  /** Ask the store even though no notice has come. */
  readonly force?: boolean;
}

export interface SyncOptions extends SyncMoment {
  /** Whether the client wants to hear of flags that others change (RFC 5465). */
  readonly flags: boolean;
  /** Whether it is told the UID with them. */
  readonly withUid: boolean;
  /** Told of new messages that others put here, after EXISTS (RFC 5465 section 5.2). */
  readonly onNew: (rows: readonly MessageRow[], place: ContextPlace) => Promise<void>;
  /** Does what asks the store for a search, for as long as one may take. */
  readonly inTime: ContextPlace["inTime"];
}

/** The session, which knows what its client wants to hear. */
export interface Follower {
  sync(moment: SyncMoment): Promise<void>;
  readonly followsFlags: boolean;
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
  /** Something above `#told` was kept from the client, which only `#told` leads back to. */
  #withheld = false;
  /** The highest modseq of a message that the client was told since its last command. */
  #shownModseq = 0;
  /** It was told to keep a lower one. */
  #isCorrected = false;
  /** The highest modseq that a notice told us of. */
  #noticed: number;
  /** Changes beyond `#modseq` that this session made itself. */
  readonly #own = new Set<number>();
  /** UIDs of messages that this session put here and its client was not told of yet. */
  readonly #put = new Set<number>();
  #stopWatching: () => void = () => {};
  readonly #keywords: KnownKeywords;
  readonly #keywordLimit: number;

  private constructor(
    store: Store,
    { uids, keywords, ...view }: MailboxView,
    { readOnly, rights, enabled, keywordLimit }: Omit<OpenOptions, "onChange"> & { readonly rights: string },
  ) {
    this.#store = store;
    this.view = view;
    this.id = view.mailbox.id;
    this.readOnly = readOnly;
    this.rights = rights;
    this.enabled = enabled;
    this.#keywordLimit = keywordLimit;
    this.tracker = new Tracker(uids);
    this.#modseq = view.mailbox.highestModseq;
    this.#told = this.#modseq;
    this.#noticed = this.#modseq;
    this.#keywords = new KnownKeywords(keywords, keywordLimit);
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
      selected = new SelectedMailbox(store, view, { ...options, readOnly, rights });
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

  /** Every mod-sequence that the client is told of a message comes through here. */
  encodeModseq(encoder: Encoder, row: Pick<MessageRow, "modseq">): void {
    if (row.modseq > this.#shownModseq) this.#shownModseq = row.modseq;
    encodeModseq(encoder, row);
  }

  /**
   * What a client that resynchronises must hear at the end of a command: how far it may go although it saw a higher mod-sequence,
   * since something lower was not told yet; and then, once, that all was (RFC 7162 sections 3.2 and 6). Null when it sees for itself.
   */
  takeModseqCorrection(): number | null {
    const known = this.knownModseq;
    const sawMore = this.#shownModseq > known;
    this.#shownModseq = 0;
    if (!this.enabled.has("QRESYNC")) return null;
    const isOver = this.#isCorrected && this.#isUpToDate;
    if (sawMore) this.#isCorrected = true;
    else if (isOver) this.#isCorrected = false;
    return sawMore || isOver ? known : null;
  }

  get #isUpToDate(): boolean {
    return !this.#withheld && !this.tracker.hasGone;
  }

  // ---- Telling the client ----

  /** Brings the view up to date and tells the client what the moment allows. */
  async sync(telling: Telling, options: SyncOptions): Promise<void> {
    try {
      await this.#tellChanges(telling, options);
    } catch (error) {
      // What was taken from the store and did not come to be told is told the next time.
      this.#withheld = true;
      throw error;
    }
  }

  async #tellChanges(telling: Telling, options: SyncOptions): Promise<void> {
    const own = new Set(this.#own);
    const changes = await this.#takeChanges(options);
    telling.pace.begin();
    const place = this.#placeOf(telling, options);
    // What left a result is told at once, even where EXPUNGE must wait (RFC 5267 appendix A.3).
    await this.contexts.tellGone(place);
    if (options.expunge) await tellExpunged(telling, this.tracker);
    if (changes === null) return await this.contexts.tellChanged(place, { fresh: [], changed: [] });
    const last = this.tracker.lastUid;
    const fresh = changes.changed.filter((row) => row.uid > last);
    if (fresh.length > 0) await this.#tellFresh(fresh, { place, onNew: options.onNew });
    for (const row of changes.changed) {
      if (row.uid > last || own.has(row.modseq) || this.tracker.isGone(row.uid)) continue;
      if (!options.flags) {
        this.#withheld = true;
        continue;
      }
      this.tellFlags(telling.out, row, options);
      await place.rest();
    }
    if (this.contexts.count === 0) return;
    await this.contexts.tellChanged(place, {
      fresh: fresh.map(({ uid }) => uid),
      changed: changes.changed.map(({ uid }) => uid),
    });
  }

  #placeOf({ out, pace }: Telling, { inTime }: SyncOptions): ContextPlace {
    const rest = async () => {
      await out.room();
      await pace.rest();
    };
    return { store: this.#store, mailboxId: this.id, tracker: this.tracker, out, inTime, rest };
  }

  async #tellFresh(
    fresh: readonly MessageRow[],
    { place, onNew }: { readonly place: ContextPlace; readonly onNew: SyncOptions["onNew"] },
  ): Promise<void> {
    this.tracker.append(fresh.map((row) => row.uid));
    this.tellCounts(place.out);
    const ofOthers = fresh.filter(({ uid }) => !this.#put.has(uid));
    if (ofOthers.length > 0) await onNew(ofOthers, place);
    this.#put.clear();
  }

  /** What happened since the client was told last; null when nobody says that anything did. */
  async #takeChanges({ flags, force = false }: SyncOptions): Promise<Changes | null> {
    // A client that wants flags again is told those, too, that were kept from it (RFC 5465 section 3.1).
    const makesUp = flags && this.#withheld;
    if (!this.isBehind && !force && !makesUp) return null;
    const changes = await this.#changesSince(makesUp ? this.#told : this.#modseq);
    if (makesUp) this.#withheld = false;
    else if (this.#isUpToDate) this.#told = this.#modseq;
    this.#modseq = changes.highestModseq;
    this.#noticed = Math.max(this.#noticed, changes.highestModseq);
    this.#own.clear();
    this.tracker.markGone(changes.vanished);
    return changes;
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
      this.encodeModseq(out.encoder, row);
    }
    out.encoder.line(")");
  }

  /** After STORE.SILENT: the client knows the flags, and needs the mod-sequence (RFC 7162 section 3.1.3). */
  tellModseq(out: Output, row: MessageRow, options: { readonly withUid: boolean }): void {
    if (!beginFetch(out.encoder, row.uid, this)) return;
    if (tellsUid(this.enabled) || (options.withUid && !this.enabled.has("UIDONLY"))) {
      out.encoder.text(`UID ${row.uid} `);
    }
    this.encodeModseq(out.encoder, row);
    out.encoder.line(")");
  }

  encodeFlags(encoder: Encoder, row: MessageRow): void {
    encoder.text(this.flagsText(row.flags, { isRecent: this.isRecent(row.uid) }));
  }

  flagsText(flags: readonly string[], { isRecent }: { readonly isRecent: boolean }): string {
    return `FLAGS (${(isRecent ? [...flags, "\\Recent"] : flags).join(" ")})`;
  }

  /** Whether the client is to see the message as \Recent, which is no word any more in RFC 9051 (appendix E). */
  isRecent(uid: number): boolean {
    return uid >= this.view.mailbox.recentFrom && !this.enabled.has("IMAP4REV2");
  }

  /** Tells the client of keywords before the first message that has them (RFC 3501 section 7.2.6). */
  learnKeywords(out: Output, flags: readonly string[]): void {
    if (this.#keywords.learn(flags)) this.tellFlagList(out);
  }

  /**
   * FLAGS and PERMANENTFLAGS, the latter with what this account may change (RFC 4314 section 5.1.1), and without `\*` once the mailbox
   * has all the keywords that it may have (RFC 9051 section 7.1).
   */
  tellFlagList(out: Output): void {
    const { names, hasRoom } = this.#keywords;
    const flags = [...SYSTEM_FLAGS, ...names];
    out.line(`FLAGS (${flags.join(" ")})`);
    const permanent = this.readOnly ? [] : flagsWithin(this.rights, hasRoom ? [...flags, "\\*"] : flags);
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
    options: { readonly telling: Follower; readonly unchangedSince?: number | null },
  ): Promise<{ readonly rows: MessageRow[]; readonly modified: readonly number[] }> {
    const limit = options.unchangedSince ?? Infinity;
    const rows: MessageRow[] = [];
    let uids = selection.uids;
    for (let attempt = 1;; attempt++) {
      // Whoever does not follow flags (RFC 5465) knows none that another session could have changed.
      const isLast = attempt === MAX_ATTEMPTS || limit <= this.#modseq || !options.telling.followsFlags;
      const unchangedSince = isLast ? limit : this.#modseq;
      const wish = unchangedSince === Infinity ? {} : { unchangedSince };
      const result = await this.#store.messages.setFlags(this.id, uids, change, {
        ...wish,
        keywordLimit: this.#keywordLimit,
      });
      const left = new Set(result.modified);
      const changed = result.rows.filter((row) => !left.has(row.uid));
      rows.push(...changed);
      // After a blind attempt the next `sync` tells everything once more, which is right and only longer.
      if (unchangedSince <= this.#modseq) this.#noteOwnChange(changed);
      if (isLast || left.size === 0) {
        return { rows: rows.sort((a, b) => a.uid - b.uid), modified: result.modified };
      }
      await options.telling.sync({ expunge: false, force: true });
      uids = mergeRanges(result.modified.map((uid) => [uid, uid]));
    }
  }

  /** Messages that the session put here: no FETCH tells its client of them (RFC 5465 section 5.2). */
  notePut(uids: readonly number[]): void {
    for (const uid of uids) if (uid > this.tracker.lastUid) this.#put.add(uid);
  }

  /** Every change has a modseq of its own: those of these rows are ours, and the client need not be told again. */
  #noteOwnChange(rows: readonly MessageRow[]): void {
    this.contexts.touch(rows.map((row) => row.uid));
    for (const row of rows) if (row.modseq > this.#modseq) this.#own.add(row.modseq);
    while (this.#own.delete(this.#modseq + 1)) this.#modseq++;
  }

  get keywords(): readonly string[] {
    return this.#keywords.names;
  }
}
