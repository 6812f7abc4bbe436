import { addressKey } from "../../core/address.ts";
import type {
  NewQueueEntry,
  Postponement,
  QueuedMessage,
  QueuedRecipient,
  QueueFilter,
  RecipientUpdate,
  SpoolStore,
} from "../mod.ts";
import { DEFAULT_PAGE } from "../spool_page.ts";
import { messageWishes, recipientDsn } from "../wishes.ts";
import type { MemoryBody, MemoryState } from "./state.ts";

export class MemorySpool implements SpoolStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async due(now: number, limit: number): Promise<QueuedMessage[]> {
    this.#state.use();
    return this.#messages()
      .map((message) => ({ message, at: nextAttempt(message) }))
      .filter(({ at }) => at <= now)
      .sort((a, b) => a.at - b.at || compareIds(a.message, b.message))
      .slice(0, Math.max(0, limit))
      .map(({ message }) => message);
  }

  async nextDueAt(): Promise<number | null> {
    this.#state.use();
    const next = this.#messages().reduce((least, message) => Math.min(least, nextAttempt(message)), Infinity);
    return next === Infinity ? null : next;
  }

  async settle(id: string, updates: readonly RecipientUpdate[]): Promise<void> {
    this.#state.change();
    const message = this.#state.queue.get(id);
    if (message === undefined) return;
    this.#put(message, updates.reduce(settleRecipient, message.recipients));
  }

  async postpone(what: Postponement): Promise<number> {
    const { until, spreadMs, answer } = what;
    let count = 0;
    this.#change((message, recipient) => {
      if (!isPostponed(message, recipient, what)) return recipient;
      // Evenly enough: what follows one another comes due apart.
      const nextAttemptAt = until + Math.floor(spreadMs * (count++ * GOLDEN % 1));
      return { ...recipient, nextAttemptAt, ...answer };
    });
    return count;
  }

  async list(
    filter: QueueFilter = {},
    page: { readonly after?: string; readonly limit?: number } = {},
  ): Promise<QueuedMessage[]> {
    this.#state.use();
    const after = page.after ?? "";
    return this.#messages()
      .filter((message) =>
        message.id > after && message.recipients.some((one) => matches(message, one, filter))
      )
      .sort(compareIds)
      .slice(0, page.limit ?? DEFAULT_PAGE);
  }

  async get(id: string): Promise<QueuedMessage | null> {
    this.#state.use();
    return this.#state.queue.get(id) ?? null;
  }

  async flush(filter: QueueFilter, now: number): Promise<number> {
    const count = this.#changeMatching(filter, (recipient) => ({ ...recipient, nextAttemptAt: now }));
    if (count > 0) this.#state.bus.tellSpool();
    return count;
  }

  async hold(filter: QueueFilter, held: boolean): Promise<number> {
    const count = this.#changeMatching(filter, (recipient) => ({ ...recipient, held }));
    if (count > 0 && !held) this.#state.bus.tellSpool();
    return count;
  }

  async drop(filter: QueueFilter): Promise<number> {
    this.#state.change();
    let count = 0;
    for (const message of this.#messages()) {
      const kept = message.recipients.filter((recipient) => !matches(message, recipient, filter));
      if (kept.length === message.recipients.length) continue;
      this.#put(message, kept);
      count++;
    }
    return count;
  }

  #messages(): QueuedMessage[] {
    return [...this.#state.queue.values()];
  }

  #changeMatching(filter: QueueFilter, change: (recipient: QueuedRecipient) => QueuedRecipient): number {
    let count = 0;
    this.#change((message, recipient) => {
      if (!matches(message, recipient, filter)) return recipient;
      count++;
      return change(recipient);
    });
    return count;
  }

  #change(change: (message: QueuedMessage, recipient: QueuedRecipient) => QueuedRecipient): void {
    this.#state.change();
    for (const message of this.#messages()) {
      this.#put(message, message.recipients.map((recipient) => change(message, recipient)));
    }
  }

  /** A message without recipients leaves the queue, and its body with it. */
  #put(message: QueuedMessage, recipients: readonly QueuedRecipient[]): void {
    if (recipients.length > 0) {
      this.#state.queue.set(message.id, { ...message, recipients });
      return;
    }
    this.#state.queue.delete(message.id);
    this.#state.releaseBody(this.#state.bodies.get(message.bodyId)!);
  }
}

function settleRecipient(
  recipients: readonly QueuedRecipient[],
  { index, state }: RecipientUpdate,
): readonly QueuedRecipient[] {
  if (state.kind === "done") return recipients.filter((recipient) => recipient.index !== index);
  const { kind: _, ...attempt } = state;
  return recipients.map((recipient) => recipient.index === index ? { ...recipient, ...attempt } : recipient);
}

export interface QueueEntry {
  readonly id: string;
  readonly body: MemoryBody;
  readonly queuedAt: number;
  readonly entry: NewQueueEntry;
}

export function enqueue(state: MemoryState, { id, body, queuedAt, entry }: QueueEntry): void {
  const { sender, recipients, smtputf8, eightBit, skip, dueAt } = entry;
  const wishes = messageWishes(entry.wishes);
  body.refs++;
  state.queue.set(id, {
    id,
    bodyId: body.id,
    size: body.bytes.length,
    skip,
    sender,
    smtputf8,
    eightBit,
    queuedAt,
    ...(wishes === null ? {} : { wishes }),
    recipients: recipients.map((address, index): QueuedRecipient => {
      const dsn = recipientDsn(entry.wishes, index);
      return {
        index,
        address,
        attempts: 0,
        nextAttemptAt: dueAt,
        held: entry.held?.[index] ?? false,
        delayNotified: false,
        lastReply: null,
        lastHost: null,
        ...(dsn === null ? {} : { dsn }),
      };
    }),
  });
}

const GOLDEN = 0.618;

function isPostponed(
  { queuedAt }: QueuedMessage,
  { address, held, nextAttemptAt, delayNotified }: QueuedRecipient,
  { recipientDomain, dueBy, queuedAfter, unnoticedAfter }: Postponement,
): boolean {
  return address.domain === recipientDomain && !held && nextAttemptAt <= dueBy && queuedAt > queuedAfter &&
    (delayNotified || queuedAt > unnoticedAfter);
}

function nextAttempt(message: QueuedMessage): number {
  return message.recipients.reduce(
    (least, recipient) => recipient.held ? least : Math.min(least, recipient.nextAttemptAt),
    Infinity,
  );
}

function compareIds(a: QueuedMessage, b: QueuedMessage): number {
  return a.id < b.id ? -1 : 1;
}

function matches(message: QueuedMessage, recipient: QueuedRecipient, filter: QueueFilter): boolean {
  const sender = message.sender === null ? "" : addressKey(message.sender);
  return (filter.id === undefined || filter.id === message.id) &&
    (filter.recipientDomain === undefined || filter.recipientDomain === recipient.address.domain) &&
    (filter.sender === undefined || filter.sender.toLowerCase() === sender) &&
    (filter.held === undefined || filter.held === recipient.held) &&
    (filter.recipient === undefined || filter.recipient === addressKey(recipient.address)) &&
    (filter.queuedBefore === undefined || message.queuedAt < filter.queuedBefore);
}
