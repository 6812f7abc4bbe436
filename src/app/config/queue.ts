/** The `queue:` section. */
import { defaultQueueSettings, type QueueSettings } from "../../queue/settings.ts";
import { count, duration, durationFrom, fraction, orNull, sizeBetween } from "./fields.ts";
import { type FieldsOf, settingsSection } from "./section.ts";

const queueFields: FieldsOf<QueueSettings> = {
  firstRetryMs: duration,
  retryMaxMs: duration,
  jitter: fraction(0, 0.9),
  giveUpAfterMs: duration,
  delayNoticeAfterMs: orNull(duration),
  concurrency: count(1, 10_000),
  concurrencyPerDestination: count(1, 1000),
  maxConcurrencyPerDestination: count(1, 1000),
  ratePerDestination: orNull(count(1, 1_000_000)),
  slowAfterMs: duration,
  slowConcurrency: count(1, 100_000),
  recipientsPerAttempt: count(1, 1000),
  deadDestinationMaxMs: durationFrom(0),
  backlog: count(1, 1_000_000),
  stopWaitMs: durationFrom(0),
  reportHeaderSize: sizeBetween(1024, 2 ** 20),
  reportFullSize: sizeBetween(0, 64 * 2 ** 20),
};

export const queueSection = settingsSection(defaultQueueSettings, queueFields, { retryMaxMs: "max_retry" });
