import { type Address, formatAddress, needsSmtpUtf8 } from "../core/address.ts";
import { type Envelope, NO_DSN, type RecipientDsn } from "../core/envelope.ts";
import type { SenderWishes } from "../store/mod.ts";
import type { Plan } from "./recipients.ts";

/** What goes into the queue with a message besides its addresses (RFC 3461, 8689, 3030); null when nothing was asked. */
export function wishesOf(envelope: Envelope, plan: Plan): SenderWishes | null {
  const { dsn, requireTls = false, binary = false, holdUntil } = envelope;
  if (dsn === undefined && !requireTls && !binary && holdUntil === undefined) return null;
  return {
    returns: dsn?.returns ?? null,
    envelopeId: dsn?.envelopeId ?? null,
    requireTls,
    binary,
    ...(holdUntil === undefined ? {} : { releaseAt: holdUntil }),
    ...(dsn === undefined ? {} : {
      recipients: plan.remote.map((address, place) =>
        wishFor(envelope, { address, from: plan.remoteFrom[place]! })
      ),
    }),
  };
}

/** What the sender wishes for an address, reached by the recipient at this place in the envelope. */
export function wishFor(
  envelope: Envelope,
  { address, from }: { readonly address: Address; readonly from: number },
): RecipientDsn {
  const wish = envelope.dsn?.recipients[from] ?? NO_DSN;
  const recipient = envelope.recipients[from]!;
  const isAlias = formatAddress(recipient) !== formatAddress(address);
  if (!isAlias || wish.originalRecipient !== null) return wish;
  // RFC 3461 section 5.2.7.1: so that a report names the address that the sender wrote to.
  const type = needsSmtpUtf8(recipient) ? "utf-8" : "rfc822";
  return { ...wish, originalRecipient: `${type};${formatAddress(recipient)}` };
}
