import type { SpamField } from "./spam_fields.ts";

/** What is done with mail for our accounts beside putting it into mailboxes. */
export interface DeliverySettings {
  /** Mail that is forwarded leaves under an address of ours in its envelope (SRS), so that it passes SPF at the next host. */
  readonly srs: boolean;
  /** How long bounces may come back to such an address, in days. */
  readonly srsDays: number;
  /** An account hears of it when its quota is used up to so many per cent. */
  readonly quotaWarnings: readonly number[];
  /** How long a message is remembered that came to an account under one address and may come again under another; 0: not at all. */
  readonly duplicateWindowMs: number;
  /** What a scanner before us writes into spam, which is then never sent on to others. */
  readonly spamFields: readonly SpamField[];
  /** Whether strangers on port 25 may ask for reports (DSN, RFC 3461), of success above all. */
  readonly strangersDsn: boolean;
}

export const defaultDeliverySettings: DeliverySettings = {
  srs: true,
  srsDays: 21,
  quotaWarnings: [80, 95],
  duplicateWindowMs: 10 * 60_000,
  spamFields: [],
  strangersDsn: true,
};
