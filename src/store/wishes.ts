/** What a sender asked for, as the spool keeps it: nothing at all for what is the default. */
import type { RecipientDsn } from "../core/envelope.ts";
import type { SenderWishes } from "./mod.ts";

/** The part that belongs to the message; null when nothing was asked. */
export function messageWishes(wishes: SenderWishes | undefined): Omit<SenderWishes, "recipients"> | null {
  if (wishes === undefined) return null;
  const { returns, envelopeId, requireTls, binary, releaseAt } = wishes;
  const told = { returns, envelopeId, requireTls, binary };
  if (releaseAt !== undefined) return { ...told, releaseAt };
  return returns === null && envelopeId === null && !requireTls && !binary ? null : told;
}

/** The part that belongs to the recipient at a place of the envelope; null when nothing was asked. */
export function recipientDsn(wishes: SenderWishes | undefined, place: number): RecipientDsn | null {
  const dsn = wishes?.recipients?.[place];
  if (dsn === undefined || (dsn.notify === null && dsn.originalRecipient === null)) return null;
  return { notify: dsn.notify, originalRecipient: dsn.originalRecipient };
}
