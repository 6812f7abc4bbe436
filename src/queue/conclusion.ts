import { formatAddress } from "../core/address.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Clock, Live, Log, Metrics, Random } from "../core/ports.ts";
import type { Job } from "./job.ts";
import { judge, type Judged } from "./judge.ts";
import type { Reporter } from "./reporter.ts";
import type { QueueSettings } from "./settings.ts";
import type { Settler } from "./settler.ts";

export interface ConclusionDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly settings: Live<QueueSettings>;
  readonly reporter: Reporter;
  readonly settler: Settler;
  /** Something comes due then. */
  readonly expect: (at: number) => void;
}

/** What becomes of a job once its outcomes are known: the log line, the reports, the update of the queue. */
export class Conclusion {
  readonly #deps: ConclusionDeps;

  constructor(deps: ConclusionDeps) {
    this.#deps = deps;
  }

  /** Reports what has to be reported, then settles: a crash in between reports twice rather than never. */
  async draw(
    job: Job,
    outcomes: readonly Outcome[],
    how: { readonly counts: boolean; readonly notBefore: number },
  ): Promise<void> {
    const { clock, random, settings, reporter, settler, expect } = this.#deps;
    const judged = judge(job, outcomes, {
      ...how,
      now: clock.now(),
      settings: settings.current,
      fraction: random.fraction(),
    });
    if (how.counts) this.#note(job, judged);
    const updates = await reporter.report(job.message, judged);
    await settler.settle(job.message.id, updates);
    for (const { state } of updates) if (state.kind === "waiting") expect(state.nextAttemptAt);
  }

  #note(job: Job, judged: readonly Judged[]): void {
    const { log, metrics } = this.#deps;
    for (const { outcome, verdict, update } of judged) {
      const next = update.state.kind === "waiting"
        ? new Date(update.state.nextAttemptAt).toISOString()
        : null;
      metrics.count("mailden_deliveries_total", { result: outcome.kind });
      log.info("delivery-result", {
        message: job.message.id,
        recipient: formatAddress(outcome.recipient),
        result: outcome.kind,
        verdict,
        host: outcome.host,
        reply: outcome.reply.toString(),
        next,
      });
    }
    const kinds = ["relayed", "deferred", "failed"] as const;
    const result = kinds.find((kind) => judged.some(({ outcome }) => outcome.kind === kind)) ?? "relayed";
    metrics.count("mailden_messages_out_total", { result });
  }
}
