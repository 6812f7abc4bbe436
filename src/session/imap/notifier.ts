import { type NotifyGroup, ok, type StatusItem } from "../../wire/imap/mod.ts";
import type { AccountNotice, Mailbox } from "../../store/mod.ts";
import type { ImapSession } from "./context.ts";
import { isBelowShared } from "./mailbox_names.ts";
import { tellListed, tellMetadata } from "./notices.ts";
import {
  anyAsksFor,
  eventsFor,
  maySeeShared,
  type NamedMailbox,
  type SelectedWish,
  selectedWish,
  type Watch,
  watchOf,
} from "./notify_filter.ts";
import { namesTold, type NameWishes, OwnNames } from "./notify_names.ts";
import { type Figures, type Look, type Watched, WatchedMailboxes } from "./notify_watch.ts";
import { ANYONE } from "./rights.ts";
import { writeStatus } from "./status_figures.ts";

type Annotated = Extract<AccountNotice, { readonly what: "annotations" }>;

export interface PutMessages {
  readonly uids: readonly number[];
  /** How many mod-sequences that took, where nothing came between: each APPEND one, a COPY one for all. */
  readonly modseqs: number;
}

/**
 * What a session tells of mailboxes that it has not selected (RFC 5465). Notices are only remembered as "look there": what is
 * told is found out when it can be sent, as the difference to what the client knows. So a client that reads
 * slowly costs one entry for each mailbox, however much happens.
 */
export class Notifier {
  readonly #session: ImapSession;
  readonly #groups: readonly Watch[];
  readonly selected: SelectedWish;
  readonly #mailboxes: WatchedMailboxes;
  readonly #changed = new Set<number>();
  readonly #ownNames = new OwnNames();
  #subscribed: ReadonlySet<string> = new Set();
  #annotated: Annotated[] = [];
  #mailboxesMoved = false;
  #subscriptionsMoved = false;
  /** Names whose subscription has changed, of which the client wants to hear. */
  readonly #resubscribed = new Set<string>();
  #overflown = false;
  /** Ends listening to an account: the session's, `anyone`, and the owners of what is shared with it. */
  readonly #topics = new Map<string, () => void>();

  private constructor(session: ImapSession, groups: readonly NotifyGroup[]) {
    this.#session = session;
    this.#groups = groups.map(watchOf);
    this.selected = selectedWish(groups);
    this.#mailboxes = new WatchedMailboxes(session, {
      shared: maySeeShared(groups),
      names: anyAsksFor(groups, "MailboxName"),
      means: (mailbox) => this.#eventsOf(mailbox).size > 0,
      onChange: (id) => {
        this.#changed.add(id);
        if (session.selectedOrNull?.id !== id) session.hasNews();
      },
    });
  }

  /**
   * Begins to watch, and tells of what the client named and may not read (section 3.1); null when that would be more mailboxes
   * than a session may watch.
   */
  static async start(session: ImapSession, groups: readonly NotifyGroup[]): Promise<Notifier | null> {
    const notifier = new Notifier(session, groups);
    const others = groups.filter(({ filter }) => !filter.kind.startsWith("selected"));
    if (others.length === 0) return notifier;
    try {
      await notifier.#begin();
    } catch (error) {
      notifier.stop();
      throw error;
    }
    if (!notifier.#overflown) return notifier;
    notifier.stop();
    return null;
  }

  async #begin(): Promise<void> {
    const { account, store } = this.#session;
    this.#listen(account);
    if (maySeeShared(this.#groups)) this.#listen(ANYONE);
    this.#subscribed = new Set(await store.mailboxes.subscriptions(account));
    const look = await this.#look();
    for (const { mailbox } of look.fresh) this.#knows(mailbox);
    if (!look.isTooMuch) await this.#tellNamesOf(look, { wants: () => false, resubscribed: [] });
  }

  stop(): void {
    for (const stop of this.#topics.values()) stop();
    this.#topics.clear();
    this.#mailboxes.stop();
    this.#changed.clear();
    this.#annotated = [];
  }

  /** NOTIFY SET STATUS: how everything is that messages are told of (section 3.1). */
  async tellAll(): Promise<void> {
    const { store, selectedOrNull, out, pace } = this.#session;
    pace.begin();
    for (const [id, watched] of this.#mailboxes.entries()) {
      if (id === selectedOrNull?.id || watched.stop === null) continue;
      const events = this.#eventsOf(watched);
      if (!events.has("MessageNew")) continue;
      const mailbox = await store.mailboxes.byId(id);
      if (mailbox === null) continue;
      // Whoever asks for flags is told where they stand, whether it counts changes already or not.
      await this.#tellStatus(watched, mailbox, { withModseq: events.has("FlagChange") });
      await out.room();
      await pace.rest();
    }
  }

  /** Tells what happened since the last time. False when it was too much, and nothing will be told any more (section 5.8). */
  async tell(): Promise<boolean> {
    if (this.#mailboxesMoved || this.#subscriptionsMoved) await this.#tellNames();
    if (this.#annotated.length > 0) await this.#tellAnnotations();
    if (this.#changed.size > 0) await this.#tellChanged();
    // The store tells of a change before whoever made it goes on: what came of the session's own names has been told by now.
    this.#ownNames.clear();
    if (!this.#overflown) return true;
    this.#session.out.status(
      ok("That is too much to tell: look for yourself", { code: "NOTIFICATIONOVERFLOW" }),
    );
    return false;
  }

  // ---- What the session does itself, and so is not told (section 5) ----

  ownName(change: { readonly from: string | null; readonly to: string | null }): void {
    const { from, to } = change;
    if (from !== null && to !== null) this.#ownNames.moved(from, to);
    else if (to !== null) this.#ownNames.came(to);
    else if (from !== null) this.#ownNames.went(from);
  }

  ownSubscription(name: string, on: boolean): void {
    const subscribed = new Set(this.#subscribed);
    if (on) subscribed.add(name);
    else subscribed.delete(name);
    this.#subscribed = subscribed;
  }

  ownAnnotations(mailboxId: number | null, entries: readonly string[]): void {
    const own = this.#annotated.findLastIndex((notice) =>
      notice.mailboxId === mailboxId && notice.entries.join(" ") === entries.join(" ")
    );
    if (own >= 0) this.#annotated.splice(own, 1);
    const watched = mailboxId === null ? undefined : this.#mailboxes.get(mailboxId);
    if (watched === undefined || watched.figures === null) return;
    watched.figures = { ...watched.figures, highestModseq: watched.figures.highestModseq + 1 };
  }

  /** Messages that the session put into a mailbox. Where others changed it, too, the figures differ, and are told. */
  ownMessages(mailboxId: number, { uids, modseqs }: PutMessages): void {
    const watched = this.#mailboxes.get(mailboxId);
    if (watched === undefined || watched.figures === null || uids.length === 0) return;
    const { uidNext, messages, highestModseq } = watched.figures;
    watched.figures = {
      uidNext: uids[0] === uidNext ? uids.at(-1)! + 1 : uidNext,
      messages: messages + uids.length,
      highestModseq: highestModseq + modseqs,
    };
  }

  // ---- Hearing ----

  #listen(account: string): void {
    if (this.#topics.has(account)) return;
    this.#topics.set(account, this.#session.store.bus.watchAccount(account, (notice) => this.#hear(notice)));
  }

  #hear(notice: AccountNotice): void {
    const { account, limits } = this.#session;
    const isOwn = notice.account === account;
    switch (notice.what) {
      case "mailboxes":
        this.#mailboxesMoved = true;
        break;
      case "subscriptions":
        if (!isOwn) return;
        this.#subscriptionsMoved = true;
        break;
      case "annotations": {
        // Of a mailbox of somebody else only the shared ones are seen here; what this account set was heard of as its own.
        if (!isOwn && notice.by === account) return;
        const entries = isOwn
          ? notice.entries
          : notice.entries.filter((entry) => entry.startsWith("/shared/"));
        if (entries.length === 0) return;
        if (this.#annotated.length < limits.notifyBacklog) this.#annotated.push({ ...notice, entries });
        else this.#overflown = true;
      }
    }
    this.#session.hasNews();
  }

  /** Finds out which mailboxes there are now, and watches those that the groups mean. */
  async #look(): Promise<Look> {
    const look = await this.#mailboxes.look();
    if (look.isTooMuch) this.#overflown = true;
    for (const name of look.hierarchy.names) {
      const access = look.hierarchy.get(name);
      // What its owner does to a mailbox is told to the owner.
      if (access?.isShared) this.#listen(access.mailbox.account);
    }
    return look;
  }

  /** The client knows what there is in this mailbox. */
  #knows(mailbox: Mailbox): void {
    const watched = this.#mailboxes.get(mailbox.id);
    if (watched !== undefined) watched.figures = figuresOf(mailbox);
  }

  #eventsOf({ name, isShared }: Omit<NamedMailbox, "isSubscribed">) {
    return eventsFor(this.#groups, { name, isShared, isSubscribed: this.#subscribed.has(name) });
  }

  // ---- Telling ----

  /** RFC 5465 sections 5.4, 5.5 and 5.9. */
  async #tellNames(): Promise<void> {
    const isResubscribed = this.#subscriptionsMoved;
    this.#mailboxesMoved = false;
    this.#subscriptionsMoved = false;
    try {
      if (isResubscribed) await this.#takeSubscriptions();
      const look = await this.#look();
      // Half a look shows half the truth; that it is too much is told instead.
      if (look.isTooMuch) return;
      for (const { name, mailbox } of look.fresh) if (this.#ownNames.hasCome(name)) this.#knows(mailbox);
      await this.#tellNamesOf(look, {
        wants: (name) => this.#wantsName(name, "MailboxName"),
        resubscribed: this.#resubscribed,
      });
      this.#resubscribed.clear();
    } catch (error) {
      // The store could not be asked: the next time it is.
      this.#mailboxesMoved = true;
      this.#subscriptionsMoved ||= isResubscribed;
      throw error;
    }
  }

  async #tellNamesOf(look: Look, wishes: Pick<NameWishes, "wants" | "resubscribed">): Promise<void> {
    const { out, pace } = this.#session;
    for (const line of namesTold(look, { ...wishes, subscribed: this.#subscribed, own: this.#ownNames })) {
      tellListed(this.#session, line);
      await out.room();
      await pace.rest();
    }
  }

  /** Takes up what is subscribed now; what the groups mean changes with it. */
  async #takeSubscriptions(): Promise<void> {
    const { store, account } = this.#session;
    const now = new Set(await store.mailboxes.subscriptions(account));
    const moved = now.symmetricDifference(this.#subscribed as Set<string>);
    const noteWanted = () => {
      for (const name of moved) if (this.#wantsName(name, "SubscriptionChange")) this.#resubscribed.add(name);
    };
    // Whoever watches what is subscribed hears of the step out, too.
    noteWanted();
    this.#subscribed = now;
    noteWanted();
  }

  #wantsName(name: string, event: "MailboxName" | "SubscriptionChange"): boolean {
    return this.#eventsOf({ name, isShared: isBelowShared(name) }).has(event);
  }

  /** RFC 5465 sections 5.6 and 5.7. */
  async #tellAnnotations(): Promise<void> {
    const annotated = this.#annotated;
    this.#annotated = [];
    for (const { mailboxId, entries } of annotated) {
      const watched = mailboxId === null ? null : this.#mailboxes.get(mailboxId);
      const isWanted = watched === null
        ? anyAsksFor(this.#groups, "ServerMetadataChange")
        : watched !== undefined && watched.stop !== null &&
          this.#eventsOf(watched).has("MailboxMetadataChange");
      if (isWanted) tellMetadata(this.#session, { name: watched?.name ?? "", entries });
      await this.#session.out.room();
    }
  }

  /** RFC 5465 sections 5.1 to 5.3: of a mailbox that is not selected, STATUS. */
  async #tellChanged(): Promise<void> {
    const { selectedOrNull, out, pace } = this.#session;
    pace.begin();
    // Each once: where something happens all the time we would come to no end.
    for (const id of [...this.#changed]) {
      const watched = this.#mailboxes.get(id);
      // Before the look: what happens after it is for the next time, and a look that fails must be had again.
      this.#changed.delete(id);
      if (watched === undefined || watched.stop === null) continue;
      const mailbox = await this.#lookAt(id);
      // That it is gone is told by its name.
      if (mailbox === null) continue;
      if (id !== selectedOrNull?.id && this.#isNews(watched, mailbox)) {
        await this.#tellStatus(watched, mailbox, { withModseq: false });
      }
      watched.figures = figuresOf(mailbox);
      await out.room();
      await pace.rest();
    }
  }

  async #lookAt(id: number): Promise<Mailbox | null> {
    try {
      return await this.#session.store.mailboxes.byId(id);
    } catch (error) {
      this.#changed.add(id);
      throw error;
    }
  }

  #isNews(watched: Watched, { uidNext, messages, highestModseq }: Mailbox): boolean {
    const { figures } = watched;
    const events = this.#eventsOf(watched);
    // Of a mailbox that came: what is in it, and (section 5.1) another UIDVALIDITY under a name that the client may know.
    if (figures === null) return events.has("FlagChange") || (uidNext > 1 && events.has("MessageNew"));
    if (uidNext !== figures.uidNext || messages !== figures.messages) return events.has("MessageNew");
    return highestModseq !== figures.highestModseq && events.has("FlagChange");
  }

  async #tellStatus(
    watched: Watched,
    mailbox: Mailbox,
    options: { readonly withModseq: boolean },
  ): Promise<void> {
    watched.figures = figuresOf(mailbox);
    const items: StatusItem[] = ["MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN"];
    if (options.withModseq || this.#session.enabled.has("CONDSTORE")) items.push("HIGHESTMODSEQ");
    await writeStatus(this.#session, { mailbox, name: watched.name }, items);
  }
}

function figuresOf({ uidNext, messages, highestModseq }: Mailbox): Figures {
  return { uidNext, messages, highestModseq };
}
