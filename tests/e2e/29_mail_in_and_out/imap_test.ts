//   another server (a second Mailden) <--993 IMAPS or 143 STARTTLS-- mailden import imap --> Mailden, running or not
import assert from "node:assert/strict";
import { Mailden } from "../../support/mailden.ts";
import { PROVIDER, REMOTE_PASSWORD, REMOTE_USER, startProvider } from "../../support/provider.ts";

const ALICE = "alice@example.test";
const LARGE = `${"0123456789abcdef\r\n".repeat(40_000)}`;

async function lines(server: Mailden, account: string, mailbox: string): Promise<string[]> {
  await using imap = await server.imap(account);
  if (await imap.select(mailbox) === 0) return [];
  const { untagged } = await imap.ok(
    "FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (SUBJECT)])",
  );
  // Of these only what is the same on both sides.
  return untagged.filter((line) => line.includes("FETCH")).map((line) =>
    line.replace(/ ?\\Recent/, "").replace("(FLAGS ( ", "(FLAGS (")
  );
}

Deno.test("e2e: import imap brings folders, flags and dates, and what is missing only", async () => {
  await using provider = await startProvider();
  const { server: remote } = provider;
  await provider.post("one");
  await provider.post("two", { body: LARGE });
  await using there = await remote.imap(REMOTE_USER);
  await there.ok('CREATE "Work/&AMQ-mter"');
  await provider.post("three", { mailbox: "Work/&AMQ-mter" });
  assert.equal(await there.select(), 2);
  await there.ok("STORE 2 +FLAGS (\\Seen \\Answered $Work)");
  await there.ok(
    'APPEND Archive (\\Flagged) "17-Jul-1996 02:44:25 -0700" {18+}\r\nSubject: old\r\n\r\nx\r\n',
  );

  await using server = await provider.fetcher({ accounts: { [ALICE]: "a" }, config: {} });
  const run = (host: string, ...more: string[]) =>
    server.command(
      ["import", "imap", host, "--account", ALICE, "--user", REMOTE_USER, "--password-stdin", ...more],
      { stdin: `${REMOTE_PASSWORD}\n` },
    );
  const port = ["--port", String(remote.ports.imaps)];
  const first = await run(PROVIDER, ...port);
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /^Imported 4 messages/);
  await provider.post("later");
  await server.serve();
  const starttls = ["--port", String(remote.ports.imap), "--tls", "starttls"];
  const second = await run(PROVIDER, ...starttls);
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stdout, /^Imported 1 messages .*, 4 were there already/);
  for (const mailbox of ["INBOX", "Work/&AMQ-mter", "Archive"]) {
    const [ours, theirs] = [await lines(server, ALICE, mailbox), await lines(remote, REMOTE_USER, mailbox)];
    assert.ok(theirs.length > 0);
    assert.deepEqual(ours, theirs, mailbox);
  }

  // A certificate for another name, a wrong password, and no TLS to another machine are refused.
  const refusals: readonly (readonly [args: readonly string[], password: string, says: RegExp])[] = [
    [["127.0.0.1", ...port], REMOTE_PASSWORD, /TLS with 127\.0\.0\.1 failed/],
    [[PROVIDER, ...port], "wrong", /refuses the log-in/],
    [["192.0.2.1", "--tls", "none"], REMOTE_PASSWORD, /without TLS mail is fetched from this machine only/],
  ];
  for (const [args, password, says] of refusals) {
    const command = [
      "import",
      "imap",
      ...args,
      "--account",
      ALICE,
      "--user",
      REMOTE_USER,
      "--password-stdin",
    ];
    const { code, stderr } = await server.command(command, { stdin: password });
    assert.equal(code, 1);
    assert.match(stderr, says);
  }
});
