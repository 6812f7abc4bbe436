import { needsSmtpUtf8 } from "../core/address.ts";
import { concatBytes } from "../core/bytes.ts";
import type { Envelope } from "../core/envelope.ts";
import { makeId } from "../core/id.ts";
import type { Clock, Random, SubmitContext } from "../core/ports.ts";
import { reply } from "../core/reply.ts";
import { readHeader, type ReportedRecipient, writeReport } from "../queue/mod.ts";
import type { Plan } from "./recipients.ts";

/** How much of the header goes back. */
const HEADER_SIZE = 32 * 1024;

/** The local recipients whose sender wants to hear that the message arrived (RFC 3461 section 5.2.8). */
export function successWanted(envelope: Envelope, plan: Plan): ReportedRecipient[] {
  const { sender, dsn } = envelope;
  if (sender === null || dsn === undefined) return [];
  const done = reply(250, "2.1.5", "Delivered");
  return plan.routes.flatMap(({ recipient, route }, place): ReportedRecipient[] => {
    const said = dsn.recipients[place];
    if (route.kind !== "deliver" || route.accounts.length === 0 || !said?.notify?.includes("success")) {
      return [];
    }
    return [{
      address: recipient,
      reply: done,
      host: null,
      expired: false,
      originalRecipient: said.originalRecipient,
    }];
  });
}

/** Keeps the beginning of a message as it passes by. */
export class HeadKeeper {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  write(chunk: Uint8Array): void {
    if (this.#length > HEADER_SIZE) return;
    this.#parts.push(chunk.slice(0, HEADER_SIZE + 2));
    this.#length += chunk.length;
  }

  get bytes(): Uint8Array {
    return concatBytes(this.#parts);
  }
}

export interface SuccessReportDeps {
  readonly hostname: string;
  readonly clock: Clock;
  readonly random: Random;
}

export interface SuccessReportInput {
  readonly envelope: Envelope;
  readonly context: SubmitContext;
  readonly recipients: readonly ReportedRecipient[];
  /** The beginning of the message. */
  readonly head: Uint8Array;
}

/** A report that the message is in the mailboxes, ready to be submitted: from the null sender, so that it causes no other. */
export async function makeSuccessReport(
  { envelope, context, recipients, head }: SuccessReportInput,
  { hostname, clock, random }: SuccessReportDeps,
): Promise<{ envelope: Envelope; message: Uint8Array; context: SubmitContext }> {
  const sender = envelope.sender!;
  const id = makeId(clock, random);
  const now = clock.now();
  const utf8 = envelope.smtputf8 || needsSmtpUtf8(sender);
  const message = writeReport({
    kind: "delivered",
    id,
    originalId: context.id,
    hostname,
    now,
    sender,
    arrivedAt: now,
    giveUpAt: now,
    recipients,
    header: await readHeader(once(head), HEADER_SIZE),
    envelopeId: envelope.dsn?.envelopeId ?? null,
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
