/**
 * The mailboxes that a NOTIFY means (RFC 5465 section 6): which of them there are, and what the client knows of each. A look at
 * what there is now tells what came, went, or got another name since the look before.
 */
import type { Mailbox } from "../../store/mod.ts";
import { type Access, ownAccess, sharedAccesses } from "./access.ts";
import type { ImapSession } from "./context.ts";
import { Hierarchy } from "./listing.ts";
import type { NamedMailbox } from "./notify_filter.ts";

/** What STATUS tells a client of changes. */
export type Figures = Pick<Mailbox, "uidNext" | "messages" | "highestModseq">;

/** A mailbox of which something shall be told. */
export interface Watched {
  name: string;
  readonly isShared: boolean;
  /** What was told last, or was so when the watch began; null where the client knows nothing of it. */
  figures: Figures | null;
  uidValidity: number;
  /** Ends the watch; null when the account may not read the mailbox, and so is told nothing of it. */
  stop: (() => void) | null;
}

/** What became of a mailbox, by its names as this session calls it. */
export type NameChange =
  | { readonly kind: "came"; readonly name: string }
  /** `isRefused`: it is still there, but not for this account (section 5.9). */
  | { readonly kind: "went"; readonly name: string; readonly isRefused: boolean }
  | { readonly kind: "moved"; readonly name: string; readonly from: string }
  /** Whether it may be read has changed. */
  | { readonly kind: "opened" | "closed"; readonly name: string };

/** What a look has shown. */
export interface Look {
  readonly changes: readonly NameChange[];
  /** What is watched from now on. */
  readonly fresh: readonly Access[];
  readonly hierarchy: Hierarchy;
  /** There are more mailboxes than may be watched; then it was not looked to the end. */
  readonly isTooMuch: boolean;
}

export interface WatchOptions {
  /** Mailboxes of others may be meant, too. */
  readonly shared: boolean;
  /** Names are to be told, of whatever mailbox: then those of all are kept. */
  readonly names: boolean;
  /** Whether anything shall be told of this mailbox. */
  readonly means: (mailbox: Omit<NamedMailbox, "isSubscribed">) => boolean;
  /** Called when messages of a watched mailbox came, went or changed. */
  readonly onChange: (id: number) => void;
}

interface Known {
  readonly name: string;
  readonly isShared: boolean;
}

export class WatchedMailboxes {
  readonly #session: ImapSession;
  readonly #options: WatchOptions;
  readonly #watched = new Map<number, Watched>();
  #known: ReadonlyMap<number, Known> = new Map();
  /** Those that were told to be refused; what does not fit is only not told to be open again. */
  readonly #refused = new Set<number>();

  constructor(session: ImapSession, options: WatchOptions) {
    this.#session = session;
    this.#options = options;
  }

  get(id: number): Watched | undefined {
    return this.#watched.get(id);
  }

  entries(): Iterable<[number, Watched]> {
    return this.#watched.entries();
  }

  stop(): void {
    for (const { stop } of this.#watched.values()) stop?.();
    this.#watched.clear();
  }

  async look(): Promise<Look> {
    const { pace, limits } = this.#session;
    const changes: NameChange[] = [];
    const fresh: Access[] = [];
    const hierarchy = new Hierarchy();
    const before = new Map(this.#known);
    const known = new Map<number, Known>();
    const accesses = await this.#accesses();
    pace.begin();
    for (const access of accesses) {
      await pace.rest();
      hierarchy.add(access);
      const { mailbox: { id }, name, isShared } = access;
      const isMeant = this.#options.means(access);
      if (isMeant || this.#options.names) {
        known.set(id, { name, isShared });
        changes.push(...compareNames(before.get(id), name));
      }
      before.delete(id);
      const watched = this.#watched.get(id);
      if (!isMeant) this.#leave(id);
      else if (watched !== undefined) changes.push(...this.#compare(watched, access));
      else if (this.#watched.size >= limits.notifyMailboxes) {
        return { changes, fresh, hierarchy, isTooMuch: true };
      } else {
        fresh.push(access);
        changes.push(...this.#take(access));
      }
    }
    for (const [id, gone] of before) changes.push(await this.#lose(id, gone));
    this.#known = known;
    return { changes, fresh, hierarchy, isTooMuch: false };
  }

  async #lose(id: number, { name, isShared }: Known): Promise<NameChange> {
    const { store, limits } = this.#session;
    const wasWatched = this.#watched.has(id);
    this.#leave(id);
    const isRefused = wasWatched && isShared && await store.mailboxes.byId(id) !== null;
    if (isRefused && this.#refused.size < limits.notifyMailboxes) this.#refused.add(id);
    return { kind: "went", name, isRefused };
  }

  #leave(id: number): void {
    this.#watched.get(id)?.stop?.();
    this.#watched.delete(id);
  }

  /** What may be looked up, each behind those above it. */
  async #accesses(): Promise<readonly Access[]> {
    const { store, account } = this.#session;
    const own = (await store.mailboxes.list(account)).map(ownAccess);
    if (!this.#options.shared) return own;
    const names = new Set(own.map(({ name }) => name));
    const shared = (await sharedAccesses(this.#session)).filter(({ name }) => !names.has(name));
    return [...own, ...shared];
  }

  #compare(watched: Watched, { mailbox, name, rights }: Access): NameChange[] {
    watched.name = name;
    // Section 5.1: it may be another under another name.
    if (watched.uidValidity !== mailbox.uidValidity) this.#forget(mailbox.id, watched);
    watched.uidValidity = mailbox.uidValidity;
    const mayRead = rights.includes("r");
    if (mayRead === (watched.stop !== null)) return [];
    watched.stop?.();
    watched.stop = null;
    if (mayRead) this.#open(mailbox, watched);
    return [{ kind: mayRead ? "opened" : "closed", name }];
  }

  #take({ mailbox, name, isShared, rights }: Access): NameChange[] {
    const { id, uidValidity } = mailbox;
    const watched: Watched = { name, isShared, figures: null, uidValidity, stop: null };
    this.#watched.set(id, watched);
    const wasRefused = this.#refused.delete(id);
    if (!rights.includes("r")) return [{ kind: "closed", name }];
    this.#open(mailbox, watched);
    return wasRefused ? [{ kind: "opened", name }] : [];
  }

  #open({ id }: Mailbox, watched: Watched): void {
    watched.stop = this.#session.store.bus.watchMailbox(id, () => this.#options.onChange(id));
    this.#forget(id, watched);
  }

  /** The client is told of it anew. What came between our look and the watch is told with that, too. */
  #forget(id: number, watched: Watched): void {
    watched.figures = null;
    this.#options.onChange(id);
  }
}

function compareNames(before: Known | undefined, name: string): NameChange[] {
  if (before === undefined) return [{ kind: "came", name }];
  return before.name === name ? [] : [{ kind: "moved", name, from: before.name }];
}
