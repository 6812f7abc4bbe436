import { formatAddress } from "../core/address.ts";
import type { Envelope } from "../core/envelope.ts";
import type { Log, Submit, SubmitContext } from "../core/ports.ts";
import type { Reply } from "../core/reply.ts";
import type { ReportedRecipient } from "../queue/mod.ts";
import type { BodyStage } from "../store/mod.ts";
import type { Filtering } from "./filtering.ts";
import { headOf } from "./message_bytes.ts";
import {
  failureWanted,
  makeReport,
  REPORT_HEAD_SIZE,
  type ReportLetterDeps,
  successWanted,
} from "./report_letter.ts";
import { reportable, type Settled } from "./settle.ts";

export interface ReportsDeps extends ReportLetterDeps {
  readonly log: Log;
  readonly submit: Submit;
}

/** Of a message that somebody takes: what was decided for its recipients. */
export interface Decided {
  readonly settled: Settled;
  readonly filtering: Filtering | null;
}

/**
 * What the sender is told of a message after it was accepted. Who is to be told is worked out before the body is sealed; a report
 * that fails is logged, for the message is in the mailboxes by then.
 */
export class Reports {
  readonly #deps: ReportsDeps;
  readonly #envelope: Envelope;
  readonly #context: SubmitContext;
  #delivered: readonly ReportedRecipient[] = [];
  #failed: readonly ReportedRecipient[] = [];
  /** Of the message, if there is anything to report. */
  #head: Uint8Array = new Uint8Array(0);

  constructor(deps: ReportsDeps, envelope: Envelope, context: SubmitContext) {
    this.#deps = deps;
    this.#envelope = envelope;
    this.#context = context;
  }

  async prepare(decided: Decided, stage: BodyStage): Promise<void> {
    this.#decide(decided);
    const { view, quotas } = decided.settled;
    // Those with a quota may still be left without room by others.
    const mayFail = quotas.length > 0 && view.plan.accounts.length + view.plan.remote.length > 1;
    if (this.#failed.length + this.#delivered.length === 0 && !mayFail) return;
    this.#head = await headOf({ stage, header: view.header }, REPORT_HEAD_SIZE);
  }

  /** Some of those who were to have it had no room when it was stored. */
  revise(decided: Decided): void {
    this.#decide(decided);
  }

  /** The message is in the mailboxes, whatever becomes of this. */
  async send(): Promise<void> {
    await this.#report("delivered", this.#delivered);
    await this.#report("failed", this.#failed);
  }

  #decide({ settled, filtering }: Decided): void {
    const refused = filtering?.refusals ?? new Map<number, Reply>();
    // After DATA there is one answer for all, 250 if anybody has the message: the others are reported to the sender.
    const told = [...reportable(settled, this.#context), ...this.#reportsRefusals(filtering) ? refused : []];
    this.#failed = failureWanted(this.#envelope, new Map(told));
    this.#delivered = successWanted(this.#envelope, settled.view.plan, refused);
  }

  /** By LMTP each recipient has its own answer (RFC 2033 section 4.2). */
  #reportsRefusals(filtering: Filtering | null): boolean {
    return filtering !== null && filtering.mayReport && this.#context.origin !== "lmtp";
  }

  async #report(kind: "delivered" | "failed", recipients: readonly ReportedRecipient[]): Promise<void> {
    if (recipients.length === 0) return;
    const { log, submit } = this.#deps;
    const from = formatAddress(this.#envelope.sender);
    const about = { kind, envelope: this.#envelope, context: this.#context, recipients, head: this.#head };
    try {
      const report = await makeReport(about, this.#deps);
      await submit(report.envelope, [report.message], report.context);
      log.info(kind === "delivered" ? "success-reported" : "message-bounced", {
        from,
        recipients: recipients.map(({ address }) => formatAddress(address)),
        report: report.context.id,
      });
    } catch (error) {
      log.warn("report-failed", { kind, from, reason: String(error) });
    }
  }
}
