import { needsSmtpUtf8 } from "../core/address.ts";
import type { Envelope } from "../core/envelope.ts";
import { makeId } from "../core/id.ts";
import type { SubmitContext } from "../core/ports.ts";
import type { Reply } from "../core/reply.ts";
import { readHeader, writeReport } from "../queue/mod.ts";
import type { SuccessReportDeps } from "./success_report.ts";

/** How much of the header goes back. */
const HEADER_SIZE = 32 * 1024;

export interface RefusalReportInput {
  readonly envelope: Envelope;
  readonly context: SubmitContext;
  /** By the recipient's place in the envelope. */
  readonly refusals: ReadonlyMap<number, Reply>;
  /** The beginning of the message. */
  readonly head: Uint8Array;
}

/**
 * A report that some recipients do not want the message, while others took it (RFC 5429 section 2.1.2); null when nobody may
 * hear of it: the null sender, or one that wanted no reports of failure.
 */
export async function makeRefusalReport(
  { envelope, context, refusals, head }: RefusalReportInput,
  { hostname, clock, random }: SuccessReportDeps,
): Promise<{ envelope: Envelope; message: Uint8Array; context: SubmitContext } | null> {
  const { sender, dsn } = envelope;
  if (sender === null) return null;
  const told = [...refusals].filter(([place]) => {
    const notify = dsn?.recipients[place]?.notify ?? null;
    return notify === null || notify.includes("failure");
  });
  if (told.length === 0) return null;
  const id = makeId(clock, random);
  const now = clock.now();
  const utf8 = envelope.smtputf8 || needsSmtpUtf8(sender);
  const message = writeReport({
    kind: "failed",
    id,
    originalId: context.id,
    hostname,
    now,
    sender,
    arrivedAt: now,
    giveUpAt: now,
    recipients: told.map(([place, reply]) => ({
      address: envelope.recipients[place]!,
      reply,
      host: null,
      expired: false,
      originalRecipient: dsn?.recipients[place]?.originalRecipient ?? null,
    })),
    header: await readHeader(once(head), HEADER_SIZE),
    envelopeId: dsn?.envelopeId ?? null,
    utf8,
  });
  return {
    envelope: { sender: null, recipients: [sender], smtputf8: utf8, eightBit: false },
    message,
    context: {
      id,
      sessionId: context.id,
      origin: "report",
      protocol: "",
      client: null,
      account: null,
      tls: null,
      about: context.id,
    },
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
