import { reply } from "../../../core/reply.ts";
import { SASL_MECHANISMS } from "../../../wire/sasl/mod.ts";
import { parseHello } from "../../../wire/smtp/mod.ts";
import type { SmtpState } from "../state.ts";
import type { Step } from "../step.ts";

/** RFC 5321 sections 4.1.1.1 and 4.1.4: begins, or begins anew, and says what we offer. */
export function ehlo(state: SmtpState, argument: string): Step {
  const name = parseHello(argument, { lenient: state.isSubmission });
  state.hello = { extended: true, name };
  state.transaction = null;
  return reply(250, null, [`${state.deps.hostname} greets you`, ...offer(state)]);
}

/** The keywords that hold in this state of the session. */
function offer(state: SmtpState): string[] {
  const keywords = [
    "PIPELINING", // RFC 2920
    `SIZE ${state.limits.messageSize}`, // RFC 1870
    "8BITMIME", // RFC 6152
    "SMTPUTF8", // RFC 6531
    "ENHANCEDSTATUSCODES", // RFC 2034
  ];
  // RFC 3207 section 4.2: not again under TLS.
  if (!state.secure) keywords.push("STARTTLS");
  // RFC 4954 section 3; never where a password could be overheard.
  if (state.mayAuthenticate && state.account === null) keywords.push(`AUTH ${SASL_MECHANISMS.join(" ")}`);
  return keywords;
}
