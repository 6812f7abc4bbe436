//   provider (a second Mailden) <--995 POP3S / 993 IMAPS-- Mailden, killed with SIGKILL again and again while it fetches and deletes
//   at the end each message is in alice's mailbox exactly once, and none is left there
import assert from "node:assert/strict";
import { REMOTE_USER, startProvider } from "../../support/provider.ts";
import type { Mailden } from "../../support/mailden.ts";

const ALICE = "alice@example.test";
const MESSAGES = 160;
const KILLS = 8;

async function subjects(server: Mailden, account: string): Promise<string[]> {
  await using imap = await server.imap(account);
  if (await imap.select("INBOX") === 0) return [];
  const { untagged } = await imap.ok("FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
  return untagged.flatMap((line) => /Subject: (\S+)/.exec(line)?.[1] ?? []).sort();
}

for (const protocol of ["imap", "pop3"] as const) {
  Deno.test(`e2e: ${protocol}: SIGKILL while fetching loses nothing and doubles nothing`, async () => {
    await using provider = await startProvider();
    const expected: string[] = [];
    {
      await using imap = await provider.server.imap(REMOTE_USER);
      for (let i = 0; i < MESSAGES; i++) {
        const subject = `m${String(i).padStart(4, "0")}`;
        expected.push(subject);
        // Some without a Message-ID: the marks alone must tell them apart.
        const id = i % 3 === 0 ? "" : `Message-ID: <${subject}@elsewhere.test>\r\n`;
        // Some of several chunks, and some that are staged as they come.
        const size = [100, 5000, 90_000, 300_000][i % 4]!;
        await imap.append(
          "INBOX",
          `From: a@elsewhere.test\r\n${id}Subject: ${subject}\r\n\r\n${"x".repeat(size)}\r\n`,
        );
      }
    }
    await using server = await provider.fetcher({
      accounts: { [ALICE]: "a" },
      config: {
        // Small rounds, so that the kills fall between deletions too.
        retrieval: { messages_per_round: 15, first_retry: "1s" },
        domains: {
          "example.test": {
            accounts: { alice: { retrieve: [provider.source(protocol, { keep: "delete" })] } },
          },
        },
      },
    });
    let kills = 0;
    for (; kills < KILLS; kills++) {
      const wanted = 1 + Math.floor(Math.random() * 25);
      const from = server.log.length;
      await server.serve();
      let seen = 0;
      const isEnough = (event: string) =>
        event === "message-retrieved" ? ++seen >= wanted : event === "retrieval-failed";
      await server.waitForLog(({ event }) => isEnough(event));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 15));
      await server.kill();
      const failures = server.log.slice(from).filter(({ event }) => event === "retrieval-error");
      assert.deepEqual(failures, []);
    }
    await server.serve();
    for (let tries = 0; (await subjects(provider.server, REMOTE_USER)).length > 0; tries++) {
      assert.ok(tries < 100, "the rest is not fetched");
      await server.command(["retrieve", "now"]);
    }
    assert.deepEqual(await subjects(server, ALICE), expected);
    assert.equal(await server.stop(), 0);
  });
}
