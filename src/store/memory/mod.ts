/**
 * The store in memory: everything that the SQLite store promises except that it lasts. It is for trials and tests, and
 * for whoever reads the ports and wants to see what they mean with nothing in between.
 *
 * Every write is done in one go, without an `await` between its first and its last change, so it is a transaction by
 * itself; what can fail is checked before.
 */
import type { Clock, Log, Random } from "../../core/ports.ts";
import {
  tellDelivered,
  tellingAcl,
  tellingAnnotations,
  tellingHidden,
  tellingMailboxes,
} from "../account_notices.ts";
import { ChangeBus } from "../bus.ts";
import { parseFlags } from "../flags.ts";
import type {
  Accepted,
  AclStore,
  AnnotationStore,
  Delivery,
  HiddenStore,
  LocalDelivery,
  MailboxStore,
  Store,
  StoreStats,
} from "../mod.ts";
import { mailboxFull } from "../errors.ts";
import { accountKey, checkedName, INBOX } from "../names.ts";
import { exceeds, type Usage } from "../quota.ts";
import { NO_INDEX, type SearchIndexPort } from "../search_index.ts";
import { MemoryAcl } from "./acl.ts";
import { MemoryAnnotations } from "./annotations.ts";
import { MemoryAccounts } from "./accounts.ts";
import { bytesOf, MemoryBodies, takeBody } from "./bodies.ts";
import { MemoryFacts } from "./facts.ts";
import { MemoryHiddenStore } from "./hidden.ts";
import { MemoryMailboxes } from "./mailboxes.ts";
import { MemoryMessages } from "./messages.ts";
import { MemoryScriptStore } from "./scripts.ts";
import { enqueue, MemorySpool } from "./spool.ts";
import { type MemoryBody, MemoryState, usageOf } from "./state.ts";
import { MemoryTrace } from "./trace.ts";

export interface MemoryStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Hears of listeners that throw. */
  readonly log?: Log;
  /** How long expunged messages are kept hidden; not at all unless said otherwise. */
  readonly undeleteDays?: number;
}

export function openMemoryStore(options: MemoryStoreOptions): Store {
  return new MemoryStore(options);
}

const DAY = 86_400_000;

class MemoryStore implements Store {
  readonly accounts: MemoryAccounts;
  readonly mailboxes: MailboxStore;
  readonly messages: MemoryMessages;
  readonly bodies: MemoryBodies;
  readonly spool: MemorySpool;
  readonly trace: MemoryTrace;
  readonly facts: MemoryFacts;
  readonly acl: AclStore;
  readonly annotations: AnnotationStore;
  readonly scripts: MemoryScriptStore;
  readonly hidden: HiddenStore;
  readonly searchIndex: SearchIndexPort = { status: () => NO_INDEX, rebuild: async () => {} };
  readonly bus: ChangeBus;
  readonly #state: MemoryState;

  constructor({ clock, log, undeleteDays = 0 }: MemoryStoreOptions) {
    this.bus = new ChangeBus((error) => log?.error("store-listener-failed", { error: String(error) }));
    this.#state = new MemoryState(clock, this.bus, undeleteDays * DAY);
    this.accounts = new MemoryAccounts(this.#state);
    this.mailboxes = tellingMailboxes(new MemoryMailboxes(this.#state), this.bus);
    this.messages = new MemoryMessages(this.#state);
    this.bodies = new MemoryBodies(this.#state);
    this.spool = new MemorySpool(this.#state);
    this.trace = new MemoryTrace(this.#state);
    this.facts = new MemoryFacts(this.#state);
    this.acl = tellingAcl(new MemoryAcl(this.#state), this.bus);
    this.annotations = tellingAnnotations(new MemoryAnnotations(this.#state), this.bus, this.mailboxes);
    this.scripts = new MemoryScriptStore(this.#state);
    this.hidden = tellingHidden(new MemoryHiddenStore(this.#state), this.bus);
  }

  async accept(delivery: Delivery): Promise<Accepted> {
    this.#state.change();
    const full = accountsWithoutRoom(this.#state, delivery);
    const versions = [...delivery.edited ?? [], delivery]
      .map(({ body, local }) => ({
        body,
        local: local.map(targetOf).filter(({ account }) => !full.has(account)),
      }))
      .filter(({ body, local }) => body === delivery.body || local.length > 0);
    const queued = delivery.queued !== null && delivery.queued.recipients.length > 0 ? delivery.queued : null;
    if (queued !== null && this.#state.queue.has(delivery.id)) {
      throw new Error(`Message ${delivery.id} is in the queue already`);
    }
    if (full.size > 0 && queued === null && versions.every(({ local }) => local.length === 0)) {
      throw mailboxFull();
    }
    let queuedBody: MemoryBody | null = null;
    for (const { body: staged, local } of versions) {
      const isQueued = staged === delivery.body && queued !== null;
      if (local.length === 0 && !isQueued) {
        bytesOf(staged);
        continue;
      }
      const body = takeBody(this.#state, staged);
      if (isQueued) queuedBody = body;
      for (const target of local) this.#put(body, target, delivery.receivedAt);
    }
    for (const { space, account, ...fact } of delivery.facts ?? []) {
      if (account === undefined || !full.has(accountKey(account))) void this.facts.put(space, fact);
    }
    tellDelivered(this.bus, delivery);
    if (queued !== null && queuedBody !== null) {
      enqueue(this.#state, {
        id: delivery.id,
        body: queuedBody,
        queuedAt: delivery.receivedAt,
        entry: queued,
      });
      this.bus.tellSpool([this.#state.queue.get(delivery.id)!]);
    }
    return { full: [...full] };
  }

  #put(
    body: MemoryBody,
    { account, mailbox: name, bits, keywords }: ReturnType<typeof targetOf>,
    internalDate: number,
  ): void {
    const mailbox = this.#state.ensureMailbox(this.#state.account(account), name);
    this.#state.addMessage(mailbox, { bits, keywords, internalDate, body }, mailbox.modseq + 1);
    this.#state.tell(mailbox);
  }

  stats(): StoreStats {
    const queue = [...this.#state.queue.values()];
    return {
      queuedMessages: queue.length,
      queuedRecipients: queue.reduce((sum, message) => sum + message.recipients.length, 0),
      commits: this.#state.writes,
      writes: this.#state.writes,
      commitSeconds: 0,
      lastCommitSeconds: 0,
    };
  }

  async close(): Promise<void> {
    this.#state.close();
  }
}

/** The accounts that would have more than they may with what the delivery brings them. */
function accountsWithoutRoom(state: MemoryState, { body, local, edited = [] }: Delivery): Set<string> {
  const full = new Set<string>();
  const added = new Map<string, Usage>();
  for (const version of [{ body, local }, ...edited]) {
    for (const { account, quota } of version.local) {
      const key = accountKey(account);
      if (quota === undefined) continue;
      const owner = state.accounts.get(key);
      const before = added.get(key) ?? (owner === undefined ? { bytes: 0, messages: 0 } : usageOf(owner));
      const after = { bytes: before.bytes + version.body.size, messages: before.messages + 1 };
      added.set(key, after);
      if (exceeds(after, quota)) full.add(key);
    }
  }
  return full;
}

function targetOf({ account, mailbox, flags }: LocalDelivery) {
  return {
    account: accountKey(account),
    mailbox: checkedName(mailbox ?? INBOX),
    ...parseFlags(flags ?? []),
  };
}
