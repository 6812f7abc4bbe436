import { formatAddress } from "../../core/address.ts";
import type { QueuedMessage, QueuedRecipient } from "../../store/mod.ts";
import { formatSize } from "../config/mod.ts";

/** How many recipients of one message a list shows. */
const SHOWN_RECIPIENTS = 5;

/** One message of a list: a line for itself and one for each of its first recipients. */
export function listLines(message: QueuedMessage, now: number): string[] {
  const { id, size, sender, queuedAt, recipients } = message;
  const shown = recipients.slice(0, SHOWN_RECIPIENTS);
  const more = recipients.length - shown.length;
  return [
    `${id}  ${formatSize(size)}  ${roughTime(now - queuedAt)} old  from <${formatAddress(sender)}>`,
    ...shown.map((recipient) => `    ${recipientLine(recipient, now)}`),
    ...(more > 0 ? [`    and ${more} more`] : []),
  ];
}

/** All that is known of one message. */
export function messageLines(message: QueuedMessage, now: number): string[] {
  const { id, size, sender, queuedAt, smtputf8, eightBit, recipients } = message;
  return [
    `Id:          ${id}`,
    `Sender:      <${formatAddress(sender)}>`,
    `Size:        ${formatSize(size)}`,
    `Queued:      ${new Date(queuedAt).toISOString()} (${roughTime(now - queuedAt)} ago)`,
    `Needs:       ${
      [smtputf8 ? "SMTPUTF8" : "", eightBit ? "8BITMIME" : ""].filter(Boolean).join(", ") || "-"
    }`,
    `Recipients:  ${recipients.length}`,
    ...recipients.map((recipient) => `    ${recipientLine(recipient, now)}`),
  ];
}

function recipientLine(recipient: QueuedRecipient, now: number): string {
  const { address, attempts, nextAttemptAt, held, lastReply, lastHost } = recipient;
  const due = nextAttemptAt <= now ? "due now" : `next in ${roughTime(nextAttemptAt - now)}`;
  const state = held ? "held" : due;
  const tries = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  const last = lastReply === null ? "" : `: ${lastReply}${lastHost === null ? "" : ` (${lastHost})`}`;
  return `<${formatAddress(address)}>  ${state}, ${tries}${last}`;
}

/** To the largest unit that fits: `3m`, `2h`, `5d`. */
export function roughTime(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)}m`;
  if (seconds < 2 * 86_400) return `${Math.round(seconds / 3600)}h`;
  return `${Math.round(seconds / 86_400)}d`;
}
