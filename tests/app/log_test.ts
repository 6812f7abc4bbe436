import assert from "node:assert/strict";
import type { LogRecord } from "@logtape/logtape";
import fc from "fast-check";
import type { LogFields } from "../../src/core/ports.ts";
import { jsonLine, prettyLine } from "../../src/app/log/format.ts";
import { type LogLevelName, makeLog } from "../../src/app/log/mod.ts";
import { makeLineWriter } from "../../src/app/log/writer.ts";
import { FixedClock } from "../support/fakes.ts";

const TIME = "2026-01-02T03:04:05.000Z";

/** The lines of a log, in both forms. */
function recorded(level: LogLevelName = "debug") {
  const records: LogRecord[] = [];
  const pretty = prettyLine({ colours: false });
  const settings: { current: { level: LogLevelName; format: "json" } } = {
    current: { level, format: "json" },
  };
  const log = makeLog({ settings, clock: new FixedClock(), sinks: [(record) => records.push(record)] });
  return {
    log,
    settings,
    json: () => records.map(jsonLine),
    pretty: () => records.map((record) => pretty(record)),
  };
}

Deno.test("log: one event is one line, with time, level, event and then the fields", () => {
  const { log, json, pretty } = recorded();
  const session = log.with({ session: "s1" }).with({ service: "smtp" });
  session.info("message-accepted", { message: "m1", size: 5, local: true, from: null, to: ["a@b.c", "d e"] });
  log.warn("odd");
  assert.deepEqual(json(), [
    `{"time":"${TIME}","level":"info","event":"message-accepted","session":"s1","service":"smtp","message":"m1",` +
    '"size":5,"local":true,"from":null,"to":["a@b.c","d e"]}\n',
    `{"time":"${TIME}","level":"warn","event":"odd"}\n`,
  ]);
  assert.deepEqual(pretty(), [
    '03:04:05.000 INF message-accepted session=s1 service=smtp message=m1 size=5 local=true from=null to=["a@b.c","d e"]\n',
    "03:04:05.000 WRN odd\n",
  ]);
});

Deno.test("log: what is less important than the level is not written, and a reload changes it", () => {
  const { log, settings, json } = recorded("warn");
  const write = () => (["debug", "info", "warn", "error"] as const).forEach((level) => log[level](level));
  write();
  settings.current = { level: "debug", format: "json" };
  write();
  const levels = json().map((line) => JSON.parse(line).level);
  assert.deepEqual(levels, ["warn", "error", "debug", "info", "warn", "error"]);
});

Deno.test("log: fields whose name says secret are never written", () => {
  const names = [
    "password",
    "newPassword",
    "PASSWD",
    "relay_secret",
    "access_token",
    "hash",
    "Authorization",
    "cookie",
  ];
  for (const name of names) {
    const { log, json, pretty } = recorded();
    log.info("x", { [name]: "hunter2", account: "alice" });
    assert.ok(![...json(), ...pretty()].some((line) => line.includes("hunter2")), name);
    assert.equal(JSON.parse(json()[0]!)[name], "[redacted]");
    assert.equal(JSON.parse(json()[0]!).account, "alice");
  }
});

Deno.test("log: no value begins a line, moves a cursor or replaces what stands in front", () => {
  const unsafe = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
  const text = fc.string({ unit: "binary", maxLength: 50 });
  const nasty = fc.constantFrom(
    'a\n{"level":"error"}',
    "\x1b[2J",
    "\x9b31m",
    "\u2028x",
    "\u202edrowssap",
    "\r\nx",
    '"}',
  );
  fc.assert(
    fc.property(fc.dictionary(fc.oneof(text, nasty), fc.oneof(text, nasty)), (fields) => {
      const { log, json, pretty } = recorded();
      log.info("event", { ...fields, event: "forged", time: "never" } as LogFields);
      for (const line of [...json(), ...pretty()]) assert.doesNotMatch(line.slice(0, -1), unsafe);
      const parsed = JSON.parse(json()[0]!);
      assert.deepEqual([parsed.event, parsed.time, parsed.level], ["event", TIME, "info"]);
    }),
    { numRuns: 300 },
  );
});

Deno.test("log: long values and lists are cut off", () => {
  const { log, json } = recorded();
  log.info("x", { long: "y".repeat(1_000_000), many: Array.from({ length: 5000 }, (_, i) => `r${i}`) });
  const { long, many } = JSON.parse(json()[0]!);
  assert.ok(long.length < 2100 && long.endsWith("[... 1000000 characters]"));
  assert.equal(many.length, 101);
  assert.equal(many.at(-1), "[... 5000 values]");
});

/** A reader that takes what it is given only when told to. */
function slowSink() {
  const written: string[] = [];
  let release: () => void = () => {};
  return {
    written,
    release: () => release(),
    write: async (bytes: Uint8Array) => {
      await new Promise<void>((resolve) => release = resolve);
      // A part only, as a pipe may take it.
      const taken = bytes.subarray(0, Math.max(1, bytes.length >> 1));
      written.push(new TextDecoder().decode(taken));
      return taken.length;
    },
  };
}

Deno.test("log: a reader that does not keep up costs lines and not memory, and is told how many", async () => {
  const sink = slowSink();
  const writer = makeLineWriter(sink, { maxWaiting: 50, droppedLine: (count) => `dropped ${count}\n` });
  writer.write("first\n");
  // The first write is under way; the rest must wait.
  await new Promise((resolve) => setTimeout(resolve, 0));
  for (let i = 0; i < 20; i++) writer.write("0123456789\n");
  let closed = false;
  const closing = writer.close().then(() => closed = true);
  while (!closed) {
    sink.release();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await closing;
  assert.equal(sink.written.join(""), "first\n" + "0123456789\n".repeat(4) + "dropped 16\n");
});

Deno.test("log: a reader that is gone stops nothing", async () => {
  const writer = makeLineWriter({ write: () => Promise.reject(new Deno.errors.BrokenPipe("gone")) }, {
    droppedLine: () => "",
  });
  writer.write("a\n");
  await writer.close();
  writer.write("b\n");
  await writer.close();
});
