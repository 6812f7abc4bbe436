import { formatAddress } from "../core/address.ts";
import type { Envelope } from "../core/envelope.ts";
import type { Log, Metrics, SubmitContext } from "../core/ports.ts";
import type { MessageView } from "./checks/check.ts";
import type { RefusedBy } from "./checks/all.ts";

export interface Acceptance {
  readonly size: number;
  readonly messageId: string | null;
  /** What it took to send it on and to store it. */
  readonly seconds: number;
}

/** What the log and the metrics hear of one message. */
export class Journal {
  readonly log: Log;
  readonly #metrics: Metrics;
  readonly #envelope: Envelope;
  readonly #context: SubmitContext;

  constructor(
    { log, metrics }: { readonly log: Log; readonly metrics: Metrics },
    envelope: Envelope,
    context: SubmitContext,
  ) {
    this.log = log.with({ session: context.sessionId, message: context.id });
    this.#metrics = metrics;
    this.#envelope = envelope;
    this.#context = context;
  }

  accepted({ plan }: MessageView, { size, messageId, seconds }: Acceptance): void {
    const { origin, account, client, protocol, about } = this.#context;
    this.#metrics.count("mailden_messages_in_total", { origin });
    this.#metrics.observe("mailden_accept_seconds", seconds);
    this.log.info("message-accepted", {
      origin,
      protocol,
      client: client?.address ?? null,
      account,
      from: formatAddress(this.#envelope.sender),
      recipients: this.#envelope.recipients.map(formatAddress),
      local: plan.accounts,
      remote: plan.remote.map(formatAddress),
      size,
      messageId,
      ...(about === undefined ? {} : { about }),
    });
  }

  refused({ check, reply, reason }: RefusedBy): void {
    const { origin, client } = this.#context;
    this.#metrics.count("mailden_messages_refused_total", { origin, check });
    this.log.info("intake-refused", {
      origin,
      check,
      client: client?.address ?? null,
      from: formatAddress(this.#envelope.sender),
      recipients: this.#envelope.recipients.map(formatAddress),
      reply: reply.toString(),
      reason: reason ?? null,
    });
  }
}
