import { formatAddress } from "../core/address.ts";
import type { QueuedMessage, QueuedRecipient } from "../store/mod.ts";

/** The recipients of one message at one domain: what one attempt takes on. */
export interface Job {
  readonly message: QueuedMessage;
  /** The recipients' domain. */
  readonly domain: string;
  /** Where it goes, as far as the queue can know: the domain, or the name of the hosts that several domains share. */
  readonly destination: string;
  readonly recipients: readonly QueuedRecipient[];
  /** When it was taken from the store. */
  readonly takenAt: number;
  /** It goes before the others: a fresh message of somebody who has few of them under way. */
  readonly urgent: boolean;
}

/** Sorts the recipients that are due by domain, at most `size` in each job. */
export function splitMessage(message: QueuedMessage, { now, size }: { now: number; size: number }): Job[] {
  const byDomain = new Map<string, QueuedRecipient[]>();
  for (const recipient of message.recipients) {
    if (recipient.held || recipient.nextAttemptAt > now) continue;
    const domain = recipient.address.domain.toLowerCase();
    const group = byDomain.get(domain);
    if (group === undefined) byDomain.set(domain, [recipient]);
    else group.push(recipient);
  }
  const jobs: Job[] = [];
  for (const [domain, recipients] of byDomain) {
    for (let at = 0; at < recipients.length; at += size) {
      jobs.push({
        message,
        domain,
        destination: domain,
        recipients: recipients.slice(at, at + size),
        takenAt: now,
        urgent: false,
      });
    }
  }
  return jobs;
}

/** By whose backlog a message is judged. */
export function senderKey(message: QueuedMessage): string {
  return formatAddress(message.sender).toLowerCase();
}
