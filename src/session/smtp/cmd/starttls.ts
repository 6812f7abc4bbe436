import { reply } from "../../../core/reply.ts";
import type { SmtpState } from "../state.ts";
import type { Step } from "../step.ts";

/** RFC 3207 section 4. The loop does it, for it has the connection. */
export function starttls(state: SmtpState): Step {
  if (state.secure) return reply(503, "5.5.1", "TLS is active already");
  return { kind: "upgrade", reply: reply(220, "2.0.0", "Ready to start TLS") };
}
