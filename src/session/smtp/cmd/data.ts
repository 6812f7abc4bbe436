import type { Outcome } from "../../../core/outcome.ts";
import { type Reply, reply } from "../../../core/reply.ts";
import type { IncomingMessage } from "../incoming_message.ts";
import type { SmtpState, Transaction } from "../state.ts";
import type { Step } from "../step.ts";

/** RFC 5321 section 4.1.1.4: the message itself. */
export function data(state: SmtpState): Step {
  const transaction = state.transaction!;
  if (transaction.recipients.length === 0) {
    // RFC 5321 section 3.3; a client that pipelines gets here when all its recipients were refused.
    return transaction.refused > 0
      ? reply(554, "5.5.1", "No valid recipients")
      : reply(503, "5.5.1", "RCPT must come first");
  }
  return {
    kind: "receive",
    prompt: reply(354, null, "Send the message, end with a dot on a line by itself"),
    take: (message) => submit(state, transaction, message),
  };
}

async function submit(state: SmtpState, transaction: Transaction, message: IncomingMessage): Promise<Step> {
  const { sender, recipients, smtputf8, eightBit } = transaction;
  const envelope = { sender, recipients, smtputf8, eightBit };
  const outcomes = await state.deps.door.submit(envelope, message.stream(), state.submitContext(transaction));
  // Nobody may take a message whose flaw they did not wait for.
  if (message.failure !== null) throw message.failure;
  const answer = answerFor(outcomes, transaction.id);
  if (answer.isSuccess) state.counts.messages++;
  return answer;
}

/**
 * One reply for all recipients: as soon as one has the message the answer is 250, or the client would send it to that
 * one again; the door answers for the others. Otherwise the client may try again if anybody may.
 */
function answerFor(outcomes: readonly Outcome[], id: string): Reply {
  const isTaken = ({ kind }: Outcome) => kind !== "deferred" && kind !== "failed";
  if (outcomes.some(isTaken)) return reply(250, "2.0.0", `Ok: queued as ${id}`);
  const worst = outcomes.find(({ kind }) => kind === "deferred") ?? outcomes[0];
  return worst?.reply ?? reply(451, "4.3.0", "Nobody took the message, try again later");
}
