import { addressKey } from "../core/address.ts";
import type { Outcome } from "../core/outcome.ts";
import { reply } from "../core/reply.ts";
import type { QueuedMessage, QueuedRecipient, RecipientUpdate } from "../store/mod.ts";
import type { Job } from "./job.ts";
import { isExpired, isNoticeDue, nextAttemptAt, type Standing } from "./schedule.ts";
import type { QueueSettings } from "./settings.ts";

export interface JudgeOptions {
  readonly now: number;
  readonly settings: QueueSettings;
  readonly fraction: number;
  /** False when nothing was tried because the destination is known to be dead: this is no attempt of the message's own. */
  readonly counts: boolean;
  /** Not tried again before this. */
  readonly notBefore: number;
}

/** What an attempt means for one recipient. */
export interface Judged {
  readonly recipient: QueuedRecipient;
  readonly outcome: Outcome;
  readonly verdict: "delivered" | "failed" | "expired" | "waiting";
  /** For `waiting`: the sender is to be told that it is late. */
  readonly noticeDue: boolean;
  readonly update: RecipientUpdate;
}

/** Turns the outcomes of an attempt into updates of the queue, one for each recipient of the job. */
export function judge(job: Job, outcomes: readonly Outcome[], options: JudgeOptions): Judged[] {
  const byAddress = new Map(outcomes.map((outcome) => [exactKey(outcome.recipient), outcome]));
  return job.recipients.map((recipient) => {
    const outcome = byAddress.get(exactKey(recipient.address)) ?? missing(recipient);
    return judgeRecipient(job, { recipient, outcome }, options);
  });
}

/** No host of the destination could be reached: the courier says so with 4.4.x in its own name (`host` is null). */
export function isUnreachable(outcomes: readonly Outcome[]): boolean {
  return outcomes.length > 0 &&
    outcomes.every(({ kind, host, reply }) =>
      kind === "deferred" && host === null && (reply.enhanced?.startsWith("4.4.") ?? false)
    );
}

/** The host answered, but only to say that it has too much to do (RFC 5321 section 3.8). */
export function isOverloaded(outcomes: readonly Outcome[]): boolean {
  return outcomes.length > 0 &&
    outcomes.every(({ kind, reply }) => kind === "deferred" && reply.code === 421);
}

function judgeRecipient(
  job: Job,
  { recipient, outcome }: { recipient: QueuedRecipient; outcome: Outcome },
  options: JudgeOptions,
): Judged {
  const about = { recipient, outcome, noticeDue: false };
  const done: RecipientUpdate = { index: recipient.index, state: { kind: "done" } };
  if (outcome.kind === "failed") return { ...about, verdict: "failed", update: done };
  if (outcome.kind !== "deferred") return { ...about, verdict: "delivered", update: done };
  const { now, settings, fraction, counts, notBefore } = options;
  const attempts = recipient.attempts + (counts ? 1 : 0);
  const { delayNotified } = recipient;
  const standing: Standing = { now, queuedAt: queuedSince(job.message), attempts, delayNotified };
  if (isExpired(standing, settings)) return { ...about, verdict: "expired", update: done };
  const at = counts ? nextAttemptAt(standing, settings, fraction) : now;
  return {
    ...about,
    verdict: "waiting",
    noticeDue: isNoticeDue(standing, settings),
    update: waiting(recipient, { attempts, outcome, at: Math.max(at, notBefore) }),
  };
}

/** From when its time in the queue counts. */
export function queuedSince({ queuedAt, wishes }: QueuedMessage): number {
  return Math.max(queuedAt, wishes?.releaseAt ?? 0);
}

/** The recipient stays in the queue. */
export function waiting(
  recipient: QueuedRecipient,
  next: { readonly attempts: number; readonly outcome: Outcome | null; readonly at: number },
): RecipientUpdate {
  const { outcome } = next;
  return {
    index: recipient.index,
    state: {
      kind: "waiting",
      attempts: next.attempts,
      nextAttemptAt: next.at,
      lastReply: outcome?.reply.toString() ?? recipient.lastReply ?? "450 4.3.2 Waiting for its turn",
      lastHost: outcome === null ? recipient.lastHost : outcome.host,
      delayNotified: recipient.delayNotified,
    },
  };
}

/** A courier that forgot somebody must not lose the mail. */
function missing(recipient: QueuedRecipient): Outcome {
  return {
    recipient: recipient.address,
    kind: "deferred",
    reply: reply(451, "4.3.0", "The attempt ended without a result"),
    host: null,
  };
}

function exactKey(address: QueuedRecipient["address"]): string {
  return `${address.local}@${addressKey({ local: "", domain: address.domain })}`;
}
