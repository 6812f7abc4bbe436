import { reply } from "../../../core/reply.ts";
import type { SmtpState } from "../state.ts";
import type { Step } from "../step.ts";

/** RFC 5321 sections 3.5.3 and 7.3: does not tell who has a mailbox here. */
export function vrfy(_state: SmtpState, argument: string): Step {
  if (argument === "") return reply(501, "5.5.4", "Expected a user or an address");
  return reply(252, "2.1.5", "Cannot verify, but will try to deliver");
}
