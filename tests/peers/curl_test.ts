import assert from "node:assert/strict";
import { ALICE, BOB, deliver, PASSWORD, run, startForPeers, writeFile } from "./peer.ts";

Deno.test("peer: curl sends over 25, 587 and 465", async () => {
  await using peers = await startForPeers();
  const { server, folder } = peers;
  const letter = await writeFile(
    folder,
    "letter.eml",
    `From: ${ALICE}\r\nTo: ${BOB}\r\nSubject: By curl\r\n\r\n.dot\r\nEnd\r\n`,
  );
  const send = (url: string, ...more: string[]) =>
    run("curl", ["-sS", "-k", "--url", url, "--mail-rcpt", BOB, "-T", letter, ...more]);
  const login = ["--user", `${ALICE}:${PASSWORD}`, "--mail-from", ALICE];
  await send(`smtp://127.0.0.1:${server.ports.smtp}`, "--mail-from", "carol@foreign.test");
  await send(`smtp://127.0.0.1:${server.ports.submission}`, "--ssl-reqd", ...login);
  await send(`smtps://127.0.0.1:${server.ports.submissions}`, ...login);
  await send(`smtps://127.0.0.1:${server.ports.submissions}`, "--login-options", "AUTH=LOGIN", ...login);
  await using imap = await server.imap(BOB);
  assert.equal(await imap.select(), 4);
  assert.match(await imap.body(4), /\r\n\r\n\.dot\r\nEnd\r\n$/);
  const wrong = await run("curl", [
    "-sS",
    "-k",
    "--url",
    `smtps://127.0.0.1:${server.ports.submissions}`,
    "--user",
    `${ALICE}:wrong`,
    "--mail-from",
    ALICE,
    "--mail-rcpt",
    BOB,
    "-T",
    letter,
  ], { code: null });
  assert.equal(wrong.code, 67, wrong.stderr);
});

Deno.test("peer: curl lists, reads, searches and stores over IMAP", async () => {
  await using peers = await startForPeers();
  const { server, folder } = peers;
  await deliver(server, ALICE, ["first", "second"]);
  const imap = (path: string, ...more: string[]) =>
    run("curl", [
      "-sS",
      "-k",
      "--user",
      `${ALICE}:${PASSWORD}`,
      "--url",
      `imaps://127.0.0.1:${server.ports.imaps}${path}`,
      ...more,
    ]);
  assert.match((await imap("/")).stdout, /\* LIST \(.*\\Sent.*\) "\/" "?Sent"?/);
  assert.match(
    (await imap("/INBOX;MAILINDEX=1")).stdout,
    /Subject: first\r\n[^]*Text of first\.\r\n\.with a dot/,
  );
  assert.match((await imap("/INBOX?SUBJECT%20second")).stdout, /\* SEARCH 2/);
  const letter = await writeFile(folder, "kept.eml", "Subject: kept\r\n\r\nKept.\r\n");
  await imap("/Archive", "-T", letter);
  assert.match((await imap("/Archive;MAILINDEX=1")).stdout, /Kept\./);
  assert.match((await imap("/INBOX", "-X", "STORE 1 +FLAGS (\\Deleted)")).stdout, /FLAGS \(.*\\Deleted/);
  const plain = await run("curl", [
    "-sS",
    "--user",
    `${ALICE}:${PASSWORD}`,
    "--url",
    `imap://127.0.0.1:${server.ports.imap}/`,
  ], { code: null });
  assert.notEqual(plain.code, 0, "a log-in without TLS went through");
});

Deno.test("peer: curl lists, reads and deletes over POP3", async () => {
  await using peers = await startForPeers();
  const { server } = peers;
  await deliver(server, ALICE, ["first", "second"]);
  const pop3 = (scheme: string, path: string, ...more: string[]) =>
    run("curl", [
      "-sS",
      "-k",
      "--user",
      `${ALICE}:${PASSWORD}`,
      "--url",
      `${scheme}://127.0.0.1:${scheme === "pop3s" ? server.ports.pop3s : server.ports.pop3}${path}`,
      ...more,
    ]);
  assert.match((await pop3("pop3s", "/")).stdout, /^1 \d+\r\n2 \d+\r\n$/);
  assert.match((await pop3("pop3", "/2", "--ssl-reqd")).stdout, /Text of second\.\r\n\.with a dot\r\n$/);
  await pop3("pop3s", "/1", "-X", "DELE", "-l");
  assert.match((await pop3("pop3s", "/")).stdout, /^1 \d+\r\n$/);
});
