import { reply } from "../../../core/reply.ts";
import { parseHello } from "../../../wire/smtp/mod.ts";
import type { SmtpState } from "../state.ts";
import type { Step } from "../step.ts";

/** RFC 5321 section 4.1.1.1: for clients from before 1995. */
export function helo(state: SmtpState, argument: string): Step {
  const name = parseHello(argument, { lenient: state.isSubmission });
  state.hello = { extended: false, name };
  state.endTransaction();
  return reply(250, null, state.deps.hostname);
}
