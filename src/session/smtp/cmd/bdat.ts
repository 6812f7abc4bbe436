import { ProtocolError } from "../../../core/errors.ts";
import type { Outcome } from "../../../core/outcome.ts";
import { type Reply, reply } from "../../../core/reply.ts";
import { type BdatArguments, parseBdat } from "../../../wire/smtp/mod.ts";
import { answerTo } from "../answers.ts";
import { ChunkedMessage } from "../chunked_message.ts";
import { PATIENCE, tooLarge } from "../incoming_message.ts";
import { envelopeOf, type SmtpState, type Transaction, type Transfer } from "../state.ts";
import { hangUp, type Step } from "../step.ts";
import { noRecipients } from "./data.ts";
import { answerOutcomes, answerRefused } from "./outcome.ts";

/** RFC 3030 section 2: a piece of the message, and with LAST the end of it. */
export function bdat(state: SmtpState, argument: string): Step {
  const chunk = readArguments(state, argument);
  if ("kind" in chunk) return chunk;
  const transaction = state.transaction!;
  if (transaction.recipients.length === 0) return skip(chunk, noRecipients(state, transaction));
  transaction.transfer ??= beginTransfer(state, transaction);
  const { message } = transaction.transfer;
  message.announce(chunk.octets);
  return {
    kind: "chunk",
    octets: chunk.octets,
    take: (block) => message.put(block),
    finish: () => finishChunk(state, transaction, chunk),
  };
}

/** BDAT where it may not be: its octets follow all the same, and must not be read as commands. */
export function refuseBdat(state: SmtpState, argument: string, refusal: Reply): Step {
  const chunk = readArguments(state, argument);
  return "kind" in chunk ? chunk : skip(chunk, refusal);
}

/**
 * How much follows. When that cannot be told, or is more than anybody should have to read, nothing that comes can be
 * trusted to be a command, and the session ends.
 */
function readArguments(state: SmtpState, argument: string): BdatArguments | ReturnType<typeof hangUp> {
  let chunk: BdatArguments;
  try {
    chunk = parseBdat(argument);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return hangUp(reply(501, "5.5.4", error.message), "bad-chunk-size");
  }
  const isEndless = chunk.octets > state.limits.messageSize * PATIENCE;
  return isEndless ? hangUp(tooLarge().reply, "endless-message") : chunk;
}

function skip({ octets }: BdatArguments, answer: Reply): Step {
  return { kind: "chunk", octets, take: () => Promise.resolve(), finish: () => answer };
}

function beginTransfer(state: SmtpState, transaction: Transaction): Transfer {
  const message = new ChunkedMessage({ maxSize: state.limits.messageSize, binary: transaction.binary });
  const outcomes = submit(state, transaction, message);
  // Whatever the door has against the message, it is told with the next chunk; the octets are then only counted.
  outcomes.then(() => message.close(), (error) => message.fail(error));
  return { message, outcomes };
}

/** Whatever goes wrong comes as a rejection, never as a throw: the octets of the chunk must still be read. */
async function submit(
  state: SmtpState,
  transaction: Transaction,
  message: ChunkedMessage,
): Promise<Outcome[]> {
  const envelope = envelopeOf(transaction);
  return await state.deps.door.submit(envelope, message.stream(), state.submitContext(transaction));
}

async function finishChunk(state: SmtpState, transaction: Transaction, chunk: BdatArguments): Promise<Step> {
  const { message, outcomes } = transaction.transfer!;
  if (chunk.last) message.end();
  else if (message.failure === null) return reply(250, "2.0.0", `${chunk.octets} octets received`);
  try {
    const result = await outcomes;
    // Nobody may take a message whose flaw they did not wait for.
    if (message.failure !== null) throw message.failure;
    return answerOutcomes(state, transaction, result);
  } catch (error) {
    const answer = answerTo(error, state, { verb: "BDAT", argument: "" });
    return chunk.last ? answerRefused(state, transaction, answer) : answer;
  } finally {
    // The transaction is over with the last chunk, whatever came of it.
    if (chunk.last) state.transaction = null;
  }
}
