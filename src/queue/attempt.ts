import { type DsnRequest, NO_DSN } from "../core/envelope.ts";
import type { QueuedMessage, QueuedRecipient } from "../store/mod.ts";
import type { Attempt } from "./courier.ts";
import type { Job } from "./job.ts";

/** What the courier is given of a job, with what the sender asked for. */
export function toAttempt({ message, recipients }: Job, content: Attempt["content"]): Attempt {
  const dsn = dsnOf(message, recipients);
  return {
    id: message.id,
    sender: message.sender,
    recipients: recipients.map((recipient) => recipient.address),
    smtputf8: message.smtputf8,
    eightBit: message.eightBit,
    size: message.size - message.skip,
    ...(message.wishes?.requireTls === true ? { requireTls: true } : {}),
    ...(message.wishes?.binary === true ? { binary: true } : {}),
    ...(dsn === null ? {} : { dsn }),
    content,
  };
}

/** Null when the sender said nothing that RFC 3461 would pass on. */
function dsnOf({ wishes }: QueuedMessage, recipients: readonly QueuedRecipient[]): DsnRequest | null {
  const returns = wishes?.returns ?? null;
  const envelopeId = wishes?.envelopeId ?? null;
  if (returns === null && envelopeId === null && recipients.every(({ dsn }) => dsn === undefined)) {
    return null;
  }
  return { returns, envelopeId, recipients: recipients.map(({ dsn }) => dsn ?? NO_DSN) };
}
