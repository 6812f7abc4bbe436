import { type NotifyGroup, ok, type StatusItem } from "../../wire/imap/mod.ts";
import type { AccountNotice, Mailbox } from "../../store/mod.ts";
import { type Access, ownAccess, sharedAccesses } from "./access.ts";
import type { ImapSession } from "./context.ts";
import { isBelowShared } from "./mailbox_names.ts";
import { tellListed, tellMetadata } from "./notices.ts";
import {
  anyAsksFor,
  eventsFor,
  maySeeShared,
  type SelectedWish,
  selectedWish,
  type Watch,
  watchOf,
} from "./notify_filter.ts";
import { tellStatus } from "./status_figures.ts";

/** A mailbox of which something shall be told, and what the client knows of it. */
interface Watched {
  name: string;
  readonly isShared: boolean;
  /** What was told last, or was so when the watch began. */
  figures: Pick<Mailbox, "uidNext" | "messages" | "highestModseq">;
  readonly stop: () => void;
}

type Annotated = Extract<AccountNotice, { readonly what: "annotations" }>;

/**
 * What a session tells of mailboxes that it has not selected (RFC 5465). Notices are only remembered as "look there": what is
 * told is found out when it can be sent, as the difference to what the client knows. So a client that reads
 * slowly costs one entry for each mailbox, however much happens.
 */
export class Notifier {
  readonly #session: ImapSession;
  readonly #groups: readonly Watch[];
  readonly selected: SelectedWish;
  readonly #watched = new Map<number, Watched>();
  readonly #changed = new Set<number>();
  #subscribed: ReadonlySet<string> = new Set();
  #annotated: Annotated[] = [];
  #mailboxesMoved = false;
  #subscriptionsMoved = false;
  #overflown = false;
  #stopAccount: () => void = () => {};

  private constructor(session: ImapSession, groups: readonly NotifyGroup[]) {
    this.#session = session;
    this.#groups = groups.map(watchOf);
    this.selected = selectedWish(groups);
  }

  /** Begins to watch; null when that would be more mailboxes than a session may watch. */
  static async start(session: ImapSession, groups: readonly NotifyGroup[]): Promise<Notifier | null> {
    const notifier = new Notifier(session, groups);
    const others = groups.filter(({ filter }) => !filter.kind.startsWith("selected"));
    if (others.length === 0) return notifier;
    notifier.#stopAccount = session.store.bus.watchAccount(
      session.account,
      (notice) => notifier.#hear(notice),
    );
    try {
      notifier.#subscribed = new Set(await session.store.mailboxes.subscriptions(session.account));
      await notifier.#look(() => {});
    } catch (error) {
      notifier.stop();
      throw error;
    }
    if (!notifier.#overflown) return notifier;
    notifier.stop();
    return null;
  }

  stop(): void {
    this.#stopAccount();
    for (const { stop } of this.#watched.values()) stop();
    this.#watched.clear();
    this.#changed.clear();
    this.#annotated = [];
  }

  /** NOTIFY SET STATUS: how everything is that messages are told of (section 3.1). */
  async tellAll(): Promise<void> {
    const { store, selectedOrNull, out, pace } = this.#session;
    pace.begin();
    for (const [id, watched] of this.#watched) {
      if (id === selectedOrNull?.id || !this.#eventsOf(watched).has("MessageNew")) continue;
      const mailbox = await store.mailboxes.byId(id);
      if (mailbox === null) continue;
      await this.#tellStatus(watched, mailbox);
      await out.room();
      await pace.rest();
    }
  }

  /** Tells what happened since the last time. False when it was too much, and nothing will be told any more (section 5.8). */
  async tell(): Promise<boolean> {
    if (this.#subscriptionsMoved) await this.#tellSubscriptions();
    if (this.#mailboxesMoved) await this.#tellNames();
    if (this.#annotated.length > 0) await this.#tellAnnotations();
    if (this.#changed.size > 0) await this.#tellChanged();
    if (!this.#overflown) return true;
    this.#session.out.status(
      ok("That is too much to tell: look for yourself", { code: "NOTIFICATIONOVERFLOW" }),
    );
    return false;
  }

  // ---- Hearing ----

  #hear(notice: AccountNotice): void {
    switch (notice.what) {
      case "mailboxes":
        this.#mailboxesMoved = true;
        break;
      case "subscriptions":
        this.#subscriptionsMoved = true;
        break;
      case "annotations":
        if (this.#annotated.length < this.#session.limits.notifyBacklog) this.#annotated.push(notice);
        else this.#overflown = true;
    }
    this.#session.hasNews();
  }

  /** Finds out which mailboxes there are now, and watches those that the groups mean. Tells of what came, went or moved. */
  async #look(
    onName: (change: { readonly from: string | null; readonly to: string | null }) => void,
  ): Promise<void> {
    const gone = new Map(this.#watched);
    const { pace } = this.#session;
    const accesses = await this.#accesses();
    pace.begin();
    for (const { mailbox, name, isShared } of accesses) {
      await pace.rest();
      const known = gone.get(mailbox.id);
      gone.delete(mailbox.id);
      if (known !== undefined) {
        if (known.name !== name) onName({ from: known.name, to: name });
        known.name = name;
        continue;
      }
      if (eventsFor(this.#groups, this.#named({ name, isShared })).size === 0) continue;
      if (this.#watched.size >= this.#session.limits.notifyMailboxes) {
        this.#overflown = true;
        return;
      }
      this.#watch(mailbox, { name, isShared });
      onName({ from: null, to: name });
    }
    for (const [id, { name, stop }] of gone) {
      stop();
      this.#watched.delete(id);
      this.#changed.delete(id);
      onName({ from: name, to: null });
    }
  }

  async #accesses(): Promise<Access[]> {
    const own = (await this.#session.store.mailboxes.list(this.#session.account)).map(ownAccess);
    if (!maySeeShared(this.#groups)) return own;
    const shared = await sharedAccesses(this.#session);
    // RFC 5465 section 11: nothing is told of what the account may not look up and read.
    return [...own, ...shared.filter(({ rights }) => rights.includes("l") && rights.includes("r"))];
  }

  #watch(mailbox: Mailbox, { name, isShared }: Pick<Watched, "name" | "isShared">): void {
    const stop = this.#session.store.bus.watchMailbox(mailbox.id, () => {
      this.#changed.add(mailbox.id);
      if (this.#session.selectedOrNull?.id !== mailbox.id) this.#session.hasNews();
    });
    this.#watched.set(mailbox.id, { name, isShared, figures: figuresOf(mailbox), stop });
    // What came between our look and the watch is found out at the next telling.
    this.#changed.add(mailbox.id);
  }

  #named({ name, isShared }: { readonly name: string; readonly isShared: boolean }) {
    return { name, isShared, isSubscribed: this.#subscribed.has(name) };
  }

  #eventsOf(watched: Watched) {
    return eventsFor(this.#groups, this.#named(watched));
  }

  // ---- Telling ----

  /** RFC 5465 section 5.4. */
  async #tellNames(): Promise<void> {
    this.#mailboxesMoved = false;
    const changes: { readonly from: string | null; readonly to: string | null }[] = [];
    await this.#look((change) => changes.push(change));
    if (!anyAsksFor(this.#groups, "MailboxName")) return;
    for (const { from, to } of changes) {
      const isWanted = [from, to].some((name) => name !== null && this.#wantsName(name, "MailboxName"));
      if (!isWanted) continue;
      if (to === null) tellListed(this.#session, { name: from!, attributes: ["\\NonExistent"] });
      else tellListed(this.#session, { name: to, attributes: [], oldName: from });
      await this.#session.out.room();
      await this.#session.pace.rest();
    }
  }

  /** RFC 5465 section 5.5. */
  async #tellSubscriptions(): Promise<void> {
    this.#subscriptionsMoved = false;
    const { store, account } = this.#session;
    const before = this.#subscribed;
    const now = new Set(await store.mailboxes.subscriptions(account));
    const moved = [...new Set([...before, ...now])].filter((name) => before.has(name) !== now.has(name));
    for (const name of moved) {
      // Whoever watches what is subscribed hears of the step out, too.
      const isWanted = this.#wantsName(name, "SubscriptionChange");
      this.#subscribed = now;
      if (isWanted || this.#wantsName(name, "SubscriptionChange")) {
        tellListed(this.#session, { name, attributes: now.has(name) ? ["\\Subscribed"] : [] });
      }
      this.#subscribed = before;
      await this.#session.out.room();
      await this.#session.pace.rest();
    }
    this.#subscribed = now;
    // What the groups mean may be more now.
    await this.#look(() => {});
  }

  #wantsName(name: string, event: "MailboxName" | "SubscriptionChange"): boolean {
    return eventsFor(this.#groups, this.#named({ name, isShared: isBelowShared(name) })).has(event);
  }

  /** RFC 5465 sections 5.6 and 5.7. */
  async #tellAnnotations(): Promise<void> {
    const annotated = this.#annotated;
    this.#annotated = [];
    for (const { mailboxId, entries } of annotated) {
      const watched = mailboxId === null ? null : this.#watched.get(mailboxId);
      const isWanted = watched === null
        ? anyAsksFor(this.#groups, "ServerMetadataChange")
        : watched !== undefined && this.#eventsOf(watched).has("MailboxMetadataChange");
      if (isWanted) tellMetadata(this.#session, { name: watched?.name ?? "", entries });
      await this.#session.out.room();
    }
  }

  /** RFC 5465 sections 5.1 to 5.3: of a mailbox that is not selected, STATUS. */
  async #tellChanged(): Promise<void> {
    const changed = [...this.#changed];
    this.#changed.clear();
    const { store, selectedOrNull, out } = this.#session;
    for (const id of changed) {
      const watched = this.#watched.get(id);
      if (watched === undefined) continue;
      const mailbox = await store.mailboxes.byId(id);
      // That it is gone is told by its name.
      if (mailbox === null) continue;
      if (id === selectedOrNull?.id) watched.figures = figuresOf(mailbox);
      else if (this.#isNews(watched, mailbox)) await this.#tellStatus(watched, mailbox);
      await out.room();
    }
  }

  #isNews(watched: Watched, { uidNext, messages, highestModseq }: Mailbox): boolean {
    const { figures } = watched;
    const events = this.#eventsOf(watched);
    if (uidNext !== figures.uidNext || messages !== figures.messages) return events.has("MessageNew");
    return highestModseq !== figures.highestModseq && events.has("FlagChange");
  }

  async #tellStatus(watched: Watched, mailbox: Mailbox): Promise<void> {
    watched.figures = figuresOf(mailbox);
    const items: StatusItem[] = ["MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN"];
    if (this.#session.enabled.has("CONDSTORE")) items.push("HIGHESTMODSEQ");
    await tellStatus(this.#session, { mailbox, name: watched.name }, items);
  }
}

function figuresOf({ uidNext, messages, highestModseq }: Mailbox): Watched["figures"] {
  return { uidNext, messages, highestModseq };
}
