import type { QueueSettings } from "./settings.ts";

/** The wait after so many failures in a row; `fraction` in [0, 1) decides the jitter. */
export function retryDelay(failures: number, settings: QueueSettings, fraction: number): number {
  const doubled = settings.firstRetryMs * 2 ** Math.min(failures - 1, 40);
  return Math.round(Math.min(doubled, settings.retryMaxMs) * (1 + settings.jitter * (2 * fraction - 1)));
}

/** Where one recipient stands after a failure. */
export interface Standing {
  readonly now: number;
  readonly queuedAt: number;
  /** Attempts that failed, with this one. */
  readonly attempts: number;
  readonly delayNotified: boolean;
}

/**
 * When to try again. A try is also made just when the delay notice or the end is due, so that neither comes late by
 * a whole interval.
 */
export function nextAttemptAt(standing: Standing, settings: QueueSettings, fraction: number): number {
  const { now, queuedAt, attempts, delayNotified } = standing;
  const at = now + retryDelay(attempts, settings, fraction);
  const noticeAt = settings.delayNoticeAfterMs === null || delayNotified
    ? Infinity
    : queuedAt + settings.delayNoticeAfterMs;
  const endAt = queuedAt + settings.giveUpAfterMs;
  return Math.min(at, ...[noticeAt, endAt].filter((milestone) => milestone > now));
}

export function isExpired({ now, queuedAt }: Standing, settings: QueueSettings): boolean {
  return now - queuedAt >= settings.giveUpAfterMs;
}

export function isNoticeDue({ now, queuedAt, delayNotified }: Standing, settings: QueueSettings): boolean {
  const after = settings.delayNoticeAfterMs;
  return after !== null && !delayNotified && now - queuedAt >= after;
}
