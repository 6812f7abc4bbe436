import type { Outcome } from "../../../core/outcome.ts";
import { type Reply, reply } from "../../../core/reply.ts";
import type { SmtpState, Transaction } from "../state.ts";
import type { Step } from "../step.ts";

const NOBODY = reply(451, "4.3.0", "Nobody took the message, try again later");

/** What the client hears of a message that the door has decided on. */
export function answerOutcomes(
  state: SmtpState,
  transaction: Transaction,
  outcomes: readonly Outcome[],
): Step {
  if (outcomes.some(isTaken)) state.counts.messages++;
  if (!state.isLmtp) return answerForAll(outcomes, transaction.id);
  // RFC 2033 section 4.2: for each RCPT that was accepted, in that order.
  const replies = transaction.accepted.map((index) => {
    const outcome = outcomes[index];
    if (outcome === undefined) return NOBODY;
    return isTaken(outcome) ? taken(transaction.id) : outcome.reply;
  });
  return { kind: "replies", replies };
}

/** The same for a message that was refused as a whole. */
export function answerRefused(state: SmtpState, transaction: Transaction, answer: Reply): Step {
  if (!state.isLmtp) return answer;
  return { kind: "replies", replies: transaction.accepted.map(() => answer) };
}

/**
 * One reply for all recipients: as soon as one has the message the answer is 250, or the client would send it to that
 * one again; the door answers for the others. Otherwise the client may try again if anybody may.
 */
function answerForAll(outcomes: readonly Outcome[], id: string): Reply {
  if (outcomes.some(isTaken)) return taken(id);
  const worst = outcomes.find(({ kind }) => kind === "deferred") ?? outcomes[0];
  return worst?.reply ?? NOBODY;
}

function isTaken({ kind }: Outcome): boolean {
  return kind !== "deferred" && kind !== "failed";
}

function taken(id: string): Reply {
  return reply(250, "2.0.0", `Ok: queued as ${id}`);
}
