import { reply } from "../../core/reply.ts";
import { ACCEPT, type EnvelopeCheck } from "./check.ts";

/** What is said of a recipient here whose message should wait; at RCPT already (mod.ts). */
export const CANNOT_HOLD = reply(
  550,
  "5.3.3",
  "Cannot hold a message for recipients of this server; send it to them without HOLDFOR or HOLDUNTIL",
);

/** Only the queue can hold a message (RFC 4865), and mail for our own mailboxes does not go through it. */
export const holdCheck: EnvelopeCheck = {
  name: "hold",
  judge({ envelope, plan }) {
    if (envelope.holdUntil === undefined || plan.accounts.length === 0) return ACCEPT;
    return { kind: "refuse", reply: CANNOT_HOLD };
  },
};
