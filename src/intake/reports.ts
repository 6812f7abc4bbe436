import { formatAddress } from "../core/address.ts";
import type { Envelope } from "../core/envelope.ts";
import type { Log, Submit, SubmitContext } from "../core/ports.ts";
import type { Reply } from "../core/reply.ts";
import type { Filtering } from "./filtering.ts";
import type { Plan } from "./recipients.ts";
import { makeRefusalReport } from "./refusal_report.ts";
import { reportable, type Settled } from "./settle.ts";
import { HeadKeeper, makeSuccessReport, type SuccessReportDeps, successWanted } from "./success_report.ts";

export interface ReportsDeps extends SuccessReportDeps {
  readonly log: Log;
  readonly submit: Submit;
}

/** Reads the header of the message again, before the body is sealed. */
export type ReadHead = () => Promise<Uint8Array>;

interface Undelivered {
  /** By the recipient's place in the envelope. */
  readonly refusals: ReadonlyMap<number, Reply>;
  readonly head: Uint8Array;
}

/**
 * What the sender is told of a message after it was accepted. What that takes is kept while the message comes in; a report
 * that fails is logged, for the message is in the mailboxes by then.
 */
export class Reports {
  readonly #deps: ReportsDeps;
  readonly #envelope: Envelope;
  readonly #context: SubmitContext;
  /** Kept only for a report of success. */
  #head: HeadKeeper | null = null;
  /** The header, kept for a report that some refuse what others took. */
  #refused: Undelivered | null = null;
  /** The same for a report that some cannot have it. */
  #unsettled: Undelivered | null = null;

  constructor(deps: ReportsDeps, envelope: Envelope, context: SubmitContext) {
    this.#deps = deps;
    this.#envelope = envelope;
    this.#context = context;
  }

  /** Before the first byte. */
  begin(plan: Plan): void {
    if (successWanted(this.#envelope, plan).length > 0) this.#head = new HeadKeeper();
  }

  /** Each chunk of the message, as it is stored. */
  write(chunk: Uint8Array): void {
    this.#head?.write(chunk);
  }

  async noteSettled(settled: Settled, readHead: ReadHead): Promise<void> {
    const refusals = reportable(settled, this.#context);
    if (refusals.size > 0) this.#unsettled = { refusals, head: await readHead() };
  }

  async noteFiltered(filtering: Filtering, readHead: ReadHead): Promise<void> {
    const { refusals } = filtering;
    if (refusals.size > 0 && this.#reportsRefusals(filtering)) {
      this.#refused = { refusals, head: await readHead() };
    }
  }

  /** `plan` is the one that was carried out, `refusals` are those of the accounts' rules. */
  async send(plan: Plan, refusals: ReadonlyMap<number, Reply>): Promise<void> {
    await this.#reportSuccess(plan, refusals);
    // The others have the message, whatever becomes of this.
    if (this.#refused !== null) await this.#report(this.#refused);
    // After DATA there is one answer for all, 250 if anybody has the message: the others are reported to the sender.
    if (this.#unsettled !== null) await this.#report(this.#unsettled);
  }

  /** By LMTP each recipient has its own answer (RFC 2033 section 4.2). */
  #reportsRefusals(filtering: Filtering): boolean {
    return this.#context.origin !== "lmtp" && filtering.mayReport;
  }

  /** The message is in the mailboxes, whatever becomes of this. */
  async #reportSuccess(plan: Plan, refusals: ReadonlyMap<number, Reply>): Promise<void> {
    if (this.#head === null) return;
    const refused = [...refusals.keys()].map((at) => this.#envelope.recipients[at]);
    const recipients = successWanted(this.#envelope, plan)
      .filter(({ address }) => !refused.includes(address));
    if (recipients.length === 0) return;
    const about = { envelope: this.#envelope, context: this.#context, recipients, head: this.#head.bytes };
    try {
      const report = await makeSuccessReport(about, this.#deps);
      await this.#deps.submit(report.envelope, [report.message], report.context);
      this.#deps.log.info("success-reported", {
        from: formatAddress(this.#envelope.sender),
        recipients: recipients.map(({ address }) => formatAddress(address)),
        report: report.context.id,
      });
    } catch (error) {
      this.#deps.log.warn("report-failed", { kind: "delivered", reason: String(error) });
    }
  }

  async #report({ refusals, head }: Undelivered): Promise<void> {
    try {
      const about = { envelope: this.#envelope, context: this.#context, refusals, head };
      const report = await makeRefusalReport(about, this.#deps);
      if (report === null) return;
      await this.#deps.submit(report.envelope, [report.message], report.context);
    } catch (error) {
      this.#deps.log.warn("report-failed", { kind: "failed", reason: String(error) });
    }
  }
}
