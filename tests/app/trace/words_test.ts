import assert from "node:assert/strict";
import type { LogFields } from "../../../src/core/ports.ts";
import type { QueuedMessage, TraceEvent } from "../../../src/store/mod.ts";
import type { Life } from "../../../src/app/trace/life.ts";
import { verdicts } from "../../../src/app/trace/verdict.ts";
import { eventLines } from "../../../src/app/trace/words.ts";

const AT = Date.UTC(2026, 0, 2, 3, 4, 5);

function event(name: string, fields: LogFields): TraceEvent {
  return { at: AT, event: name, message: "m", session: "s", fields };
}

const SENTENCES: readonly (readonly [name: string, fields: LogFields, ...lines: string[]])[] = [
  [
    "session-begin",
    { client: "192.0.2.1", service: "smtp", tls: null },
    "192.0.2.1 connected to the smtp port.",
  ],
  [
    "session-begin",
    { client: "192.0.2.1", service: "submissions", tls: "TLSv1.3" },
    "192.0.2.1 connected to the submissions port, encrypted with TLSv1.3.",
  ],
  ["tls-begin", { version: "TLSv1.3" }, "The connection was encrypted with TLSv1.3."],
  ["auth-ok", { account: "alice@example.com" }, "It logged in as alice@example.com."],
  [
    "message-accepted",
    {
      origin: "submission",
      from: "a@x",
      recipients: ["b@y", "c@z"],
      local: ["b@y"],
      remote: ["c@z"],
      size: 2048,
      messageId: "<1@x>",
    },
    "Accepted from <a@x> for <b@y>, <c@z> (2 KiB, Message-ID <1@x>), put into the mailbox of <b@y> and put into the queue for <c@z>.",
  ],
  [
    "message-accepted",
    { origin: "report", from: "", recipients: ["a@x"], local: [], remote: ["a@x"], about: "m0" },
    "Made here, a report for <a@x> about message m0, put into the queue for <a@x>.",
  ],
  [
    "message-refused",
    {
      command: "RCPT TO:<no@y> NOTIFY=NEVER",
      client: "192.0.2.1",
      reply: "550 5.1.1 No such user",
      reason: null,
    },
    "The recipient <no@y> was refused to 192.0.2.1.",
    "This server said: 550 5.1.1 No such user",
  ],
  [
    "message-refused",
    { command: "DATA", reply: "552 5.3.4 Too large", reason: "too large" },
    "The message was refused.",
    "This server said: 552 5.3.4 Too large",
    "The reason: too large",
  ],
  [
    "delivery-attempt",
    { host: "mx.y", address: "192.0.2.2", port: 25, tls: null, reused: false },
    "Sending to mx.y [192.0.2.2] over a connection, not encrypted.",
  ],
  [
    "delivery-attempt",
    { host: "mx.y", address: "192.0.2.2", port: 2525, tls: "TLSv1.2", reused: true },
    "Sending to mx.y [192.0.2.2] port 2525 over the open connection, encrypted with TLSv1.2.",
  ],
  [
    "delivery-result",
    {
      recipient: "c@z",
      result: "deferred",
      verdict: "waiting",
      host: "mx.z",
      reply: "451 4.7.1 Later",
      next: "2026-01-02T03:09:05.000Z",
    },
    "Not taken yet for <c@z>; the next attempt is due at 2026-01-02 03:09:05Z.",
    "mx.z said: 451 4.7.1 Later",
  ],
  [
    "delivery-result",
    {
      recipient: "c@z",
      result: "failed",
      verdict: "failed",
      host: null,
      reply: "550 5.1.2 No such domain",
      next: null,
    },
    "Refused for good for <c@z>.",
    "550 5.1.2 No such domain",
  ],
  [
    "delivery-result",
    {
      recipient: "c@z",
      result: "deferred",
      verdict: "expired",
      host: "mx.z",
      reply: "451 Later",
      next: null,
    },
    "Given up for <c@z> after too long a time.",
    "mx.z said: 451 Later",
  ],
  [
    "message-bounced",
    { from: "a@x", recipients: ["c@z"], report: "r1" },
    "The sender <a@x> was told that it could not be delivered to <c@z>, by message r1.",
  ],
  [
    "message-bounced",
    { from: "", recipients: ["c@z"], report: null },
    "Nobody was told that it could not be delivered to <c@z>: the message names no sender.",
  ],
  [
    "message-delayed",
    { from: "a@x", recipients: ["c@z"], report: null, notify: "not wanted" },
    "Nobody was told that it is late for <c@z>: the sender did not want it.",
  ],
  [
    "delivery-attempt",
    { host: "mx.y", address: "192.0.2.2", port: 25, tls: "TLSv1.3", verified: "dane", reused: false },
    "Sending to mx.y [192.0.2.2] over a connection, encrypted with TLSv1.3 and its certificate proved by DANE.",
  ],
  [
    "delivery-error",
    { error: "Error: broken\n    at x" },
    "Something went wrong here; the log says more.",
    "Error: broken",
  ],
  ["new-thing", { one: 1, two: ["a", "b"], none: null }, "New thing: one 1, two a b."],
  ["new-thing", {}, "New thing."],
];

Deno.test("trace words: every event in a sentence", () => {
  for (const [name, fields, ...expected] of SENTENCES) {
    const [first = "", ...rest] = eventLines(event(name, fields));
    assert.equal(first, `2026-01-02 03:04:05Z  ${expected[0]}`);
    assert.deepEqual(rest.map((line) => line.trim()), expected.slice(1), name);
  }
});

const ACCEPTED = event("message-accepted", {
  origin: "smtp",
  from: "a@x",
  recipients: ["b@y", "c@z", "d@z"],
  local: ["b@y"],
  remote: ["c@z", "d@z"],
});

function result(recipient: string, fields: LogFields): TraceEvent {
  return event("delivery-result", { recipient, verdict: fields["result"]!, host: "mx.z", ...fields });
}

function queue(recipient: string, change: Partial<QueuedMessage["recipients"][number]>): QueuedMessage {
  const [local = "", domain = ""] = recipient.split("@");
  return {
    id: "m",
    bodyId: 1,
    size: 1,
    skip: 0,
    sender: null,
    smtputf8: false,
    eightBit: false,
    queuedAt: AT,
    recipients: [{
      index: 0,
      address: { local, domain },
      attempts: 1,
      nextAttemptAt: AT + 60_000,
      held: false,
      delayNotified: false,
      lastReply: "451 Later",
      lastHost: "mx.z",
      ...change,
    }],
  };
}

const FATES: readonly (readonly [
  name: string,
  events: readonly TraceEvent[],
  queued: QueuedMessage | null,
  ...lines: string[],
])[] = [
  [
    "delivered to all",
    [
      ACCEPTED,
      result("c@z", { result: "deferred", reply: "451 Later" }),
      result("c@z", { result: "relayed", reply: "250 OK" }),
      result("d@z", { result: "relayed", reply: "250 OK" }),
    ],
    null,
    "Delivered to the mailbox of <b@y>",
    "Delivered to <c@z>, <d@z> by mx.z",
  ],
  [
    "one waits, one bounced",
    [
      ACCEPTED,
      result("c@z", { result: "deferred", reply: "451 Later" }),
      result("d@z", { result: "failed", reply: "550 No" }),
    ],
    queue("c@z", {}),
    "Delivered to the mailbox of <b@y>",
    "Waiting until 2026-01-02 03:05:05Z for the next attempt (<c@z>) because mx.z said: 451 Later",
    "Bounced for <d@z> because mx.z said: 550 No",
  ],
  [
    "held, never tried, its beginning forgotten",
    [],
    queue("c@z", { held: true, attempts: 0, lastReply: null, lastHost: null }),
    "On hold until an operator releases it (<c@z>), nothing was tried yet",
  ],
  [
    "expired, and dropped",
    [
      ACCEPTED,
      result("c@z", { result: "deferred", verdict: "expired", reply: "451 Later" }),
      result("d@z", { result: "deferred", reply: "451 Later" }),
      event("queue-dropped", { recipients: 1 }),
    ],
    null,
    "Delivered to the mailbox of <b@y>",
    "Bounced for <c@z> because mx.z said: 451 Later",
    "Not delivered to <d@z>: an operator took it out",
  ],
  [
    "refused",
    [event("message-refused", { command: "DATA", reply: "552 5.3.4 Too large" })],
    null,
    "Refused: 552 5.3.4 Too large",
  ],
  ["begun", [event("session-broken", {})], null, "Not finished: the message never came"],
];

Deno.test("trace verdict: what became of each recipient, the same fates together", () => {
  for (const [name, events, queued, ...expected] of FATES) {
    const life: Life = { id: "m", events, queued, isCut: false };
    assert.deepEqual(verdicts(life).map(({ text }) => text), expected, name);
  }
});
