import assert from "node:assert/strict";
import fc from "fast-check";
import {
  isExpired,
  isNoticeDue,
  nextAttemptAt,
  retryDelay,
  type Standing,
} from "../../src/queue/schedule.ts";
import { defaultQueueSettings } from "../../src/queue/settings.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Half way between the ends of the jitter: none. */
const MIDDLE = 0.5;

Deno.test("schedule: the wait doubles from five minutes to four hours", () => {
  const minutes = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((failures) =>
    retryDelay(failures, defaultQueueSettings, MIDDLE) / MINUTE
  );
  assert.deepEqual(minutes, [5, 10, 20, 40, 80, 160, 240, 240, 240]);
});

Deno.test("schedule: jitter moves a wait by at most a tenth, both ways", () => {
  assert.equal(retryDelay(1, defaultQueueSettings, 0), 4.5 * MINUTE);
  assert.ok(retryDelay(1, defaultQueueSettings, 0.999999) <= 5.5 * MINUTE);
});

/** All times of a message that always fails, from the moment it was queued, in minutes. */
function life(): { attempts: number[]; noticeAt: number | null; endAt: number | null } {
  const attempts: number[] = [];
  let standing: Standing = { now: 0, queuedAt: 0, attempts: 0, delayNotified: false };
  let noticeAt: number | null = null;
  for (;;) {
    attempts.push(standing.now / MINUTE);
    standing = { ...standing, attempts: standing.attempts + 1 };
    if (isExpired(standing, defaultQueueSettings)) {
      return { attempts, noticeAt, endAt: standing.now / MINUTE };
    }
    if (isNoticeDue(standing, defaultQueueSettings)) {
      noticeAt = standing.now / MINUTE;
      standing = { ...standing, delayNotified: true };
    }
    standing = { ...standing, now: nextAttemptAt(standing, defaultQueueSettings, MIDDLE) };
  }
}

Deno.test("schedule: a message that always fails is tried at these times, noticed after 4 hours, given up after 5 days", () => {
  const { attempts, noticeAt, endAt } = life();
  assert.deepEqual(attempts.slice(0, 9), [0, 5, 15, 35, 75, 155, 240, 480, 720]);
  assert.equal(noticeAt, 240);
  assert.equal(endAt, 5 * 24 * 60);
});

Deno.test("schedule: without a notice there is no attempt for it", () => {
  const settings = { ...defaultQueueSettings, delayNoticeAfterMs: null };
  const standing = { now: 155 * MINUTE, queuedAt: 0, attempts: 6, delayNotified: false };
  assert.equal(nextAttemptAt(standing, settings, MIDDLE), 315 * MINUTE);
  assert.ok(!isNoticeDue({ ...standing, now: DAY }, settings));
});

Deno.test("schedule: the next attempt is always in the future and never beyond the longest wait", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10 * DAY }),
      fc.integer({ min: 1, max: 1000 }),
      fc.boolean(),
      fc.double({ min: 0, max: 0.999999, noNaN: true }),
      (now, attempts, delayNotified, fraction) => {
        const at = nextAttemptAt(
          { now, queuedAt: 0, attempts, delayNotified },
          defaultQueueSettings,
          fraction,
        );
        assert.ok(at > now && at <= now + 1.1 * 4 * HOUR + 1);
      },
    ),
    { numRuns: 500 },
  );
});
