import { ConnectionLostError, ProtocolError, TimeoutError } from "../../core/errors.ts";
import { type Reply, reply } from "../../core/reply.ts";
import { describeTarget, type Target } from "./peer.ts";
import type { TlsFailure } from "./policy/failure_type.ts";

/**
 * One host could not be used for this message; another one may. `reply` is what it said, or our words for what happened; `host`
 * is null when it said nothing at all.
 */
export class HostFailure extends Error {
  override readonly name: string = "HostFailure";
  readonly reply: Reply;
  readonly host: string | null;

  constructor(reply: Reply, host: string | null) {
    super(reply.toString());
    this.reply = reply;
    this.host = host;
  }
}

/** We refuse the host: its TLS does not satisfy a policy. Never a reason to send the mail by a way that is worse. */
export class PolicyFailure extends HostFailure {
  /** For the report to the other domain. */
  readonly flaw: TlsFailure | null;

  constructor(
    reply: Reply,
    about: { readonly target: Pick<Target, "name" | "address"> | null; readonly flaw: TlsFailure | null },
  ) {
    super(reply, about.target === null ? null : describeTarget(about.target));
    this.flaw = about.flaw;
  }
}

/** The message itself could not be read from the store: our fault, and no reason to blame a host. */
export class ContentError extends Error {
  override readonly name = "ContentError";
}

/** The other side closed, was silent too long, or spoke something that is not SMTP. */
export function isLost(error: unknown): error is Error {
  return error instanceof ConnectionLostError || error instanceof TimeoutError ||
    error instanceof ProtocolError;
}

/** RFC 3463 section 3.5: X.4.1 no answer from host, X.4.2 bad connection. */
export function connectFailure(where: string, error: Error): HostFailure {
  return new HostFailure(reply(451, "4.4.1", `No connection to ${where}: ${error.message}`), null);
}

export function greetingFailure(where: string, error: Error): HostFailure {
  return new HostFailure(reply(451, "4.4.2", `No mail service at ${where}: ${error.message}`), null);
}

/** 2xx; a 3xx is no success of the commands that we give, but for DATA. */
export function isDone(answer: Reply): boolean {
  return answer.code < 300;
}

/** A reply that has no place here, such as 250 to DATA or 354 to RCPT, is taken for a refusal for now. */
export function asRefusal(answer: Reply): Reply {
  return answer.code >= 400 ? answer : reply(451, "4.5.0", `Unexpected reply: ${answer}`);
}
