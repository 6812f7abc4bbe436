const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How the queue tries again, and how much it does at once. Times are milliseconds. */
export interface QueueSettings {
  /** The wait after the first failure; it doubles with each further one, up to `retryMaxMs` (RFC 5321 section 4.5.4.1). */
  readonly firstRetryMs: number;
  readonly retryMaxMs: number;
  /** Each wait is longer or shorter by up to this share, so that what failed together does not come back together. */
  readonly jitter: number;
  /** A message that old is given up after its next failure, and its sender is told. */
  readonly giveUpAfterMs: number;
  /** A message that old earns its sender a note that it is late; null: never. */
  readonly delayNoticeAfterMs: number | null;
  /** Attempts at once. */
  readonly concurrency: number;
  /** Attempts at once at a destination that nothing is known about; it goes up with success and down with failure. */
  readonly concurrencyPerDestination: number;
  readonly maxConcurrencyPerDestination: number;
  /** Messages a minute to one destination at most; null: no limit. */
  readonly ratePerDestination: number | null;
  /** An attempt that takes longer gives its place in `concurrency` to another, up to `slowConcurrency` of them. */
  readonly slowAfterMs: number;
  readonly slowConcurrency: number;
  /** Recipients of one message in one attempt (RFC 5321 section 4.5.3.1.8 lets a server stop at 100). */
  readonly recipientsPerAttempt: number;
  /** A destination whose hosts could not be reached is left alone as after failures of a message, but never longer. */
  readonly deadDestinationMaxMs: number;
  /** Messages that are held in memory, waiting or under way. */
  readonly backlog: number;
  /** How long `stop` lets attempts go on. */
  readonly stopWaitMs: number;
  /** How much of the original header a report carries, in bytes. */
  readonly reportHeaderSize: number;
  /** A message up to this size comes back whole with a report when its sender asks for that (RFC 3461 section 4.3). */
  readonly reportFullSize: number;
}

export const defaultQueueSettings: QueueSettings = {
  firstRetryMs: 5 * MINUTE,
  retryMaxMs: 4 * HOUR,
  jitter: 0.1,
  giveUpAfterMs: 5 * DAY,
  delayNoticeAfterMs: 4 * HOUR,
  concurrency: 100,
  concurrencyPerDestination: 8,
  maxConcurrencyPerDestination: 20,
  ratePerDestination: null,
  slowAfterMs: 2_000,
  slowConcurrency: 400,
  recipientsPerAttempt: 100,
  deadDestinationMaxMs: 30 * MINUTE,
  backlog: 1000,
  stopWaitMs: 8_000,
  reportHeaderSize: 32 * 1024,
  reportFullSize: 100 * 1024,
};
