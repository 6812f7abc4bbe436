import { formatAddress, needsSmtpUtf8 } from "../core/address.ts";
import { Refusal } from "../core/errors.ts";
import { makeId } from "../core/id.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Clock, Live, Log, Metrics, Random, Submit } from "../core/ports.ts";
import type { QueuedMessage, RecipientUpdate, Store } from "../store/mod.ts";
import { type Judged, waiting } from "./judge.ts";
import { readHeader } from "./original.ts";
import { type ReportKind, writeReport } from "./report.ts";
import type { QueueSettings } from "./settings.ts";

export interface ReporterDeps {
  readonly store: Store;
  readonly submit: Submit;
  readonly hostname: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly settings: Live<QueueSettings>;
}

/** How soon a report that could not be stored is tried again, together with the recipients it is about. */
const REPORT_RETRY_MS = 60_000;

/**
 * Tells the sender about failures and delays, through the one door. A failed recipient leaves the queue only after the
 * report about it is durable. Never for the null sender, so a report can never cause another one (RFC 5321 section 6.1).
 */
export class Reporter {
  readonly #deps: ReporterDeps;

  constructor(deps: ReporterDeps) {
    this.#deps = deps;
  }

  /** Sends what has to be sent and returns what is to be written into the queue. */
  async report(message: QueuedMessage, judged: readonly Judged[]): Promise<RecipientUpdate[]> {
    const failed = judged.filter(({ verdict }) => verdict === "failed" || verdict === "expired");
    const late = judged.filter(({ noticeDue }) => noticeDue);
    const failedTold = failed.length === 0 || await this.#tell("failed", message, failed);
    const lateTold = late.length > 0 && await this.#tell("delayed", message, late);
    return judged.map((one) => {
      if (failed.includes(one) && !failedTold) return this.#keep(one);
      return one.noticeDue && lateTold ? noticed(one.update) : one.update;
    });
  }

  /** True when the sender was told, or never can be. */
  async #tell(kind: ReportKind, message: QueuedMessage, about: readonly Judged[]): Promise<boolean> {
    const { log, metrics } = this.#deps;
    const event = kind === "failed" ? "message-bounced" : "message-delayed";
    const fields = {
      message: message.id,
      from: formatAddress(message.sender),
      recipients: about.map(({ recipient }) => formatAddress(recipient.address)),
    };
    if (message.sender === null) {
      log.warn(event, { ...fields, report: null });
      return true;
    }
    const report = makeId(this.#deps.clock, this.#deps.random);
    const trouble = await this.#submit(kind, { message, about, report });
    metrics.count("mailden_reports_total", { kind, result: trouble?.kind ?? "sent" });
    if (trouble === null) log.info(event, { ...fields, report });
    else log.warn("report-failed", { ...fields, report, kind, reason: trouble.reason });
    return trouble?.kind !== "temporary";
  }

  async #submit(
    kind: ReportKind,
    { message, about, report }: { message: QueuedMessage; about: readonly Judged[]; report: string },
  ): Promise<{ readonly kind: "temporary" | "permanent"; readonly reason: string } | null> {
    try {
      const outcomes = await this.#deps.submit(
        {
          sender: null,
          recipients: [message.sender!],
          smtputf8: needsSmtpUtf8(message.sender),
          eightBit: false,
        },
        [await this.#write(kind, { message, about, report })],
        {
          id: report,
          sessionId: message.id,
          origin: "report",
          protocol: "",
          client: null,
          account: null,
          tls: null,
        },
      );
      return troubleOf(outcomes[0]);
    } catch (error) {
      const permanent = error instanceof Refusal && error.reply.isPermanent;
      return { kind: permanent ? "permanent" : "temporary", reason: String(error) };
    }
  }

  async #write(
    kind: ReportKind,
    { message, about, report }: { message: QueuedMessage; about: readonly Judged[]; report: string },
  ): Promise<Uint8Array> {
    const { store, hostname, clock, settings } = this.#deps;
    const limit = settings.current.reportHeaderSize;
    return writeReport({
      kind,
      id: report,
      originalId: message.id,
      hostname,
      now: clock.now(),
      sender: message.sender!,
      arrivedAt: message.queuedAt,
      giveUpAt: message.queuedAt + settings.current.giveUpAfterMs,
      recipients: about.map(({ outcome, verdict }) => ({
        address: outcome.recipient,
        reply: outcome.reply,
        host: outcome.host,
        expired: verdict === "expired",
      })),
      header: await readHeader(
        store.bodies.read(message.bodyId, { start: message.skip, end: message.size }),
        limit,
      ),
    });
  }

  /** The recipient failed but nobody could be told: it stays, and is tried again soon. */
  #keep({ recipient, outcome }: Judged): RecipientUpdate {
    const at = this.#deps.clock.now() + REPORT_RETRY_MS;
    return waiting(recipient, { attempts: recipient.attempts + 1, outcome, at });
  }
}

function noticed(update: RecipientUpdate): RecipientUpdate {
  if (update.state.kind !== "waiting") return update;
  return { index: update.index, state: { ...update.state, delayNotified: true } };
}

function troubleOf(outcome: Outcome | undefined) {
  if (outcome === undefined) return { kind: "temporary", reason: "No outcome" } as const;
  if (outcome.kind === "failed") return { kind: "permanent", reason: outcome.reply.toString() } as const;
  if (outcome.kind === "deferred") return { kind: "temporary", reason: outcome.reply.toString() } as const;
  return null;
}
