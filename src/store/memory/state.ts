/** What the memory store holds, and the few steps that several of its parts share. */
import { DELETED, SEEN, uniteKeywords } from "../flags.ts";
import type { Clock } from "../../core/ports.ts";
import type { MessageDigest } from "../../wire/mime/digest.ts";
import { type SortKeys, sortKeysOf } from "../sort_keys.ts";
import type { ChangeBus } from "../bus.ts";
import { NoSuchMailbox, overQuota, tooManyKeywords } from "../errors.ts";
import type { Mailbox, MailboxRole, QueuedMessage } from "../mod.ts";
import { exceeds, type QuotaLimit, type Usage } from "../quota.ts";
import { MemoryShelf } from "./shelf.ts";
import { DEFAULT_MAILBOXES, defaultRole, namesAbove } from "../names.ts";
import type { AwayNote, StoredScript } from "../scripts.ts";

export interface MemoryBody {
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly digest: MessageDigest;
  readonly sortKeys: SortKeys;
  refs: number;
}

export interface MemoryMessage {
  readonly uid: number;
  modseq: number;
  bits: number;
  keywords: string;
  readonly internalDate: number;
  readonly savedAt: number;
  readonly body: MemoryBody;
}

export interface MemoryMailbox {
  readonly id: number;
  readonly account: MemoryAccount;
  name: string;
  readonly role: MailboxRole | null;
  uidValidity: number;
  uidNext: number;
  modseq: number;
  recentFrom: number;
  /** By UID, in ascending order, because UIDs only grow. */
  readonly messages: Map<number, MemoryMessage>;
  readonly expunged: { readonly uid: number; readonly modseq: number }[];
  /** Rights by identifier. */
  readonly acl: Map<string, string>;
  readonly annotations: MemoryAnnotations;
}

/** Entries by whose they are; those of everybody under an empty name. */
export type MemoryAnnotations = Map<string, ReadonlyMap<string, Uint8Array>>;

export interface MemoryScripts {
  readonly byName: Map<string, StoredScript>;
  active: string | null;
  away: { readonly note: AwayNote; readonly version: number } | null;
}

export interface MemoryAccount {
  readonly name: string;
  credential: string | null;
  readonly createdAt: number;
  readonly mailboxes: Map<string, MemoryMailbox>;
  readonly subscriptions: Set<string>;
  /** What UIDVALIDITY a name had when it was given up. */
  readonly retired: Map<string, number>;
  readonly scripts: MemoryScripts;
}

export class MemoryState {
  readonly clock: Clock;
  readonly bus: ChangeBus;
  readonly accounts = new Map<string, MemoryAccount>();
  readonly mailboxes = new Map<number, MemoryMailbox>();
  readonly bodies = new Map<number, MemoryBody>();
  readonly queue = new Map<string, QueuedMessage>();
  /** Expunged messages that can be brought back. */
  readonly shelf: MemoryShelf;
  /** The server's. */
  readonly annotations: MemoryAnnotations = new Map();
  writes = 0;
  #closed = false;
  #lastMailbox = 0;
  #lastBody = 0;
  #lastScript = 0;
  #lastUidValidity = 0;

  constructor(clock: Clock, bus: ChangeBus, undeleteMs = 0) {
    this.clock = clock;
    this.bus = bus;
    this.shelf = new MemoryShelf({ clock, keepMs: undeleteMs, release: (body) => this.releaseBody(body) });
  }

  close(): void {
    this.#closed = true;
  }

  /** Begins a read. */
  use(): void {
    if (this.#closed) throw new Error("The store is closed");
  }

  /** Begins a write. What may fail is checked before the first change, so a write that throws changed nothing. */
  change(): void {
    this.use();
    this.writes++;
  }

  account(name: string): MemoryAccount {
    const known = this.accounts.get(name);
    if (known !== undefined) return known;
    const account: MemoryAccount = {
      name,
      credential: null,
      createdAt: this.clock.now(),
      mailboxes: new Map(),
      subscriptions: new Set(DEFAULT_MAILBOXES.map(([mailbox]) => mailbox)),
      retired: new Map(),
      scripts: { byName: new Map(), active: null, away: null },
    };
    this.accounts.set(name, account);
    for (const [mailbox, role] of DEFAULT_MAILBOXES) this.addMailbox(account, mailbox, role);
    return account;
  }

  /** Works on an account, which is made if it is missing; when the work fails, it is as if it never was. */
  withAccount<T>(name: string, work: (account: MemoryAccount) => T): T {
    const isNew = !this.accounts.has(name);
    const counters = [this.#lastMailbox, this.#lastUidValidity] as const;
    const account = this.account(name);
    try {
      return work(account);
    } catch (error) {
      if (isNew) {
        this.accounts.delete(name);
        for (const { id } of account.mailboxes.values()) this.mailboxes.delete(id);
        [this.#lastMailbox, this.#lastUidValidity] = counters;
      }
      throw error;
    }
  }

  addMailbox(account: MemoryAccount, name: string, role: MailboxRole | null): MemoryMailbox {
    const mailbox: MemoryMailbox = {
      id: ++this.#lastMailbox,
      account,
      name,
      role,
      uidValidity: this.nextUidValidity(),
      uidNext: 1,
      modseq: 1,
      recentFrom: 1,
      messages: new Map(),
      expunged: [],
      acl: new Map(),
      annotations: new Map(),
    };
    account.mailboxes.set(name, mailbox);
    this.mailboxes.set(mailbox.id, mailbox);
    return mailbox;
  }

  /** The mailbox of that name; it and those above it are made if they are missing. */
  ensureMailbox(account: MemoryAccount, name: string): MemoryMailbox {
    const known = account.mailboxes.get(name);
    if (known !== undefined) return known;
    for (const above of namesAbove(name)) this.ensureMailbox(account, above);
    return this.addMailbox(account, name, this.freeRole(account, name));
  }

  /** The role that the name suggests, when no other mailbox has it. */
  freeRole(account: MemoryAccount, name: string): MailboxRole | null {
    const role = defaultRole(name);
    return role === null || hasRole(account, role) ? null : role;
  }

  nextScriptVersion(): number {
    return ++this.#lastScript;
  }

  nextUidValidity(): number {
    this.#lastUidValidity = Math.max(this.#lastUidValidity + 1, Math.floor(this.clock.now() / 1000));
    return this.#lastUidValidity;
  }

  requireMailbox(id: number): MemoryMailbox {
    const mailbox = this.mailboxes.get(id);
    if (mailbox === undefined) throw new NoSuchMailbox();
    return mailbox;
  }

  addBody(bytes: Uint8Array, digest: MessageDigest): MemoryBody {
    const id = ++this.#lastBody;
    const body: MemoryBody = { id, bytes, digest, sortKeys: sortKeysOf(digest, id), refs: 0 };
    this.bodies.set(body.id, body);
    return body;
  }

  releaseBody(body: MemoryBody): void {
    if (--body.refs === 0) this.bodies.delete(body.id);
  }

  /** Puts a message into a mailbox under its next UID. */
  addMessage(
    mailbox: MemoryMailbox,
    message: Omit<MemoryMessage, "uid" | "modseq" | "savedAt">,
    modseq: number,
  ): MemoryMessage {
    const added: MemoryMessage = { ...message, uid: mailbox.uidNext++, modseq, savedAt: this.clock.now() };
    message.body.refs++;
    mailbox.messages.set(added.uid, added);
    mailbox.modseq = modseq;
    return added;
  }

  /** Takes messages out of a mailbox, leaving their UIDs in its log. */
  takeOut(mailbox: MemoryMailbox, messages: readonly MemoryMessage[]): void {
    mailbox.modseq++;
    for (const { uid, body } of messages) {
      mailbox.messages.delete(uid);
      mailbox.expunged.push({ uid, modseq: mailbox.modseq });
      this.releaseBody(body);
    }
  }

  /** Takes a mailbox away with all that is in it. */
  dropMailbox(mailbox: MemoryMailbox): void {
    mailbox.modseq++;
    this.mailboxes.delete(mailbox.id);
    mailbox.account.mailboxes.delete(mailbox.name);
    // All the mail of a removed account goes.
    if (this.accounts.has(mailbox.account.name)) this.shelf.add(mailbox, mailbox.messages.values());
    for (const { body } of mailbox.messages.values()) this.releaseBody(body);
    this.tell(mailbox);
  }

  /** Throws when the account would have more than it may with so much added. */
  requireRoom(account: MemoryAccount, added: Usage, limit: QuotaLimit | undefined): void {
    if (limit === undefined) return;
    const { bytes, messages } = usageOf(account);
    const usage = { bytes: bytes + added.bytes, messages: messages + added.messages };
    if (exceeds(usage, limit)) throw overQuota();
  }

  /** Throws when the mailbox would have more keywords than it may with these sets of them. */
  requireRoomForKeywords(mailbox: MemoryMailbox, added: readonly string[], limit: number | undefined): void {
    if (limit === undefined || added.every((set) => set === "")) return;
    const known = [...mailbox.messages.values()].map(({ keywords }) => keywords);
    const before = uniteKeywords(known).length;
    const after = uniteKeywords([...known, ...added]).length;
    if (after > before && after > limit) throw tooManyKeywords(limit);
  }

  tell(mailbox: MemoryMailbox): void {
    this.bus.tellMailbox({ mailboxId: mailbox.id, highestModseq: mailbox.modseq });
  }
}

export function usageOf(account: MemoryAccount): Usage {
  const messages = [...account.mailboxes.values()].flatMap((mailbox) => [...mailbox.messages.values()]);
  return { bytes: bytesOfMessages(messages), messages: messages.length };
}

export function bytesOfMessages(messages: readonly MemoryMessage[]): number {
  return messages.reduce((sum, { body }) => sum + body.bytes.length, 0);
}

export function hasRole(account: MemoryAccount, role: MailboxRole): boolean {
  return [...account.mailboxes.values()].some((mailbox) => mailbox.role === role);
}

export function showMailbox(mailbox: MemoryMailbox): Mailbox {
  let unseen = 0;
  let bytes = 0;
  let deleted = 0;
  let deletedBytes = 0;
  for (const { bits, body } of mailbox.messages.values()) {
    if ((bits & SEEN) === 0) unseen++;
    bytes += body.bytes.length;
    if ((bits & DELETED) === 0) continue;
    deleted++;
    deletedBytes += body.bytes.length;
  }
  return {
    id: mailbox.id,
    account: mailbox.account.name,
    name: mailbox.name,
    role: mailbox.role,
    uidValidity: mailbox.uidValidity,
    uidNext: mailbox.uidNext,
    highestModseq: mailbox.modseq,
    messages: mailbox.messages.size,
    unseen,
    recentFrom: mailbox.recentFrom,
    bytes,
    deleted,
    deletedBytes,
  };
}
