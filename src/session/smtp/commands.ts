import { type Reply, reply } from "../../core/reply.ts";
import type { CommandLine } from "../../wire/smtp/mod.ts";
import { auth } from "./cmd/auth.ts";
import { bdat, refuseBdat } from "./cmd/bdat.ts";
import { data } from "./cmd/data.ts";
import { ehlo } from "./cmd/ehlo.ts";
import { helo } from "./cmd/helo.ts";
import { help } from "./cmd/help.ts";
import { mail } from "./cmd/mail.ts";
import { noop } from "./cmd/noop.ts";
import { quit } from "./cmd/quit.ts";
import { rcpt } from "./cmd/rcpt.ts";
import { rset } from "./cmd/rset.ts";
import { starttls } from "./cmd/starttls.ts";
import { vrfy } from "./cmd/vrfy.ts";
import type { Phase, SmtpState } from "./state.ts";
import { hangUp, type Step } from "./step.ts";

export type Handler = (state: SmtpState, argument: string) => Step | Promise<Step>;

interface Row {
  /** Where in the dialogue the command is legal; elsewhere it gets 503. */
  readonly phases: readonly Phase[];
  /** On the submission services only after a log-in (RFC 6409 section 4.3). */
  readonly needsLogin?: boolean;
  /** An argument gets 501. */
  readonly bare?: boolean;
  /** LMTP has it and SMTP does not, or the other way round (RFC 2033 section 4.1). */
  readonly only?: "smtp" | "lmtp";
  /** What is done, instead of only replying, where the command is not legal. */
  readonly refuse?: (state: SmtpState, argument: string, refusal: Reply) => Step;
  readonly handler: Handler;
}

const ANY: readonly Phase[] = ["start", "ready", "mail", "rcpt", "bdat"];

/** RFC 5321 section 4.1.4 says which command may stand where. */
const COMMANDS: ReadonlyMap<string, Row> = new Map<string, Row>([
  ["EHLO", { phases: ANY, only: "smtp", handler: ehlo }],
  ["HELO", { phases: ANY, only: "smtp", handler: helo }],
  ["LHLO", { phases: ANY, only: "lmtp", handler: ehlo }],
  ["STARTTLS", { phases: ["ready"], bare: true, handler: starttls }],
  ["AUTH", { phases: ["ready"], handler: auth }],
  ["MAIL", { phases: ["ready"], needsLogin: true, handler: mail }],
  ["RCPT", { phases: ["mail", "rcpt"], needsLogin: true, handler: rcpt }],
  // Without a recipient, too: which reply that gets depends on whether one was tried.
  ["DATA", { phases: ["mail", "rcpt"], needsLogin: true, bare: true, handler: data }],
  ["BDAT", { phases: ["mail", "rcpt", "bdat"], needsLogin: true, handler: bdat, refuse: refuseBdat }],
  ["RSET", { phases: ANY, bare: true, handler: rset }],
  ["NOOP", { phases: ANY, handler: noop }],
  ["VRFY", { phases: ANY, needsLogin: true, handler: vrfy }],
  ["HELP", { phases: ANY, handler: (state) => help(verbsFor(state)) }],
  ["QUIT", { phases: ANY, bare: true, handler: quit }],
]);

/** Commands of SMTP that we know of and do not have (RFC 5321 section 4.2.4). */
const NOT_IMPLEMENTED = new Set(["EXPN", "TURN", "ETRN", "ATRN", "SEND", "SOML", "SAML", "BURL"]);

/** A browser, made to talk to us by some web page; what it sends next could be anything. */
const HTTP = new Set(["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "CONNECT", "PATCH", "TRACE"]);

/** Finds the command's row, checks that it is legal here, and runs it. */
export function obey(state: SmtpState, { verb, argument }: CommandLine): Step | Promise<Step> {
  if (++state.counts.commands > state.limits.commands) {
    return hangUp(reply(421, "4.7.0", "Too many commands in one session"), "too-many-commands");
  }
  const row = COMMANDS.get(verb);
  if (row === undefined || !isSpoken(row, state)) return refuseUnknown(verb);
  const refusal = objection(state, row, { verb, argument });
  if (refusal === null) return row.handler(state, argument);
  return row.refuse === undefined ? refusal : row.refuse(state, argument, refusal);
}

/** Why the command is not legal here; null when it is. */
function objection(state: SmtpState, row: Row, { verb, argument }: CommandLine): Reply | null {
  if (row.bare === true && argument !== "") return reply(501, "5.5.4", `${verb} takes no argument`);
  if (!row.phases.includes(state.phase)) return reply(503, "5.5.1", outOfSequence(state, row));
  if (row.needsLogin === true && state.isSubmission && state.account === null) {
    // RFC 4954 section 6; RFC 3207 section 4.
    const first = state.mayAuthenticate ? "Authentication required" : "Say STARTTLS, then log in";
    return reply(530, "5.7.0", first);
  }
  return null;
}

function isSpoken(row: Row, state: SmtpState): boolean {
  return row.only === undefined || (row.only === "lmtp") === state.isLmtp;
}

function verbsFor(state: SmtpState): string[] {
  return [...COMMANDS].flatMap(([verb, row]) => isSpoken(row, state) ? [verb] : []);
}

function refuseUnknown(verb: string): Step {
  if (NOT_IMPLEMENTED.has(verb)) return reply(502, "5.5.1", `${verb} is not implemented`);
  const unknown = reply(500, "5.5.1", "No such command");
  return HTTP.has(verb) ? hangUp(unknown, "http") : unknown;
}

function outOfSequence({ phase, isLmtp }: SmtpState, row: Row): string {
  if (phase === "start") return isLmtp ? "Say LHLO first" : "Say EHLO or HELO first";
  // RFC 3030 section 2.
  if (phase === "bdat") return "Not while a message comes by BDAT";
  return row.phases.includes("mail") ? "MAIL must come first" : "Not within a mail transaction";
}
