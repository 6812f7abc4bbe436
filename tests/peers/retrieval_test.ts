/**
 * Mail fetched from Dovecot by IMAP: polled and told by IDLE, from folders by pattern, left there and deleted; and again after
 * Dovecot's mailboxes were made anew, with new UIDVALIDITYs.
 */
import assert from "node:assert/strict";
import { waitForMessages } from "../e2e/world.ts";
import { Dovecot } from "../support/dovecot.ts";
import { ImapClient } from "../support/imap_client.ts";
import { type ConfigPart, Mailden } from "../support/mailden.ts";

const ALICE = "alice@example.test";

async function start(dovecot: Dovecot, more: ConfigPart): Promise<Mailden> {
  const source = {
    protocol: "imap",
    host: "127.0.0.1",
    port: dovecot.port,
    tls: "none",
    user: "alice",
    every: "10s",
    ...more,
  };
  const server = await Mailden.prepare({ accounts: { [ALICE]: "a" } });
  await server.configure({
    domains: { "example.test": { accounts: { alice: { retrieve: [source] } } } },
  });
  const set = ["retrieve", "secret", "--account", ALICE, "--password-stdin"];
  assert.equal((await server.command(set, { stdin: "secret\n" })).code, 0);
  await server.serve();
  return server;
}

async function post(dovecot: Dovecot, mailbox: string, ...subjects: readonly string[]): Promise<void> {
  await using imap = await ImapClient.connect({ host: "127.0.0.1", port: dovecot.port });
  await imap.login("alice", "secret");
  await imap.command(`CREATE ${mailbox}`);
  for (const subject of subjects) {
    await imap.append(
      mailbox,
      `Message-ID: <${subject}@x.test>\r\nSubject: ${subject}\r\n\r\n.${"y".repeat(9000)}\r\n`,
    );
  }
}

async function subjects(imap: ImapClient): Promise<string[]> {
  const { untagged } = await imap.ok("FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
  return untagged.flatMap((line) => /Subject: (\S+)/.exec(line)?.[1] ?? []).sort();
}

Deno.test("peer: Dovecot: polled, by pattern, left there; nothing twice though all UIDs are new", async () => {
  await using dovecot = await Dovecot.start();
  await post(dovecot, "INBOX", "a", "b");
  await post(dovecot, "Lists/One", "c");
  await using server = await start(dovecot, { idle: false, folders: ["INBOX", "Lists/*"] });
  await using imap = await server.imap(ALICE);
  await waitForMessages(imap, 3);
  assert.deepEqual(await subjects(imap), ["a", "b", "c"]);
  await server.stop();
  await dovecot.wipe();
  await post(dovecot, "INBOX", "b", "new", "a");
  await server.serve();
  await using again = await server.imap(ALICE);
  await waitForMessages(again, 4);
  await server.waitForLog((line) => line.event === "retrieval-done" && line["known"] === 2);
  assert.deepEqual(await subjects(again), ["a", "b", "c", "new"]);
});

Deno.test("peer: Dovecot: told by IDLE, and deleted there", async () => {
  await using dovecot = await Dovecot.start();
  await using server = await start(dovecot, { idle: true, every: "1h", keep: "delete" });
  for (let tries = 0;; tries++) {
    const { stdout } = await server.command(["retrieve", "status"]);
    if (/waiting for new mail/.test(stdout)) break;
    assert.ok(tries < 50, stdout);
  }
  await using imap = await server.imap(ALICE);
  for (const [count, subject] of ["x", "y", "z"].entries()) {
    await post(dovecot, "INBOX", subject);
    await waitForMessages(imap, count + 1);
  }
  assert.deepEqual(await subjects(imap), ["x", "y", "z"]);
  await server.waitForLog(({ event, deleted }) => event === "retrieval-done" && deleted === 1);
  await using there = await ImapClient.connect({ host: "127.0.0.1", port: dovecot.port });
  await there.login("alice", "secret");
  for (let tries = 0; await there.select("INBOX") > 0; tries++) assert.ok(tries < 100, "it is still there");
});
