/**
 * The store in memory: everything that the SQLite store promises except that it lasts. It is for trials and tests, and
 * for whoever reads the ports and wants to see what they mean with nothing in between.
 *
 * Every write is done in one go, without an `await` between its first and its last change, so it is a transaction by
 * itself; what can fail is checked before.
 */
import type { Clock, Log, Random } from "../../core/ports.ts";
import { ChangeBus } from "../bus.ts";
import { parseFlags } from "../flags.ts";
import type { Delivery, Store, StoreStats } from "../mod.ts";
import { accountKey, checkedName, INBOX } from "../names.ts";
import { MemoryAccounts } from "./accounts.ts";
import { bytesOf, MemoryBodies, takeBody } from "./bodies.ts";
import { MemoryFacts } from "./facts.ts";
import { MemoryMailboxes } from "./mailboxes.ts";
import { MemoryMessages } from "./messages.ts";
import { enqueue, MemorySpool } from "./spool.ts";
import { MemoryState } from "./state.ts";
import { MemoryTrace } from "./trace.ts";

export interface MemoryStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Hears of listeners that throw. */
  readonly log?: Log;
}

export function openMemoryStore(options: MemoryStoreOptions): Store {
  return new MemoryStore(options);
}

class MemoryStore implements Store {
  readonly accounts: MemoryAccounts;
  readonly mailboxes: MemoryMailboxes;
  readonly messages: MemoryMessages;
  readonly bodies: MemoryBodies;
  readonly spool: MemorySpool;
  readonly trace: MemoryTrace;
  readonly facts: MemoryFacts;
  readonly bus: ChangeBus;
  readonly #state: MemoryState;

  constructor({ clock, log }: MemoryStoreOptions) {
    this.bus = new ChangeBus((error) => log?.error("store-listener-failed", { error: String(error) }));
    this.#state = new MemoryState(clock, this.bus);
    this.accounts = new MemoryAccounts(this.#state);
    this.mailboxes = new MemoryMailboxes(this.#state);
    this.messages = new MemoryMessages(this.#state);
    this.bodies = new MemoryBodies(this.#state);
    this.spool = new MemorySpool(this.#state);
    this.trace = new MemoryTrace(this.#state);
    this.facts = new MemoryFacts(this.#state);
  }

  async accept(delivery: Delivery): Promise<void> {
    this.#state.change();
    const local = delivery.local.map(({ account, mailbox, flags }) => ({
      account: accountKey(account),
      mailbox: checkedName(mailbox ?? INBOX),
      ...parseFlags(flags ?? []),
    }));
    const queued = delivery.queued !== null && delivery.queued.recipients.length > 0 ? delivery.queued : null;
    if (queued !== null && this.#state.queue.has(delivery.id)) {
      throw new Error(`Message ${delivery.id} is in the queue already`);
    }
    if (local.length === 0 && queued === null) {
      bytesOf(delivery.body);
      return;
    }
    const body = takeBody(this.#state, delivery.body);
    for (const { account, mailbox: name, bits, keywords } of local) {
      const mailbox = this.#state.ensureMailbox(this.#state.account(account), name);
      const message = { bits, keywords, internalDate: delivery.receivedAt, body };
      this.#state.addMessage(mailbox, message, mailbox.modseq + 1);
      this.#state.tell(mailbox);
    }
    if (queued !== null) {
      enqueue(this.#state, { id: delivery.id, body, queuedAt: delivery.receivedAt, entry: queued });
      this.bus.tellSpool([this.#state.queue.get(delivery.id)!]);
    }
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
