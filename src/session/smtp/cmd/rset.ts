import { reply } from "../../../core/reply.ts";
import type { SmtpState } from "../state.ts";
import type { Step } from "../step.ts";

/** RFC 5321 section 4.1.1.5: gives the transaction up; the greeting and the log-in stay. */
export function rset(state: SmtpState): Step {
  state.endTransaction();
  return reply(250, "2.0.0", "Ok");
}
