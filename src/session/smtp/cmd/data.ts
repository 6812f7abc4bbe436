import { type Reply, reply } from "../../../core/reply.ts";
import { answerTo } from "../answers.ts";
import type { IncomingMessage } from "../incoming_message.ts";
import { envelopeOf, type SmtpState, type Transaction } from "../state.ts";
import type { Step } from "../step.ts";
import { answerOutcomes, answerRefused } from "./outcome.ts";

/** RFC 5321 section 4.1.1.4: the message itself. */
export function data(state: SmtpState): Step {
  const transaction = state.transaction!;
  if (transaction.recipients.length === 0) return noRecipients(state, transaction);
  // RFC 3030 section 3: such a message has no lines, so no dot on a line of its own could end it.
  if (transaction.binary) return reply(503, "5.5.1", "BODY=BINARYMIME needs BDAT");
  return {
    kind: "receive",
    prompt: reply(354, null, "Send the message, end with a dot on a line by itself"),
    take: (message) => submit(state, transaction, message),
  };
}

/** RFC 5321 section 3.3; a client that pipelines gets here when all its recipients were refused. */
export function noRecipients(state: SmtpState, transaction: Transaction): Reply {
  // RFC 2033 section 4.2 names the code for LMTP.
  if (transaction.refused > 0 && !state.isLmtp) return reply(554, "5.5.1", "No valid recipients");
  return reply(503, "5.5.1", transaction.refused > 0 ? "No valid recipients" : "RCPT must come first");
}

async function submit(state: SmtpState, transaction: Transaction, message: IncomingMessage): Promise<Step> {
  const { door } = state.deps;
  try {
    const envelope = envelopeOf(transaction);
    const outcomes = await door.submit(envelope, message.stream(), state.submitContext(transaction));
    // Nobody may take a message whose flaw they did not wait for.
    if (message.failure !== null) throw message.failure;
    return answerOutcomes(state, transaction, outcomes);
  } catch (error) {
    if (message.lost) throw error;
    return answerRefused(state, transaction, answerTo(error, state, { verb: "DATA", argument: "" }));
  }
}
