import { formatAddress, type ReversePath } from "../../core/address.ts";
import { reply } from "../../core/reply.ts";
import type { Directory } from "../directory.ts";
import { ACCEPT, type EnvelopeCheck, type Verdict } from "./check.ts";

/**
 * An account sends as itself only (RFC 6409 section 6.1). The null path is for anybody: a mail program sends
 * its read receipts with it (RFC 8098 section 3).
 */
export function judgeSender(directory: Directory, account: string | null, sender: ReversePath): Verdict {
  if (account === null || sender === null || directory.maySendAs(account, sender)) return ACCEPT;
  return {
    kind: "refuse",
    reply: reply(553, "5.7.1", "Sender address is not yours: use your own address or one of its aliases"),
    reason: `${account} may not send as ${formatAddress(sender)}`,
  };
}

export const senderCheck: EnvelopeCheck = {
  name: "sender",
  judge: ({ directory, context, envelope }) => judgeSender(directory, context.account, envelope.sender),
};
