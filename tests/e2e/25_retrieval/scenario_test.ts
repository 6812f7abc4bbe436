//   provider (a second Mailden) <--995 POP3S / 993 IMAPS-- Mailden, into alice's mailbox
//   polled, told by IDLE, left there or deleted, by account's quota put off, with a wrong password left alone
import assert from "node:assert/strict";
import type { Mailden } from "../../support/mailden.ts";
import { PROVIDER, type Provider, REMOTE_USER, startProvider } from "../../support/provider.ts";
import { waitForMessages } from "../world.ts";

const ALICE = "alice@example.test";

async function startFor(provider: Provider, source: Record<string, unknown>, account = {}): Promise<Mailden> {
  const server = await provider.fetcher({
    accounts: { [ALICE]: "a" },
    config: { domains: { "example.test": { accounts: { alice: { retrieve: [source], ...account } } } } },
  });
  await server.serve();
  return server;
}

async function subjects(server: Mailden, account: string, mailbox = "INBOX"): Promise<string[]> {
  await using imap = await server.imap(account);
  const count = await imap.select(mailbox);
  if (count === 0) return [];
  const { untagged } = await imap.ok("FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
  return untagged.flatMap((line) => /Subject: (\S+)/.exec(line)?.[1] ?? []).sort();
}

/** Asks until the status says so: each time is a process of its own, which takes a while. */
async function statusSays(server: Mailden, words: RegExp): Promise<void> {
  for (let tries = 0;; tries++) {
    const { stdout } = await server.command(["retrieve", "status"]);
    if (words.test(stdout)) return;
    assert.ok(tries < 50, stdout);
  }
}

for (const protocol of ["imap", "pop3"] as const) {
  Deno.test(`e2e: ${protocol}: fetched once, left there, with its trace`, async () => {
    await using provider = await startProvider();
    await provider.post("one");
    await provider.post("two", { body: ".dot\r\n..\r\nend\r\n" });
    await using server = await startFor(provider, provider.source(protocol));
    await using imap = await server.imap(ALICE);
    await waitForMessages(imap, 2);
    const { untagged } = await imap.ok("FETCH 1:* (BODY.PEEK[])");
    const text = untagged.join("\n");
    assert.match(
      text,
      /Return-Path: <>\r\nReceived: from mail\.provider\.test \(\[127\.0\.0\.1\]\)\r\n\tby mx/,
    );
    assert.match(text, new RegExp(`with ${protocol.toUpperCase()} \\(TLSv1\\.3`));
    assert.match(text, /for <alice@example\.test>/);
    assert.match(text, /\r\n\.dot\r\n\.\.\r\nend\r\n/);
    await provider.post("three");
    const { stdout, code } = await server.command(["retrieve", "now"]);
    assert.equal(code, 0);
    assert.match(stdout, /Looking into 1 source/);
    await waitForMessages(imap, 3);
    assert.deepEqual(await subjects(server, ALICE), ["one", "three", "two"]);
    assert.deepEqual(await subjects(provider.server, REMOTE_USER), ["one", "three", "two"]);
    const status = await server.command(["retrieve", "status", "--account", ALICE]);
    assert.match(status.stdout, /alice@example\.test from (imap|pop3) .*: all well, next look at/);
    assert.match(status.stdout, /3 messages fetched/);
    const trace = await server.command(["trace", "<three@elsewhere.test>"]);
    assert.match(trace.stdout, /Fetched from mail\.provider\.test for alice@example\.test/);
    // A restart fetches nothing anew.
    assert.equal(await server.stop(), 0);
    await server.serve();
    await statusSays(server, /last good look: 20/);
    assert.deepEqual(await subjects(server, ALICE), ["one", "three", "two"]);
  });

  Deno.test(`e2e: ${protocol}: deleted there after it is here`, async () => {
    await using provider = await startProvider();
    for (const name of ["a", "b", "c"]) await provider.post(name);
    await using server = await startFor(
      provider,
      provider.source(protocol, { keep: "delete", into: "Work/Old" }),
    );
    await server.waitForLog((line) => line.event === "retrieval-done" && line["deleted"] === 3);
    assert.deepEqual(await subjects(server, ALICE, "Work/Old"), ["a", "b", "c"]);
    assert.deepEqual(await subjects(provider.server, REMOTE_USER), []);
  });

  Deno.test(`e2e: ${protocol}: a wrong password is shown once, until it is changed`, async () => {
    await using provider = await startProvider();
    await provider.post("one");
    await using server = await startFor(provider, provider.source(protocol, { password_file: null }));
    const set = (secret: string) =>
      server.command(["retrieve", "secret", "--account", ALICE, "--source", "1", "--password-stdin"], {
        stdin: `${secret}\n`,
      });
    await server.waitForLog((line) => line.event === "retrieval-failed" && line["kind"] === "secret");
    assert.equal((await set("wrong")).code, 0);
    const refused = await server.waitForLog((line) =>
      line.event === "retrieval-failed" && line["kind"] === "refused"
    );
    assert.match(String(refused["problem"]), /mail\.provider\.test refuses the log-in of me@provider\.test/);
    const status = await server.command(["retrieve", "status"]);
    assert.match(status.stdout, /the log-in was refused; next try at/);
    // Not even after a restart.
    await server.stop();
    await server.serve();
    await statusSays(server, /the log-in was refused; next try at/);
    assert.equal(server.log.filter(({ event }) => event === "retrieval-failed").length, 2);
    assert.equal((await set("there")).code, 0);
    await using imap = await server.imap(ALICE);
    await waitForMessages(imap, 1);
    assert.ok(!server.output.includes("wrong"), "the password is in the log");
  });
}

Deno.test("e2e: imap: IDLE brings new mail at once; other folders by pattern", async () => {
  await using provider = await startProvider();
  await using server = await startFor(
    provider,
    provider.source("imap", { idle: true, every: "1h", folders: ["INBOX", "Arch%"] }),
  );
  await provider.post("old", { mailbox: "Archive" });
  await using imap = await server.imap(ALICE);
  await statusSays(server, /waiting for new mail/);
  await provider.post("fresh");
  // The next look is an hour away.
  await waitForMessages(imap, 1);
  await server.command(["retrieve", "now"]);
  await waitForMessages(imap, 2);
  assert.deepEqual(await subjects(server, ALICE), ["fresh", "old"]);
});

Deno.test("e2e: a full mailbox: mail stays there until there is room", async () => {
  await using provider = await startProvider();
  await provider.post("big", { body: "x".repeat(70) + "\r\n" + "y\r\n".repeat(10_000) });
  await provider.post("small");
  await using server = await startFor(provider, provider.source("imap", { keep: "delete" }), {
    quota: "10KiB",
  });
  await using imap = await server.imap(ALICE);
  await waitForMessages(imap, 1);
  assert.deepEqual(await subjects(server, ALICE), ["small"]);
  assert.deepEqual(await subjects(provider.server, REMOTE_USER), ["big"]);
  await server.configure({ domains: { "example.test": { accounts: { alice: { quota: "10MiB" } } } } });
  await server.reload();
  await server.command(["retrieve", "now"]);
  await waitForMessages(imap, 2);
  await server.waitForLog((line) => line.event === "retrieval-done" && line["deleted"] === 1);
});

Deno.test("e2e: a private address is not connected to, and a certificate must be good", async () => {
  await using provider = await startProvider();
  await provider.post("one");
  await using server = await startFor(provider, provider.source("imap", { allow_networks: [] }));
  const failed = (from: number) => server.waitForLog((line) => line.event === "retrieval-failed", { from });
  assert.match(String((await failed(0))["problem"]), /127\.0\.0\.1, which is not on the public Internet/);
  await server.configure({
    outbound: { ca_file: null },
    domains: { "example.test": { accounts: { alice: { retrieve: [provider.source("imap")] } } } },
  });
  const from = server.log.length;
  await server.reload();
  assert.match(String((await failed(from))["problem"]), new RegExp(`TLS with ${PROVIDER} failed`));
  assert.deepEqual(await subjects(server, ALICE), []);
});
