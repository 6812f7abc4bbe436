/** What the memory store holds, and the few steps that several of its parts share. */
import { SEEN } from "../flags.ts";
import type { Clock } from "../../core/ports.ts";
import type { MessageDigest } from "../../wire/mime/digest.ts";
import type { ChangeBus } from "../bus.ts";
import { NoSuchMailbox } from "../errors.ts";
import type { Mailbox, MailboxRole, QueuedMessage } from "../mod.ts";
import { DEFAULT_MAILBOXES, defaultRole, namesAbove } from "../names.ts";

export interface MemoryBody {
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly digest: MessageDigest;
  refs: number;
}

export interface MemoryMessage {
  readonly uid: number;
  modseq: number;
  bits: number;
  keywords: string;
  readonly internalDate: number;
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
}

export interface MemoryAccount {
  readonly name: string;
  credential: string | null;
  readonly createdAt: number;
  readonly mailboxes: Map<string, MemoryMailbox>;
  readonly subscriptions: Set<string>;
  /** What UIDVALIDITY a name had when it was given up. */
  readonly retired: Map<string, number>;
}

export class MemoryState {
  readonly clock: Clock;
  readonly bus: ChangeBus;
  readonly accounts = new Map<string, MemoryAccount>();
  readonly mailboxes = new Map<number, MemoryMailbox>();
  readonly bodies = new Map<number, MemoryBody>();
  readonly queue = new Map<string, QueuedMessage>();
  writes = 0;
  #closed = false;
  #lastMailbox = 0;
  #lastBody = 0;
  #lastUidValidity = 0;

  constructor(clock: Clock, bus: ChangeBus) {
    this.clock = clock;
    this.bus = bus;
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
    const body: MemoryBody = { id: ++this.#lastBody, bytes, digest, refs: 0 };
    this.bodies.set(body.id, body);
    return body;
  }

  releaseBody(body: MemoryBody): void {
    if (--body.refs === 0) this.bodies.delete(body.id);
  }

  /** Puts a message into a mailbox under its next UID. */
  addMessage(
    mailbox: MemoryMailbox,
    message: Omit<MemoryMessage, "uid" | "modseq">,
    modseq: number,
  ): MemoryMessage {
    const added: MemoryMessage = { ...message, uid: mailbox.uidNext++, modseq };
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
    for (const { body } of mailbox.messages.values()) this.releaseBody(body);
    this.tell(mailbox);
  }

  tell(mailbox: MemoryMailbox): void {
    this.bus.tellMailbox({ mailboxId: mailbox.id, highestModseq: mailbox.modseq });
  }
}

export function hasRole(account: MemoryAccount, role: MailboxRole): boolean {
  return [...account.mailboxes.values()].some((mailbox) => mailbox.role === role);
}

export function showMailbox(mailbox: MemoryMailbox): Mailbox {
  let unseen = 0;
  let bytes = 0;
  for (const message of mailbox.messages.values()) {
    if ((message.bits & SEEN) === 0) unseen++;
    bytes += message.body.bytes.length;
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
  };
}
