import type { Address } from "../core/address.ts";
import { concatBytes, encodeUtf8 } from "../core/bytes.ts";
import type { Envelope } from "../core/envelope.ts";
import type { EditedMessage } from "../core/filter.ts";
import { makeId } from "../core/id.ts";
import type { Clock, Random, Submit, SubmitContext } from "../core/ports.ts";
import type { Reply } from "../core/reply.ts";
import type { BodyStage } from "../store/mod.ts";
import type { MessageView } from "./checks/check.ts";
import { messageBytes } from "./message_bytes.ts";
import type { Stamp } from "./stamp.ts";
import { wishFor } from "./wishes.ts";

/** What one account sends on by a submit of its own: its forward, or a redirect of its rules. */
export interface OnwardJob {
  readonly account: string;
  readonly recipients: readonly Address[];
  /** For each of them the recipient in the envelope by which the account was reached, as an index. */
  readonly from: readonly number[];
  readonly message: EditedMessage;
}

export interface OnwardMessage {
  readonly view: MessageView;
  readonly stage: BodyStage;
  readonly stamp: Stamp;
}

export interface OnwardDeps {
  readonly submit: Submit;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Sends a message on. What the rules left alone is not changed by a byte, so that its signatures hold (RFC 6376); trace fields
 * are put in front, the first of them the one by which the account knows what it has sent on before. Resolves to the
 * answer of who cannot have it, or to null; throws what the door throws.
 */
export async function sendOnward(
  job: OnwardJob,
  { view, stage, stamp }: OnwardMessage,
  deps: OnwardDeps,
): Promise<Reply | null> {
  const trace = stamp.prefix.subarray(stamp.skip);
  const mark = encodeUtf8(`Delivered-To: ${job.account}\r\n`);
  const outcomes = await deps.submit(
    envelopeOf(job, view.envelope),
    prefixed(concatBytes([mark, trace]), messageBytes({ stage, header: view.header }, job.message)),
    redirectContext(view.context, makeId(deps.clock, deps.random)),
  );
  return outcomes.find(({ kind }) => kind === "failed" || kind === "deferred")?.reply ?? null;
}

async function* prefixed(prefix: Uint8Array, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield prefix;
  yield* bytes;
}

function redirectContext({ id: about, sessionId }: SubmitContext, id: string): SubmitContext {
  return { id, sessionId, origin: "redirect", protocol: "", client: null, account: null, tls: null, about };
}

function envelopeOf({ recipients, from }: OnwardJob, envelope: Envelope): Envelope {
  const { dsn } = envelope;
  if (dsn === undefined) return { ...envelope, recipients };
  const wishes = recipients.map((address, at) => wishFor(envelope, { address, from: from[at]! }));
  return { ...envelope, recipients, dsn: { ...dsn, recipients: wishes } };
}
