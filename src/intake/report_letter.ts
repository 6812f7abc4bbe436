import { needsSmtpUtf8 } from "../core/address.ts";
import type { Envelope } from "../core/envelope.ts";
import { makeId } from "../core/id.ts";
import type { Clock, Random, SubmitContext } from "../core/ports.ts";
import { type Reply, reply } from "../core/reply.ts";
import { readHeader, type ReportedRecipient, writeReport } from "../queue/mod.ts";
import type { Plan } from "./recipients.ts";

/** How much of the header goes back. */
const HEADER_SIZE = 32 * 1024;
/** As much of the message as `makeReport` looks at. */
export const REPORT_HEAD_SIZE = HEADER_SIZE + 2;

/** The local recipients whose sender wants to hear that the message arrived (RFC 3461 section 5.2.8). */
export function successWanted(
  { sender, dsn, recipients }: Envelope,
  plan: Plan,
  refused: ReadonlyMap<number, Reply>,
): ReportedRecipient[] {
  if (sender === null || dsn === undefined) return [];
  const done = reply(250, "2.1.5", "Delivered");
  return plan.routes.flatMap(({ route }, place): ReportedRecipient[] => {
    const said = dsn.recipients[place];
    if (route.kind !== "deliver" || route.accounts.length === 0 || refused.has(place)) return [];
    if (!said?.notify?.includes("success")) return [];
    const { originalRecipient } = said;
    return [{ address: recipients[place]!, reply: done, host: null, expired: false, originalRecipient }];
  });
}

/**
 * Those who do not have the message while others took it (RFC 5429 section 2.1.2), unless nobody may hear of it: the null sender,
 * or one that wanted no reports of failure. `refusals` are by the place in the envelope.
 */
export function failureWanted(
  { sender, dsn, recipients }: Envelope,
  refusals: ReadonlyMap<number, Reply>,
): ReportedRecipient[] {
  if (sender === null) return [];
  return [...refusals].flatMap(([place, why]): ReportedRecipient[] => {
    const { notify = null, originalRecipient = null } = dsn?.recipients[place] ?? {};
    if (notify !== null && !notify.includes("failure")) return [];
    return [{ address: recipients[place]!, reply: why, host: null, expired: false, originalRecipient }];
  });
}

export interface ReportLetterInput {
  readonly kind: "delivered" | "failed";
  /** Of the message, as all that follows. */
  readonly envelope: Envelope;
  readonly context: SubmitContext;
  readonly recipients: readonly ReportedRecipient[];
  readonly head: Uint8Array;
}

export interface ReportLetterDeps {
  readonly hostname: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** What is submitted: from the null sender, so that it causes no other report. */
export interface ReportLetter {
  readonly envelope: Envelope;
  readonly message: Uint8Array;
  readonly context: SubmitContext;
}

/** A report on a message that has a sender (RFC 3464). */
export async function makeReport(
  { kind, envelope: { sender, smtputf8, dsn }, context: about, recipients, head }: ReportLetterInput,
  { hostname, clock, random }: ReportLetterDeps,
): Promise<ReportLetter> {
  const id = makeId(clock, random);
  const now = clock.now();
  const utf8 = smtputf8 || needsSmtpUtf8(sender);
  const message = writeReport({
    kind,
    id,
    originalId: about.id,
    hostname,
    now,
    sender: sender!,
    arrivedAt: now,
    giveUpAt: now,
    recipients,
    header: await readHeader(once(head), HEADER_SIZE),
    envelopeId: dsn?.envelopeId ?? null,
    utf8,
  });
  return {
    envelope: { sender: null, recipients: [sender!], smtputf8: utf8, eightBit: false },
    message,
    context: {
      id,
      sessionId: about.id,
      origin: "report",
      protocol: "",
      client: null,
      account: null,
      tls: null,
      about: about.id,
    },
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
