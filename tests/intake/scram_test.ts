import assert from "node:assert/strict";
import { Refusal } from "../../src/core/errors.ts";
import type { ScramLogIn } from "../../src/core/ports.ts";
import {
  type AuthLimits,
  defaultAuthLimits,
  makeAuthenticators,
  makeDirectory,
} from "../../src/intake/mod.ts";
import { openScramSecret } from "../../src/intake/mod.ts";
import { formatScramVerifier, makeScramVerifier } from "../../src/store/scram.ts";
import { openMemoryStore } from "../../src/store/memory/mod.ts";
import { FixedClock, live, RecordingLog, RecordingMetrics, seededRandom } from "../support/fakes.ts";
import { ScramClient } from "../support/scram_client.ts";

const DIRECTORY = makeDirectory({
  domains: { "here.test": { accounts: { alice: { aliases: ["sales"] }, old: {}, empty: {} } } },
});
const HASH = "$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

async function makeWorld(limits: Partial<AuthLimits> = {}) {
  const clock = new FixedClock();
  const random = seededRandom();
  const store = openMemoryStore({ clock, random });
  const verifier = await makeScramVerifier("right", random);
  await store.accounts.setCredential("alice@here.test", `${HASH} ${formatScramVerifier(verifier!)}`);
  await store.accounts.setCredential("old@here.test", HASH);
  await store.accounts.ensure("empty@here.test");
  const log = new RecordingLog();
  const metrics = new RecordingMetrics();
  const makeServer = async () =>
    makeAuthenticators({
      store,
      directory: live(DIRECTORY),
      clock,
      random,
      log,
      metrics,
      limits: live({ ...defaultAuthLimits, ...limits }),
      scramSecret: await openScramSecret(store.facts, { clock, random }),
    });
  const server = await makeServer();
  return { store, clock, log, metrics, makeServer, ...server };
}

type World = Awaited<ReturnType<typeof makeWorld>>;

/** The account, null, or the reply of the refusal; and what the server told before. */
async function logIn(
  { scram }: Pick<World, "scram">,
  user: string,
  password: string,
  address = "192.0.2.1",
) {
  const client = new ScramClient({ user, password });
  let told: ScramLogIn | null = null;
  try {
    told = await scram.begin(user, { address, protocol: "imap" });
    const [first, nonce] = [client.first(), `${/r=(.*)$/.exec(client.first())![1]}S`];
    const server = `r=${nonce},s=${btoa(String.fromCharCode(...told.salt))},i=${told.iterations}`;
    const [withoutProof = "", proof = ""] = client.final(server).split(",p=");
    const authMessage = `${first.slice(3)},${server},${withoutProof}`;
    const bytes = Uint8Array.from(atob(proof), (character) => character.charCodeAt(0));
    const right = await told.finish({ authMessage, proof: bytes });
    const trusted = right !== null && client.trusts(`v=${btoa(String.fromCharCode(...right.signature))}`);
    return { account: trusted ? right.account : null, told };
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return { account: error.reply.toString().slice(0, 9), told };
  }
}

Deno.test("scram: who gets in", async () => {
  const world = await makeWorld({ failuresBeforeDelay: 100, failuresPerAddress: 100 });
  const table: readonly [string, string, string | null][] = [
    ["alice@here.test", "right", "alice@here.test"],
    ["ALICE@Here.Test", "right", "alice@here.test"],
    ["alice@here.test", "Right", null],
    ["sales@here.test", "right", null],
    ["nobody@here.test", "right", null],
    ["old@here.test", "right", null],
    ["empty@here.test", "right", null],
    ["a".repeat(5000), "right", null],
  ];
  for (const [user, password, expected] of table) {
    assert.equal((await logIn(world, user, password)).account, expected, user.slice(0, 30));
  }
  assert.ok(!JSON.stringify(world.log.entries).includes("right"));
});

Deno.test("scram: nobody can tell which names exist, by salt, count, case, repetition or a restart", async () => {
  const world = await makeWorld();
  const begin = async (server: Pick<World, "scram">, user: string) => {
    const { salt, iterations } = await server.scram.begin(user, { address: "192.0.2.1", protocol: "imap" });
    return { salt: [...salt], iterations };
  };
  const known = await begin(world, "alice@here.test");
  const restarted = await world.makeServer();
  const salts = new Set<string>();
  for (const user of ["alice@here.test", "old@here.test", "empty@here.test", "nobody@here.test", "x"]) {
    const told = await begin(world, user);
    assert.equal(told.iterations, known.iterations);
    assert.equal(told.salt.length, known.salt.length);
    assert.deepEqual(await begin(world, user.toUpperCase()), told, user);
    assert.deepEqual(await begin(restarted, user), told, user);
    salts.add(told.salt.join());
  }
  assert.equal(salts.size, 5);
});

Deno.test("scram: failures count, delay and block as those of passwords do, and together with them", async () => {
  const world = await makeWorld({ failuresBeforeDelay: 1, maxDelayMs: 1000, failuresPerAddress: 4 });
  for (const user of ["alice@here.test", "nobody@here.test", "old@here.test"]) {
    assert.equal((await logIn(world, user, "wrong")).account, null);
  }
  assert.deepEqual(world.clock.slept, [500, 1000]);
  const from = { address: "192.0.2.1", protocol: "smtp" };
  assert.equal(await world.authenticate("alice@here.test", "wrong", from), null);
  assert.equal((await logIn(world, "alice@here.test", "right")).account, "454 4.7.0");
  await assert.rejects(world.authenticate("alice@here.test", "right", from), Refusal);
  assert.equal((await logIn(world, "alice@here.test", "right", "192.0.2.2")).account, "alice@here.test");
  assert.equal(world.metrics.counters.get("mailden_auth_total{protocol=imap,result=ok}"), 1);
});

Deno.test("scram: whoever proved it once is not locked out by a stranger's guesses", async () => {
  const world = await makeWorld({ failuresPerAccount: 3 });
  await logIn(world, "alice@here.test", "right", "192.0.2.1");
  for (let i = 0; i < 3; i++) await logIn(world, "alice@here.test", "guess", `198.51.100.${i}`);
  assert.equal((await logIn(world, "alice@here.test", "right", "198.51.100.77")).account, "454 4.7.0");
  assert.equal((await logIn(world, "alice@here.test", "right", "192.0.2.1")).account, "alice@here.test");
});

Deno.test("scram: one proof for each exchange", async () => {
  const { scram } = await makeWorld();
  const begun = await scram.begin("alice@here.test", { address: "192.0.2.1", protocol: "imap" });
  const claim = { authMessage: "x", proof: new Uint8Array(32) };
  assert.equal(await begun.finish(claim), null);
  await assert.rejects(begun.finish(claim), /one proof/);
});
