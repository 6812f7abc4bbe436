import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { scryptSync } from "node:crypto";
import { Refusal } from "../../src/core/errors.ts";
import type { Authenticate } from "../../src/core/ports.ts";
import {
  type AuthLimits,
  defaultAuthLimits,
  makeAuthenticator,
  makeDirectory,
} from "../../src/intake/mod.ts";
import { openMemoryStore } from "../../src/store/memory/mod.ts";
import type { Store } from "../../src/store/mod.ts";
import { FixedClock, live, RecordingLog, RecordingMetrics, seededRandom } from "../support/fakes.ts";

const DIRECTORY = makeDirectory({
  domains: { "here.test": { accounts: { alice: { aliases: ["sales"] }, bob: {}, empty: {} } } },
});

/** A hash that is checked in no time; its parameters stand in it. */
function quickHash(password: string): string {
  const salt = Buffer.from("0123456789abcdef");
  const hash = scryptSync(password, salt, 32, { N: 16, r: 8, p: 1 });
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64").replace(/=+$/, "");
  return `$scrypt$ln=4,r=8,p=1$${base64(salt)}$${base64(hash)}`;
}

interface World {
  readonly store: Store;
  readonly clock: FixedClock;
  readonly log: RecordingLog;
  readonly metrics: RecordingMetrics;
  /** May be changed at any time. */
  readonly limits: { current: AuthLimits };
  readonly authenticate: Authenticate;
  /** The account, or `null`, or the reply of the refusal. */
  logIn(user: string, password: string, address?: string): Promise<string | null>;
}

async function makeWorld(limits: Partial<AuthLimits> = {}): Promise<World> {
  const clock = new FixedClock();
  const random = seededRandom();
  const store = openMemoryStore({ clock, random });
  await store.accounts.setCredential("alice@here.test", quickHash("right"));
  await store.accounts.setCredential("bob@here.test", quickHash("bob's"));
  await store.accounts.ensure("empty@here.test");
  const log = new RecordingLog();
  const metrics = new RecordingMetrics();
  const liveLimits = { current: { ...defaultAuthLimits, ...limits } };
  const authenticate = makeAuthenticator({
    store,
    directory: live(DIRECTORY),
    clock,
    random,
    log,
    metrics,
    limits: liveLimits,
  });
  return {
    store,
    clock,
    log,
    metrics,
    limits: liveLimits,
    authenticate,
    async logIn(user, password, address = "192.0.2.1") {
      try {
        return await authenticate(user, password, { address, protocol: "imap" });
      } catch (error) {
        assert.ok(error instanceof Refusal, String(error));
        return `${error.reply.code} ${error.reply.enhanced}`;
      }
    },
  };
}

/** No password check can be made: whoever still gets in did not need one. */
const NO_CHECKS = { concurrent: 0, waiting: 0 };
const REFUSED = "454 4.7.0";

Deno.test("authenticator: who gets in", async () => {
  const world = await makeWorld();
  const table: readonly [string, string, string | null][] = [
    ["alice@here.test", "right", "alice@here.test"],
    ["ALICE@Here.Test", "right", "alice@here.test"],
    ["alice@here.test", "Right", null],
    ["alice@here.test", "", null],
    ["sales@here.test", "right", null],
    ["alice", "right", null],
    ["nobody@here.test", "right", null],
    ["empty@here.test", "", null],
    ["", "", null],
    ["a".repeat(100_000), "right", null],
  ];
  for (const [user, password, expected] of table) {
    assert.equal(await world.logIn(user, password), expected, user.slice(0, 50));
  }
});

Deno.test("authenticator: an unknown user costs a check like a known one, and so does an account without password", async () => {
  const world = await makeWorld();
  await world.logIn("nobody@here.test", "x");
  world.limits.current = { ...world.limits.current, ...NO_CHECKS };
  for (const user of ["alice@here.test", "nobody@here.test", "empty@here.test"]) {
    assert.equal(await world.logIn(user, "x"), REFUSED, user);
  }
});

Deno.test("authenticator: a success is remembered for a while", async () => {
  const world = await makeWorld();
  assert.equal(await world.logIn("alice@here.test", "right"), "alice@here.test");
  world.limits.current = { ...world.limits.current, ...NO_CHECKS };
  assert.equal(await world.logIn("Alice@here.test", "right", "192.0.2.99"), "alice@here.test");
  assert.equal(await world.logIn("alice@here.test", "wrong"), REFUSED);
  await world.clock.sleep(world.limits.current.cacheMs);
  assert.equal(await world.logIn("alice@here.test", "right"), REFUSED);
});

Deno.test("authenticator: a new password drops what was remembered, at once", async () => {
  const world = await makeWorld();
  await world.logIn("alice@here.test", "right");
  await world.store.accounts.setCredential("alice@here.test", quickHash("new"));
  assert.equal(await world.logIn("alice@here.test", "right"), null);
  assert.equal(await world.logIn("alice@here.test", "new"), "alice@here.test");
  await world.store.accounts.setCredential("alice@here.test", null);
  assert.equal(await world.logIn("alice@here.test", "new"), null);
});

Deno.test("authenticator: ten equal log-ins at once cost one check, and too many different ones are turned away", async () => {
  const world = await makeWorld({ concurrent: 1, waiting: 1 });
  await world.logIn("nobody@here.test", "x");
  const equal = await Promise.all(Array.from({ length: 10 }, () => world.logIn("alice@here.test", "right")));
  assert.deepEqual(new Set(equal), new Set(["alice@here.test"]));
  const different = await Promise.all(
    ["a", "b", "c", "d"].map((password) => world.logIn("bob@here.test", password)),
  );
  assert.deepEqual(different.filter((result) => result === REFUSED).length, 2);
});

Deno.test("authenticator: failures from an address are answered later and later, then refused, then forgotten", async () => {
  const world = await makeWorld({ failuresBeforeDelay: 2, maxDelayMs: 3000, failuresPerAddress: 7 });
  for (let i = 0; i < 7; i++) assert.equal(await world.logIn(`user${i}@here.test`, "x"), null);
  assert.deepEqual(world.clock.slept, [500, 1000, 2000, 3000, 3000]);
  assert.equal(await world.logIn("bob@here.test", "bob's"), REFUSED);
  assert.equal(await world.logIn("bob@here.test", "bob's", "192.0.2.2"), "bob@here.test");
  await world.clock.sleep(world.limits.current.windowMs);
  assert.equal(await world.logIn("bob@here.test", "bob's"), "bob@here.test");
});

Deno.test("authenticator: an IPv6 address is counted with its /64", async () => {
  const world = await makeWorld({ failuresPerAddress: 2 });
  await world.logIn("a@here.test", "x", "2001:db8::1");
  await world.logIn("b@here.test", "x", "2001:0db8:0:0:ffff::2");
  assert.equal(await world.logIn("alice@here.test", "right", "2001:db8:0:0:1:2:3:4"), REFUSED);
  assert.equal(await world.logIn("alice@here.test", "right", "2001:db8:0:1::1"), "alice@here.test");
  // IPv4 that came through an IPv6 socket.
  await world.logIn("a@here.test", "x", "::ffff:192.0.2.9");
  await world.logIn("b@here.test", "x", "192.0.2.9");
  assert.equal(await world.logIn("bob@here.test", "bob's", "::ffff:192.0.2.9"), REFUSED);
});

Deno.test("authenticator: guessing from many addresses locks an account to strangers, not to those who know it", async () => {
  const world = await makeWorld({ failuresPerAccount: 5, cacheMs: 1 });
  assert.equal(await world.logIn("alice@here.test", "right", "192.0.2.1"), "alice@here.test");
  for (let i = 0; i < 5; i++) await world.logIn("alice@here.test", "guess", `198.51.100.${i}`);
  await world.clock.sleep(10);
  assert.equal(await world.logIn("alice@here.test", "right", "198.51.100.77"), REFUSED);
  assert.equal(await world.logIn("alice@here.test", "right", "192.0.2.1"), "alice@here.test");
  assert.equal(world.metrics.counters.get("mailden_auth_total{protocol=imap,result=refused}"), 1);
});

Deno.test("authenticator: somebody at home with an old password does not lock out the family", async () => {
  const world = await makeWorld({ failuresPerAddress: 3, cacheMs: 1 });
  await world.logIn("bob@here.test", "bob's");
  for (let i = 0; i < 3; i++) await world.logIn("alice@here.test", "old");
  await world.clock.sleep(10);
  assert.equal(await world.logIn("alice@here.test", "right"), REFUSED);
  assert.equal(await world.logIn("bob@here.test", "bob's"), "bob@here.test");
});

Deno.test("authenticator: no password is ever logged", async () => {
  const world = await makeWorld();
  await world.logIn("alice@here.test", "right");
  await world.logIn("alice@here.test", "wr0ng-secret");
  const lines = JSON.stringify(world.log.entries);
  assert.ok(!lines.includes("wr0ng-secret") && !lines.includes("right"));
  assert.equal(world.log.of("login-failed").length, 1);
});
