import assert from "node:assert/strict";
import type { Address } from "../../src/core/address.ts";
import { Refusal } from "../../src/core/errors.ts";
import type { SubmitContext } from "../../src/core/ports.ts";
import { defaultIntakeLimits, type Door, makeDirectory, makeDoor } from "../../src/intake/mod.ts";
import { openMemoryStore } from "../../src/store/memory/mod.ts";
import { FixedClock, live, RecordingMetrics, seededRandom, silentLog, TEST_NOW } from "../support/fakes.ts";

const ALICE: Address = { local: "alice", domain: "here.test" };
const BOTH: Address = { local: "both", domain: "here.test" };
const OUTSIDE: Address = { local: "Bob", domain: "there.test" };
const LATER = TEST_NOW + 3_600_000;
const CONTEXT: SubmitContext = {
  id: "m1",
  sessionId: "s1",
  origin: "submission",
  protocol: "ESMTPSA",
  client: { address: "192.0.2.7", helo: "laptop" },
  account: "alice@here.test",
  tls: null,
};

function makeWorld() {
  const clock = new FixedClock();
  const random = seededRandom();
  const store = openMemoryStore({ clock, random });
  const aliases = { both: ["alice", "bob@there.test"], out: ["bob@there.test"] };
  const directory = makeDirectory({ domains: { "here.test": { accounts: { alice: {} }, aliases } } });
  const door = makeDoor({
    store,
    directory: live(directory),
    hostname: "mx.here.test",
    clock,
    random,
    log: silentLog,
    metrics: new RecordingMetrics(),
    limits: live(defaultIntakeLimits),
  });
  return { store, door };
}

function submitHeld(door: Door, recipients: readonly Address[]) {
  const envelope = { sender: ALICE, recipients, smtputf8: false, eightBit: false, holdUntil: LATER };
  const message = new TextEncoder().encode("From: alice@here.test\r\nSubject: later\r\n\r\nHello\r\n");
  return door.submit(envelope, [message], CONTEXT);
}

Deno.test("hold: a message for others waits in the queue until its time (RFC 4865)", async () => {
  const { store, door } = makeWorld();
  const [outcome] = await submitHeld(door, [OUTSIDE]);
  assert.equal(outcome?.kind, "queued");
  assert.equal(await store.spool.nextDueAt(), LATER);
  assert.deepEqual(await store.spool.due(LATER - 1, 10), []);
  assert.equal((await store.spool.due(LATER, 10)).length, 1);
});

Deno.test("hold: a recipient here is refused at RCPT, and with the message", async () => {
  const { store, door } = makeWorld();
  const visitor = {
    sessionId: "s1",
    address: "192.0.2.7",
    helo: "laptop",
    account: "alice@here.test",
    tls: true,
    holds: true,
  };
  await door.checkRecipient(OUTSIDE, ALICE, visitor);
  await door.checkRecipient({ local: "out", domain: "here.test" }, ALICE, visitor);
  for (const recipient of [ALICE, BOTH]) {
    const isRefused = (error: unknown) => error instanceof Refusal && error.reply.enhanced === "5.3.3";
    await assert.rejects(door.checkRecipient(recipient, ALICE, visitor), isRefused);
    await door.checkRecipient(recipient, ALICE, { ...visitor, holds: false });
    await assert.rejects(submitHeld(door, [OUTSIDE, recipient]), isRefused);
  }
  assert.equal(await store.spool.nextDueAt(), null);
});
