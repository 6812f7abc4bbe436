import { concatBytes } from "../../../core/bytes.ts";
import type { ByteRange, NewQueueEntry, QueuedMessage } from "../../mod.ts";
import { messageWishes, recipientDsn } from "../../wishes.ts";
import type { BodyArgument } from "../protocol.ts";

/** Larger bodies are read back from the disk. */
const MAX_BODY = 64 * 1024;
/** What all of them together may hold. */
const MAX_TOTAL = 8 * 1024 * 1024;

/**
 * Small bodies that were put into the queue a moment ago: the first attempt reads each of them here, once, instead of
 * asking a worker. The oldest go first when there are too many; the disk has them all.
 */
export class FreshBodies {
  readonly #bodies = new Map<number, Uint8Array>();
  readonly #byMessage = new Map<string, number>();
  #total = 0;

  put(messageId: string, bodyId: number, bytes: Uint8Array): void {
    this.#bodies.set(bodyId, bytes);
    this.#byMessage.set(messageId, bodyId);
    this.#total += bytes.length;
    for (const oldest of this.#bodies.keys()) {
      if (this.#total <= MAX_TOTAL) break;
      this.#remove(oldest);
    }
  }

  /** The bytes of a range, if they are here; they are not kept after that. */
  take(bodyId: number, range: ByteRange | undefined): Uint8Array | null {
    const bytes = this.#bodies.get(bodyId);
    if (bytes === undefined) return null;
    this.#remove(bodyId);
    return range === undefined ? bytes : bytes.subarray(range.start, range.end);
  }

  /** An attempt at the message has ended, or it was dropped: it may be gone. */
  forget(messageId: string): void {
    const bodyId = this.#byMessage.get(messageId);
    if (bodyId !== undefined) this.#remove(bodyId);
    this.#byMessage.delete(messageId);
  }

  clear(): void {
    this.#bodies.clear();
    this.#byMessage.clear();
    this.#total = 0;
  }

  #remove(bodyId: number): void {
    this.#total -= this.#bodies.get(bodyId)?.length ?? 0;
    this.#bodies.delete(bodyId);
  }
}

/** A copy of a body that is about to be handed to the writer; null when it is too large to be kept. */
export function copyOfBody(body: BodyArgument): Uint8Array | null {
  if (body.kind !== "inline") return null;
  const parts = [body.prefix, ...body.chunks];
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  return size > MAX_BODY ? null : concatBytes(parts);
}

/** The entry as `SpoolStore.get` would read it now. */
export function freshMessage(
  entry: NewQueueEntry,
  at: { readonly id: string; readonly bodyId: number; readonly size: number; readonly queuedAt: number },
): QueuedMessage {
  const { sender, smtputf8, eightBit, skip, dueAt, held } = entry;
  const wishes = messageWishes(entry.wishes);
  return {
    ...at,
    skip,
    sender,
    smtputf8,
    eightBit,
    ...(wishes === null ? {} : { wishes }),
    recipients: entry.recipients.map((address, index) => {
      const dsn = recipientDsn(entry.wishes, index);
      return {
        index,
        address,
        attempts: 0,
        nextAttemptAt: dueAt,
        held: held?.[index] ?? false,
        delayNotified: false,
        lastReply: null,
        lastHost: null,
        ...(dsn === null ? {} : { dsn }),
      };
    }),
  };
}
