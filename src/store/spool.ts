import type { Address, ReversePath } from "../core/address.ts";
import type { RecipientDsn } from "../core/envelope.ts";

export interface NewQueueEntry {
  readonly sender: ReversePath;
  readonly recipients: readonly Address[];
  readonly smtputf8: boolean;
  readonly eightBit: boolean;
  /** How many bytes at the start of the body are not sent on (our own Return-Path line). */
  readonly skip: number;
  /** When the first attempt is due. */
  readonly dueAt: number;
  /** By recipient, in the order of the envelope: held from the start; missing for none. */
  readonly held?: readonly boolean[];
  /** What RFC 3461 and RFC 8689 attach to the message; missing when the sender said nothing. */
  readonly wishes?: SenderWishes;
}

/** What the sender asked for, kept with the message as long as it is queued. */
export interface SenderWishes {
  /** RET. */
  readonly returns: "full" | "headers" | null;
  /** ENVID. */
  readonly envelopeId: string | null;
  readonly requireTls: boolean;
  /** BODY=BINARYMIME. */
  readonly binary: boolean;
  /** FUTURERELEASE (RFC 4865): its time in the queue counts from here. */
  readonly releaseAt?: number;
  /** By recipient, in the order of the envelope; missing when nothing was said of any. */
  readonly recipients?: readonly RecipientDsn[];
}

export interface QueuedRecipient {
  /** Its place in the envelope, from 0; the key within its message. */
  readonly index: number;
  readonly address: Address;
  readonly attempts: number;
  readonly nextAttemptAt: number;
  readonly held: boolean;
  /** The delay notice has been sent. */
  readonly delayNotified: boolean;
  /** What the last attempt ended with, as `Reply.toString()`, and the host that said it. */
  readonly lastReply: string | null;
  readonly lastHost: string | null;
  /** NOTIFY and ORCPT (RFC 3461); missing when nothing was said. */
  readonly dsn?: RecipientDsn;
}

export interface QueuedMessage {
  readonly id: string;
  readonly bodyId: number;
  /** Bytes of the body, including what is skipped. */
  readonly size: number;
  readonly skip: number;
  readonly sender: ReversePath;
  readonly smtputf8: boolean;
  readonly eightBit: boolean;
  readonly queuedAt: number;
  /** Without `recipients`: those carry theirs. Missing when the sender asked for nothing. */
  readonly wishes?: SenderWishes;
  /** Those not finished yet, by index. */
  readonly recipients: readonly QueuedRecipient[];
}

export interface RecipientUpdate {
  readonly index: number;
  /** `done` takes the recipient out of the queue (delivered, or failed and reported). */
  readonly state:
    | { readonly kind: "done" }
    | {
      readonly kind: "waiting";
      readonly attempts: number;
      readonly nextAttemptAt: number;
      readonly lastReply: string;
      readonly lastHost: string | null;
      readonly delayNotified: boolean;
    };
}

export interface QueueFilter {
  readonly id?: string;
  /** Lower case. */
  readonly recipientDomain?: string;
  readonly sender?: string;
  readonly held?: boolean;
  /** One address, in lower case. */
  readonly recipient?: string;
  /** Queued before this time. */
  readonly queuedBefore?: number;
}

/** Which recipients are moved to a later time together, and what they are told was the reason. */
export interface Postponement {
  /** As it stands in their addresses. */
  readonly recipientDomain: string;
  /** Due at this time at the latest; who is held is not moved. */
  readonly dueBy: number;
  /** Only of messages that were queued after this. */
  readonly queuedAfter: number;
  /** Without a delay notice, only of messages that were queued after this. */
  readonly unnoticedAfter: number;
  /** They come due from `until` on, spread over so much time. */
  readonly until: number;
  readonly spreadMs: number;
  /** What they were answered; null when nobody was asked: what stands there stays. */
  readonly answer: { readonly lastReply: string; readonly lastHost: string | null } | null;
}

export interface SpoolStore {
  /** Messages with a recipient that is due and not held, the longest due first; all their unfinished recipients are listed. */
  due(now: number, limit: number): Promise<QueuedMessage[]>;
  /** When the next recipient that is not held comes due; null when none waits. */
  nextDueAt(): Promise<number | null>;
  /** Applies the result of an attempt in one commit; a message without recipients leaves the queue with its body. */
  settle(id: string, updates: readonly RecipientUpdate[]): Promise<void>;
  /**
   * Moves all recipients that are described, without counting an attempt; how many. In slices, each of them one commit, so that
   * other writes come in between however many they are.
   */
  postpone(what: Postponement): Promise<number>;
  list(
    filter?: QueueFilter,
    page?: { readonly after?: string; readonly limit?: number },
  ): Promise<QueuedMessage[]>;
  get(id: string): Promise<QueuedMessage | null>;
  /** Makes everything that matches due at `now`; the number of recipients. */
  flush(filter: QueueFilter, now: number): Promise<number>;
  hold(filter: QueueFilter, held: boolean): Promise<number>;
  /** Takes what matches out of the queue without a report; the number of messages. */
  drop(filter: QueueFilter): Promise<number>;
}
