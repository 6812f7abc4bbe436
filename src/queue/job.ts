import type { QueuedMessage, QueuedRecipient } from "../store/mod.ts";

/** The recipients of one message at one destination: what one attempt takes on. */
export interface Job {
  readonly message: QueuedMessage;
  /** The recipients' domain. */
  readonly destination: string;
  readonly recipients: readonly QueuedRecipient[];
  /** When it was taken from the store. */
  readonly takenAt: number;
}

/** Sorts the recipients that are due by destination, at most `size` in each job. */
export function splitMessage(message: QueuedMessage, { now, size }: { now: number; size: number }): Job[] {
  const byDestination = new Map<string, QueuedRecipient[]>();
  for (const recipient of message.recipients) {
    if (recipient.held || recipient.nextAttemptAt > now) continue;
    const destination = recipient.address.domain.toLowerCase();
    const group = byDestination.get(destination);
    if (group === undefined) byDestination.set(destination, [recipient]);
    else group.push(recipient);
  }
  const jobs: Job[] = [];
  for (const [destination, recipients] of byDestination) {
    for (let at = 0; at < recipients.length; at += size) {
      jobs.push({ message, destination, recipients: recipients.slice(at, at + size), takenAt: now });
    }
  }
  return jobs;
}
