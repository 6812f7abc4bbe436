/**
 * Mail fetched from Dovecot by POP3: left there, deleted, and deleted after so many days; with SIGKILL while it is fetched; and the
 * unique ids hold over all of it, also when Dovecot is started anew.
 */
import assert from "node:assert/strict";
import { DovecotProvider } from "../support/dovecot_provider.ts";
import { ImapClient } from "../support/imap_client.ts";
import { type ConfigPart, Mailden } from "../support/mailden.ts";
import { connect } from "../../src/net/connect.ts";
import { look } from "../retrieval/look.ts";
import { scripted, SPEC } from "../retrieval/scripted.ts";
import { FixedClock } from "../support/fakes.ts";
import { until } from "./peer.ts";

const ALICE = "alice@example.test";
const DAY_MS = 86_400_000;

async function prepare(dovecot: DovecotProvider, more: ConfigPart = {}): Promise<Mailden> {
  const source = {
    protocol: "pop3",
    host: "127.0.0.1",
    port: dovecot.pop3Port,
    tls: "none",
    user: "alice",
    every: "10s",
    ...more,
  };
  const server = await Mailden.prepare({ accounts: { [ALICE]: "a" } });
  await server.configure({
    retrieval: { first_retry: "1s" },
    domains: { "example.test": { accounts: { alice: { retrieve: [source] } } } },
  });
  const set = ["retrieve", "secret", "--account", ALICE, "--password-stdin"];
  assert.equal((await server.command(set, { stdin: "secret\n" })).code, 0);
  return server;
}

async function there(dovecot: DovecotProvider): Promise<ImapClient> {
  const imap = await ImapClient.connect({ host: "127.0.0.1", port: dovecot.imapPort });
  await imap.login("alice", "secret");
  return imap;
}

async function post(dovecot: DovecotProvider, ...subjects: readonly string[]): Promise<void> {
  await using imap = await there(dovecot);
  for (const subject of subjects) {
    // Without a Message-ID: nothing but the unique id tells them apart.
    await imap.append("INBOX", `Subject: ${subject}\r\n\r\n.one dot\r\n..\r\n${"y".repeat(9000)}\r\n`);
  }
}

async function subjects(imap: ImapClient): Promise<string[]> {
  if (await imap.select("INBOX") === 0) return [];
  const { untagged } = await imap.ok("FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
  return untagged.flatMap((line) => /Subject: (\S+)/.exec(line)?.[1] ?? []).sort();
}

async function ours(server: Mailden): Promise<string[]> {
  await using imap = await server.imap(ALICE);
  return await subjects(imap);
}

Deno.test("peer: Dovecot: POP3, left there: each message once, dots and all, over restarts of both", async () => {
  await using dovecot = await DovecotProvider.start();
  await post(dovecot, "a", "b");
  await using server = await prepare(dovecot);
  await server.serve();
  await until("both are here", async () => (await ours(server)).length === 2);
  await using imap = await server.imap(ALICE);
  await imap.select("INBOX");
  assert.match(await imap.body(1), /\r\n\r\n\.one dot\r\n\.\.\r\ny+\r\n$/);
  await dovecot.restart();
  await post(dovecot, "c");
  await server.stop();
  await server.serve();
  await until("the third is here", async () => (await ours(server)).length >= 3);
  assert.deepEqual(await ours(server), ["a", "b", "c"]);
  await using theirs = await there(dovecot);
  assert.deepEqual(await subjects(theirs), ["a", "b", "c"]);
});

Deno.test("peer: Dovecot: POP3, deleted there when it is here", async () => {
  await using dovecot = await DovecotProvider.start();
  await post(dovecot, "a", "b");
  await using server = await prepare(dovecot, { keep: "delete" });
  await server.serve();
  await until("none is there", async () => {
    await using theirs = await there(dovecot);
    return await theirs.select("INBOX") === 0;
  });
  assert.deepEqual(await ours(server), ["a", "b"]);
});

Deno.test("peer: Dovecot: POP3, SIGKILL again and again while 200 messages are fetched and deleted", async () => {
  await using dovecot = await DovecotProvider.start();
  const all = Array.from({ length: 200 }, (_, i) => `m${String(i).padStart(3, "0")}`);
  await post(dovecot, ...all);
  await using server = await prepare(dovecot, { keep: "delete" });
  let killedWithin = 0;
  for (let kills = 0; kills < 5; kills++) {
    await server.serve();
    let seen = 0;
    const enough = ({ event }: { event: string }) => event === "message-accepted" && ++seen > 7 + 11 * kills;
    await server.waitForLog(enough);
    await server.kill();
    if (server.log.every(({ event }) => event !== "retrieval-done")) killedWithin++;
  }
  assert.equal(killedWithin, 5);
  await server.serve();
  await until("none is there", async () => {
    await using theirs = await there(dovecot);
    return await theirs.select("INBOX") === 0;
  });
  assert.deepEqual(await ours(server), all);
});

Deno.test("peer: Dovecot: POP3, deleted there so many days after it was fetched", async () => {
  await using dovecot = await DovecotProvider.start();
  const clock = new FixedClock();
  // The room alone, since days must pass: its own clock, its own store, and real connections.
  const world = scripted({ clock, script: () => Promise.resolve() });
  const deps = { ...world.deps, connect };
  const spec = {
    ...SPEC,
    protocol: "pop3" as const,
    host: "127.0.0.1",
    port: dovecot.pop3Port,
    tls: "none" as const,
    user: "alice",
    keep: { kind: "delete-after" as const, ms: 14 * DAY_MS },
  };
  const sweep = async () => await look({ ...world, deps }, spec, { password: "secret" });
  await post(dovecot, "a", "b");
  assert.equal((await sweep()).fetched, 2);
  clock.set(clock.now() + 7 * DAY_MS);
  await post(dovecot, "c");
  const week = await sweep();
  assert.deepEqual([week.fetched, week.deleted], [1, 0]);
  clock.set(clock.now() + 7 * DAY_MS);
  const fortnight = await sweep();
  assert.deepEqual([fortnight.fetched, fortnight.deleted], [0, 2]);
  await using theirs = await there(dovecot);
  assert.deepEqual(await subjects(theirs), ["c"]);
});
