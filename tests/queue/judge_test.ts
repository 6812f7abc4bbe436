import assert from "node:assert/strict";
import { splitMessage } from "../../src/queue/job.ts";
import { isUnreachable, judge, type Judged } from "../../src/queue/judge.ts";
import { defaultQueueSettings } from "../../src/queue/settings.ts";
import type { QueuedRecipient } from "../../src/store/mod.ts";
import { TEST_NOW } from "../support/fakes.ts";
import { HOST, message, outcome, recipient } from "./support.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

interface Row {
  readonly what: string;
  readonly said: string;
  readonly queued?: Partial<QueuedRecipient>;
  /** How old the message is. */
  readonly age?: number;
  readonly counts?: boolean;
  readonly notBefore?: number;
  readonly verdict: Judged["verdict"];
  readonly attempts?: number;
  /** From now. */
  readonly nextIn?: number;
  readonly notice?: boolean;
}

const ROWS: readonly Row[] = [
  { what: "a success", said: "250 2.0.0 OK", verdict: "delivered" },
  { what: "a permanent failure", said: "550 5.1.1 No", verdict: "failed" },
  { what: "a first failure", said: "450 4.2.0 Later", verdict: "waiting", attempts: 1, nextIn: HOUR / 12 },
  {
    what: "a third failure",
    said: "450 4.2.0 Later",
    queued: { attempts: 2 },
    verdict: "waiting",
    attempts: 3,
    nextIn: HOUR / 3,
  },
  {
    what: "a failure after four hours",
    said: "450 4.2.0 Later",
    age: 4 * HOUR,
    queued: { attempts: 6 },
    verdict: "waiting",
    attempts: 7,
    nextIn: 4 * HOUR,
    notice: true,
  },
  {
    what: "the same when the sender knows",
    said: "450 4.2.0 Later",
    age: 4 * HOUR,
    queued: { attempts: 6, delayNotified: true },
    verdict: "waiting",
    attempts: 7,
    nextIn: 4 * HOUR,
  },
  { what: "a failure after five days", said: "450 4.2.0 Later", age: 5 * DAY, verdict: "expired" },
  { what: "a success after five days", said: "250 2.0.0 OK", age: 5 * DAY, verdict: "delivered" },
  {
    what: "a dead destination",
    said: "451 4.4.1 No",
    counts: false,
    notBefore: HOUR,
    verdict: "waiting",
    attempts: 0,
    nextIn: HOUR,
  },
  {
    what: "a dead destination after five days",
    said: "451 4.4.1 No",
    age: 5 * DAY,
    counts: false,
    verdict: "expired",
  },
  {
    what: "a failure that made the destination dead for longer",
    said: "451 4.4.1 No",
    notBefore: HOUR,
    verdict: "waiting",
    attempts: 1,
    nextIn: HOUR,
  },
];

for (const row of ROWS) {
  Deno.test(`judge: ${row.what}`, () => {
    const queued = recipient("bob@there.test", row.queued);
    const [job] = splitMessage(message([queued], { queuedAt: TEST_NOW - (row.age ?? 0) }), {
      now: TEST_NOW,
      size: 100,
    });
    const [judged] = judge(job!, [outcome("bob@there.test", row.said)], {
      now: TEST_NOW,
      settings: defaultQueueSettings,
      fraction: 0.5,
      counts: row.counts ?? true,
      notBefore: TEST_NOW + (row.notBefore ?? 0),
    });
    assert.equal(judged!.verdict, row.verdict);
    assert.equal(judged!.noticeDue, row.notice ?? false);
    if (row.verdict !== "waiting") {
      return assert.deepEqual(judged!.update, { index: 0, state: { kind: "done" } });
    }
    assert.deepEqual(judged!.update.state, {
      kind: "waiting",
      attempts: row.attempts,
      nextAttemptAt: TEST_NOW + row.nextIn!,
      lastReply: row.said,
      lastHost: HOST,
      delayNotified: row.queued?.delayNotified ?? false,
    });
  });
}

Deno.test("judge: a recipient whom the courier forgot waits", () => {
  const [job] = splitMessage(message([recipient("a@x.test"), recipient("b@x.test")]), {
    now: TEST_NOW,
    size: 100,
  });
  const judged = judge(job!, [outcome("b@x.test", "250 2.0.0 OK")], {
    now: TEST_NOW,
    settings: defaultQueueSettings,
    fraction: 0.5,
    counts: true,
    notBefore: 0,
  });
  assert.deepEqual(judged.map(({ verdict }) => verdict), ["waiting", "delivered"]);
});

Deno.test("judge: a destination is dead when we found no host of it, not when a host said so", () => {
  const to = "a@x.test";
  const table: readonly [readonly ReturnType<typeof outcome>[], boolean][] = [
    [[outcome(to, "451 4.4.1 No", null)], true],
    [[outcome(to, "451 4.4.3 No", null), outcome(to, "451 4.4.1 No", null)], true],
    [[outcome(to, "451 4.4.1 No")], false],
    [[outcome(to, "451 4.3.0 No", null)], false],
    [[outcome(to, "451 4.4.1 No", null), outcome(to, "250 2.0.0 OK")], false],
    [[], false],
  ];
  for (const [outcomes, dead] of table) assert.equal(isUnreachable(outcomes), dead);
});

Deno.test("job: a message is split by destination and size, without what is held or not due", () => {
  const jobs = splitMessage(
    message([
      recipient("a@x.test"),
      recipient("b@Y.test"),
      recipient("c@x.test"),
      recipient("d@x.test", { held: true }),
      recipient("e@x.test", { nextAttemptAt: TEST_NOW + 1 }),
      recipient("f@x.test"),
    ]),
    { now: TEST_NOW, size: 2 },
  );
  assert.deepEqual(
    jobs.map((job) => [job.destination, job.recipients.map((one) => one.address.local).join("")]),
    [
      ["x.test", "ac"],
      ["x.test", "f"],
      ["y.test", "b"],
    ],
  );
});
