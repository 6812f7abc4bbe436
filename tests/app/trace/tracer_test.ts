import assert from "node:assert/strict";
import type { LogFields } from "../../../src/core/ports.ts";
import type { NewTraceEvent } from "../../../src/store/mod.ts";
import { makeTracer, type Tracer } from "../../../src/app/trace/mod.ts";
import { ManualClock, RecordingLog, RecordingMetrics } from "../../support/fakes.ts";

/** A store whose answer can be held back, or be an error. */
class FakeStore {
  readonly batches: (readonly NewTraceEvent[])[] = [];
  gate: Promise<void> = Promise.resolve();
  error: Error | null = null;

  async record(events: readonly NewTraceEvent[]): Promise<void> {
    this.batches.push(events);
    await this.gate;
    if (this.error !== null) throw this.error;
  }

  get events(): NewTraceEvent[] {
    return this.batches.flat();
  }
}

interface World {
  readonly tracer: Tracer;
  readonly store: FakeStore;
  readonly clock: ManualClock;
  readonly log: RecordingLog;
  readonly metrics: RecordingMetrics;
  readonly settings: { current: { days: number } };
}

async function use(work: (world: World) => Promise<void>): Promise<void> {
  const [store, clock, log, metrics] = [
    new FakeStore(),
    new ManualClock(),
    new RecordingLog(),
    new RecordingMetrics(),
  ];
  const settings = { current: { days: 14 } };
  const tracer = makeTracer({ store, clock, log, metrics, settings });
  try {
    await work({ tracer, store, clock, log, metrics, settings });
  } finally {
    await tracer.close();
  }
}

const names = (events: readonly NewTraceEvent[]) => events.map(({ event }) => event);

Deno.test("tracer: an event of a message goes to the log and, cut and keyed, to the trace", () =>
  use(async ({ tracer, store, log, clock }) => {
    const fields: LogFields = {
      from: "Alice@Example.com",
      recipients: ["Bob@x.test", "bob@X.test", ""],
      local: ["carol@example.com"],
      messageId: "<ID@x>",
      account: null,
      password: "geheim",
      huge: "x".repeat(10_000),
    };
    tracer.log.with({ session: "s", message: "m" }).info("message-accepted", fields);
    await tracer.flush();
    assert.equal(log.of("message-accepted")[0]?.fields["from"], "Alice@Example.com");
    const [event] = store.events;
    assert.deepEqual({ ...event, fields: null }, {
      at: clock.now(),
      event: "message-accepted",
      message: "m",
      session: "s",
      fields: null,
      keys: ["alice@example.com", "bob@x.test", "carol@example.com", "<id@x>"],
    });
    assert.equal(event?.fields["password"], "[redacted]");
    assert.ok(String(event?.fields["huge"]).length < 2100);
    assert.ok(!("message" in event!.fields) && !("session" in event!.fields));
  }));

Deno.test("tracer: what has neither a message nor an address is not traced, at any level what has is", () =>
  use(async ({ tracer, store }) => {
    tracer.log.info("started");
    tracer.log.warn("certificate-expired", { name: "x" });
    tracer.log.info("connection-refused", { remote: "192.0.2.1" });
    tracer.log.with({ message: "m" }).debug("detail");
    tracer.log.error("broken", { message: "m" });
    tracer.log.info("odd", { message: "", session: null });
    await tracer.flush();
    assert.deepEqual(names(store.events), ["detail", "broken"]);
  }));

Deno.test("tracer: a session's beginning is traced when it brings a message, once, and not when it brings none", () =>
  use(async ({ tracer, store }) => {
    const session = (id: string, service = "smtp") => tracer.log.with({ session: id, service });
    session("idle").info("session-begin", { client: "192.0.2.9" });
    session("idle").info("session-end");
    session("one").info("session-begin", { client: "192.0.2.1" });
    session("one").debug("tls-begin", { version: "TLSv1.3" });
    for (const message of ["m1", "m2"]) {
      tracer.log.info("message-accepted", { session: "one", message, from: "a@x" });
    }
    session("one").info("session-end");
    session("one").info("connection-lost");
    session("reader", "imap").info("session-begin", {});
    tracer.log.info("message-accepted", { session: "reader", message: "m3" });
    await tracer.flush();
    assert.deepEqual(names(store.events), [
      "session-begin",
      "tls-begin",
      "message-accepted",
      "message-accepted",
      "session-end",
      "message-accepted",
    ]);
  }));

Deno.test("tracer: a refused address is traced before there is a message, with its session", () =>
  use(async ({ tracer, store }) => {
    const log = tracer.log.with({ session: "s", service: "smtp" });
    log.info("session-begin", { client: "192.0.2.1" });
    log.info("message-refused", { message: null, command: "VRFY", from: null });
    log.info("message-refused", { message: null, command: "MAIL FROM:<Bad@x.test> SIZE=1" });
    log.info("message-refused", { message: "m", command: "RCPT TO:<no@Us.test>", from: "good@x.test" });
    await tracer.flush();
    assert.deepEqual(store.events.map(({ event, keys }) => [event, ...keys]), [
      ["session-begin"],
      ["message-refused"],
      ["message-refused", "bad@x.test"],
      ["message-refused", "good@x.test", "no@us.test"],
    ]);
  }));

Deno.test("tracer: a session cannot fill the trace with what belongs to no message", () =>
  use(async ({ tracer, store }) => {
    const log = tracer.log.with({ session: "s", service: "smtp" });
    log.info("session-begin", {});
    for (let i = 0; i < 1000; i++) {
      log.info("message-refused", { message: null, command: `MAIL FROM:<${i}@x>` });
    }
    await tracer.flush();
    assert.equal(store.events.length, 101);
  }));

Deno.test("tracer: writes whole batches at once, the rest after a second, one write at a time", () =>
  use(async ({ tracer, store, clock }) => {
    const gate = Promise.withResolvers<void>();
    store.gate = gate.promise;
    for (let i = 0; i < 450; i++) tracer.log.info("e", { message: `m${i}` });
    assert.deepEqual(store.batches.map((batch) => batch.length), [200]);
    gate.resolve();
    await clock.advance(0);
    assert.deepEqual(store.batches.map((batch) => batch.length), [200, 200]);
    await clock.advance(999);
    assert.equal(store.batches.length, 2);
    await clock.advance(1);
    assert.deepEqual(store.batches.map((batch) => batch.length), [200, 200, 50]);
    assert.deepEqual(
      store.events.map(({ message }) => message),
      Array.from({ length: 450 }, (_, i) => `m${i}`),
    );
  }));

Deno.test("tracer: when the store does not keep up memory stays bounded, and what is dropped is counted", () =>
  use(async ({ tracer, store, log, metrics, clock }) => {
    const gate = Promise.withResolvers<void>();
    store.gate = gate.promise;
    const text = "x".repeat(1000);
    for (let i = 0; i < 20_000; i++) tracer.log.debug("e", { message: "m", text });
    gate.resolve();
    await tracer.flush();
    const dropped = metrics.counters.get("mailden_trace_dropped_total") ?? 0;
    assert.equal(store.events.length + dropped, 20_000);
    assert.ok(dropped > 10_000 && dropped < 16_000, `${dropped} dropped`);
    assert.equal(log.of("trace-dropped").length, 1, "one complaint a minute");
    await clock.advance(60_000);
    store.error = new Error("Disk full");
    tracer.log.info("e", { message: "m" });
    await tracer.flush();
    assert.deepEqual(log.of("trace-dropped").map(({ fields }) => fields), [
      { events: 1, reason: "The store does not keep up" },
      { events: dropped + 1, reason: "Disk full" },
    ]);
  }));

Deno.test("tracer: a batch of messages to very many recipients is a small batch", () =>
  use(async ({ tracer, store }) => {
    const recipients = Array.from({ length: 1500 }, (_, i) => `recipient-number-${i}@example.com`);
    for (let i = 0; i < 20; i++) tracer.log.info("message-accepted", { message: `m${i}`, recipients });
    await tracer.flush();
    assert.ok(store.batches.every((batch) => batch.length < 10), `${store.batches.length} batches`);
    assert.equal(store.events.length, 20);
    assert.equal(store.events[0]?.keys.length, 1000);
  }));

Deno.test("tracer: 0 days trace nothing, also when a reload says so", () =>
  use(async ({ tracer, store, settings }) => {
    settings.current = { days: 0 };
    tracer.log.info("e", { message: "m" });
    settings.current = { days: 1 };
    tracer.log.info("f", { message: "m" });
    await tracer.flush();
    assert.deepEqual(names(store.events), ["f"]);
  }));

Deno.test("tracer: closing writes what is left, and does not wait for ever", async () => {
  await use(async ({ tracer, store }) => {
    tracer.log.info("last", { message: "m" });
    await tracer.close();
    tracer.log.info("too-late", { message: "m" });
    assert.deepEqual(names(store.events), ["last"]);
  });
  const clock = new ManualClock();
  const store = { record: () => new Promise<void>(() => {}) };
  const [log, metrics] = [new RecordingLog(), new RecordingMetrics()];
  const stuck = makeTracer({ store, clock, log, metrics, settings: { current: { days: 1 } } });
  stuck.log.info("e", { message: "m" });
  const closing = stuck.close();
  await clock.advance(5000);
  await closing;
});
