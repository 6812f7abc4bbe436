import { formatAddress, needsSmtpUtf8 } from "../core/address.ts";
import { Refusal } from "../core/errors.ts";
import { makeId } from "../core/id.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Clock, Live, Log, Metrics, Random, Submit } from "../core/ports.ts";
import { reply } from "../core/reply.ts";
import type { QueuedMessage, RecipientUpdate, Store } from "../store/mod.ts";
import { type Judged, queuedSince, waiting } from "./judge.ts";
import { readAll, readHeader } from "./original.ts";
import { isAsciiReport, type ReportInput, type ReportKind, writeReport } from "./report.ts";
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
    if (failed.length === 0 && late.length === 0 && !judged.some(wantsSuccess)) {
      return judged.map(({ update }) => update);
    }
    const failedTold = await this.#tellOf("failed", message, failed);
    const lateTold = await this.#tellOf("delayed", message, late);
    await this.#tellSuccess(message, judged.filter(wantsSuccess));
    return judged.map((one) => {
      if (failed.includes(one) && !failedTold) return this.#keep(one);
      return one.noticeDue && lateTold ? noticed(one.update) : one.update;
    });
  }

  /** What an operator takes out of the queue, as if it had failed. True when the sender was told, or never can be. */
  async reportDropped(message: QueuedMessage): Promise<boolean> {
    const words = reply(554, "5.0.0", "The operator of this server took the message out of the queue");
    return await this.#tellOf(
      "failed",
      message,
      message.recipients.map((recipient) => ({
        recipient,
        outcome: { recipient: recipient.address, kind: "failed", reply: words, host: null },
        verdict: "failed",
        noticeDue: false,
        update: { index: recipient.index, state: { kind: "done" } },
      })),
    );
  }

  /** About those whose sender did not say otherwise (RFC 3461 section 4.1); true when nobody is left to be told. */
  async #tellOf(
    kind: "failed" | "delayed",
    message: QueuedMessage,
    judged: readonly Judged[],
  ): Promise<boolean> {
    if (judged.length === 0) return true;
    const word = kind === "failed" ? "failure" : "delay";
    const wanted = judged.filter(({ recipient: { dsn } }) => dsn?.notify?.includes(word) ?? true);
    const event = kind === "failed" ? "message-bounced" : "message-delayed";
    if (wanted.length < judged.length) {
      const unwanted = judged.filter((one) => !wanted.includes(one));
      this.#deps.log.info(event, { ...fieldsOf(message, unwanted), report: null, notify: "not wanted" });
    }
    return wanted.length === 0 || await this.#tell(kind, message, wanted);
  }

  /** A report of success that cannot be sent is not worth keeping delivered mail in the queue. */
  async #tellSuccess(message: QueuedMessage, judged: readonly Judged[]): Promise<void> {
    const relayed = judged.filter(({ outcome }) => outcome.kind === "relayed");
    const delivered = judged.filter(({ outcome }) => outcome.kind !== "relayed");
    if (relayed.length > 0) await this.#tell("relayed", message, relayed);
    if (delivered.length > 0) await this.#tell("delivered", message, delivered);
  }

  /** True when the sender was told, or never can be. */
  async #tell(kind: ReportKind, message: QueuedMessage, about: readonly Judged[]): Promise<boolean> {
    const { log, metrics } = this.#deps;
    const event = EVENTS[kind];
    const fields = fieldsOf(message, about);
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
      const input = await this.#describe(kind, { message, about, report });
      const outcomes = await this.#deps.submit(
        {
          sender: null,
          recipients: [message.sender!],
          smtputf8: needsSmtpUtf8(message.sender) || (message.smtputf8 && !isAsciiReport(input)),
          eightBit: false,
        },
        [writeReport(input)],
        {
          id: report,
          sessionId: message.id,
          origin: "report",
          protocol: "",
          client: null,
          account: null,
          tls: null,
          about: message.id,
        },
      );
      return troubleOf(outcomes[0]);
    } catch (error) {
      const permanent = error instanceof Refusal && error.reply.isPermanent;
      return { kind: permanent ? "permanent" : "temporary", reason: String(error) };
    }
  }

  async #describe(
    kind: ReportKind,
    { message, about, report }: { message: QueuedMessage; about: readonly Judged[]; report: string },
  ): Promise<ReportInput> {
    const { hostname, clock, settings } = this.#deps;
    const { reportFullSize, giveUpAfterMs } = settings.current;
    // RFC 3461 section 4.3: RET is about failures; MIME has no form for a binary message within a report (RFC 2046 section 5.2.1).
    const asked = kind === "failed" && message.wishes?.returns === "full" && !message.wishes.binary;
    const fits = message.size - message.skip <= reportFullSize;
    return {
      kind,
      id: report,
      originalId: message.id,
      hostname,
      now: clock.now(),
      sender: message.sender!,
      arrivedAt: message.queuedAt,
      giveUpAt: queuedSince(message) + giveUpAfterMs,
      recipients: about.map(({ recipient, outcome, verdict }) => ({
        address: outcome.recipient,
        reply: outcome.reply,
        host: outcome.host,
        expired: verdict === "expired",
        originalRecipient: recipient.dsn?.originalRecipient ?? null,
      })),
      ...await this.#original(message, asked && fits),
      tooLarge: asked && !fits,
      envelopeId: message.wishes?.envelopeId ?? null,
      utf8: message.smtputf8 || needsSmtpUtf8(message.sender),
    };
  }

  /** Of a message that cannot be read (a damaged disk) nothing is quoted: its sender must be told all the same. */
  async #original(message: QueuedMessage, wantsFull: boolean): Promise<Pick<ReportInput, "header" | "full">> {
    const { store, settings, log } = this.#deps;
    const content = () => store.bodies.read(message.bodyId, { start: message.skip, end: message.size });
    try {
      return {
        header: await readHeader(content(), settings.current.reportHeaderSize),
        full: wantsFull ? await readAll(content()) : null,
      };
    } catch (error) {
      log.error("original-unreadable", { message: message.id, error: String(error) });
      return { header: { bytes: new Uint8Array(0), cut: true }, full: null };
    }
  }

  /** The recipient failed but nobody could be told: it stays, and is tried again soon. */
  #keep({ recipient, outcome }: Judged): RecipientUpdate {
    const at = this.#deps.clock.now() + REPORT_RETRY_MS;
    return waiting(recipient, { attempts: recipient.attempts + 1, outcome, at });
  }
}

const EVENTS: Readonly<Record<ReportKind, string>> = {
  failed: "message-bounced",
  delayed: "message-delayed",
  relayed: "success-reported",
  delivered: "success-reported",
};

function fieldsOf(message: QueuedMessage, about: readonly Judged[]) {
  return {
    message: message.id,
    from: formatAddress(message.sender),
    recipients: about.map(({ recipient }) => formatAddress(recipient.address)),
  };
}

/** RFC 3461 section 5.2.2: when the next host takes DSN, the report of success is its business. */
function wantsSuccess({ recipient, outcome, verdict }: Judged): boolean {
  return verdict === "delivered" && (recipient.dsn?.notify?.includes("success") ?? false) &&
    outcome.dsnPassedOn !== true;
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
