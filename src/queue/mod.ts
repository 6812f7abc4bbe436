/**
 * The queue room: what is to leave this server waits here until another host has taken it, or until its sender
 * has been told that none will.
 *
 * The store holds the queue; this room holds only what is under way, so a crash forgets nothing. Invariants:
 * - A recipient leaves the queue when a host took it, or when the report of its failure is durable. The result of one attempt is
 *   settled in one commit. A crash between the other host's 250 and that commit means that the message is sent again, and a crash
 *   between a report and that commit that it is reported again: twice rather than never (RFC 5321 section 6.1).
 * - The null sender gets no report, and reports have the null sender, so there is no report about a report.
 * - Destinations take turns. A slow one has its own limit of attempts and of jobs in memory; what has no room is scheduled for when
 *   its turn comes, so that it cannot hide others from `SpoolStore.due`. A dead one is left alone for a while, as a whole.
 * - What was just queued comes by the store's bus and is not read back. The fresh mail of a sender with few jobs here is urgent:
 *   it finds room when memory is full, goes before the others (four in a row at most), and a tenth of all places is kept
 *   for it, so that one huge mailing does not delay a single letter. Another tenth is kept for destinations at which nothing
 *   runs: those that hang cannot take all places.
 * - What waits for a dead destination is put off in one write for its whole domain, unread.
 * - A destination is the set of hosts that the courier names (`keys.ts`), else a domain. It bears as many attempts at once as it
 *   has shown to: more with each success, half on 421, one probe while it is dead.
 * - A message may be in several jobs at once (one for each destination), a recipient in one only (`claims.ts`).
 *
 * A courier says that no host of a destination could be reached by deferring all recipients with 4.4.x in its own name
 * (`Outcome.host` is null); that is what makes a destination dead.
 *
 * `schedule.ts` and `judge.ts` decide, as pure functions; `runner.ts` looks at the store, `attempts.ts` acts, `conclusion.ts` writes
 * down what came of it; `report.ts` writes the reports.
 *
 * @module
 */
import { type QueueRunner, type QueueRunnerDeps, Runner } from "./runner.ts";

export type { Attempt, Courier } from "./courier.ts";
export type { QueueRunner, QueueRunnerDeps } from "./runner.ts";
export { type HoldRule, HoldRules, parsePattern } from "./hold_rules.ts";
export { readHeader } from "./original.ts";
export { type ReportedRecipient, writeReport } from "./report.ts";
export { defaultQueueSettings, type QueueSettings } from "./settings.ts";

export function makeQueueRunner(deps: QueueRunnerDeps): QueueRunner {
  return new Runner(deps);
}
