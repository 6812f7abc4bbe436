import { reply } from "../../../core/reply.ts";
import { saslMechanisms } from "../../../intake/sasl_log_in.ts";
import { parseHello } from "../../../wire/smtp/mod.ts";
import type { SmtpState } from "../state.ts";
import type { Step } from "../step.ts";

/** RFC 5321 sections 4.1.1.1 and 4.1.4, and LHLO of RFC 2033: begins, or begins anew, and says what we offer. */
export function ehlo(state: SmtpState, argument: string): Step {
  const name = parseHello(argument, { lenient: state.isSubmission || state.isLmtp });
  state.hello = { extended: true, name };
  state.endTransaction();
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
    "CHUNKING", // RFC 3030
    "BINARYMIME", // RFC 3030
    ...state.offersDsn ? ["DSN"] : [], // RFC 3461
    `LIMITS MAILMAX=${state.limits.transactions} RCPTMAX=${state.limits.recipients}`, // RFC 9422
  ];
  // RFC 8689 section 2: under TLS only.
  if (state.secure) keywords.push("REQUIRETLS");
  if (state.holdsMail) keywords.push(futureRelease(state));
  // RFC 3207 section 4.2: not again under TLS.
  if (!state.secure) keywords.push("STARTTLS");
  // RFC 4954 section 3; never where a password could be overheard.
  if (state.mayAuthenticate && state.account === null) {
    keywords.push(`AUTH ${saslMechanisms(state.deps, state.tls).join(" ")}`);
  }
  return keywords;
}

/** RFC 4865 section 3: the longest interval in seconds, and the latest time. */
function futureRelease({ deps, limits }: SmtpState): string {
  const seconds = Math.floor(limits.holdMaxMs / 1000);
  const latest = new Date(deps.clock.now() + limits.holdMaxMs).toISOString();
  return `FUTURERELEASE ${seconds} ${latest.slice(0, 19)}Z`;
}
