import type { SubmitContext } from "../core/ports.ts";

/** What the door takes at most. Sizes are bytes. */
export interface IntakeLimits {
  /** One whole message (RFC 1870). */
  readonly messageSize: number;
  /** The header of one message, as it came. */
  readonly headerSize: number;
  /** Received fields; one more, and the message is taken for one that goes round in a circle (RFC 5321 section 6.3). */
  readonly receivedFields: number;
}

export const defaultIntakeLimits: IntakeLimits = {
  messageSize: 50 * 1024 * 1024,
  headerSize: 256 * 1024,
  receivedFields: 50,
};

/** What we put in front of a message that we send on. */
const TRACE_SIZE = 8 * 1024;

/** A message that was small enough when it came must not become too large by our own trace fields. */
export function limitsFor({ origin }: SubmitContext, limits: IntakeLimits): IntakeLimits {
  if (origin !== "redirect") return limits;
  const { messageSize, headerSize, receivedFields } = limits;
  return {
    messageSize: messageSize + TRACE_SIZE,
    headerSize: headerSize + TRACE_SIZE,
    receivedFields: receivedFields + 1,
  };
}
