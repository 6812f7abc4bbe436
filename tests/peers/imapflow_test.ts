/**
 * imapflow, the client library of many programs: it uses ENABLE, CONDSTORE, QRESYNC, COMPRESS, ID, IDLE, OBJECTID, SPECIAL-USE,
 * MOVE and UIDPLUS where a server has them.
 */
import assert from "node:assert/strict";
import { type ExpungeEvent, type FlagsEvent, ImapFlow } from "imapflow";
import type { Mailden } from "../support/mailden.ts";
import { ALICE, PASSWORD, startForPeers, until } from "./peer.ts";

async function connect(server: Mailden, settings: { qresync?: boolean } = {}): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: "127.0.0.1",
    port: server.ports.imaps,
    secure: true,
    tls: { rejectUnauthorized: false },
    auth: { user: ALICE, pass: PASSWORD },
    clientInfo: { name: "peer-test" },
    logger: false,
    ...settings,
  });
  // What goes wrong makes a call fail as well.
  client.on("error", () => {});
  await client.connect();
  return client;
}

const LETTER = [
  "From: =?utf-8?Q?Bj=C3=B6rn?= <bjorn@foreign.test>",
  "To: alice@example.test",
  "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= from afar",
  "Date: Fri, 02 Jan 2026 03:04:05 +0000",
  "Message-ID: <letter@foreign.test>",
  "MIME-Version: 1.0",
  'Content-Type: multipart/mixed; boundary="b"',
  "",
  "--b",
  "Content-Type: text/plain; charset=iso-8859-1",
  "Content-Transfer-Encoding: quoted-printable",
  "",
  "Caf=E9 au lait",
  "--b",
  'Content-Type: application/octet-stream; name="bytes.bin"',
  "Content-Transfer-Encoding: base64",
  "",
  btoa(Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join("")).replace(/.{76}/g, "$&\r\n"),
  "--b--",
  "",
].join("\r\n");

function plain(subject: string): string {
  return `Subject: ${subject}\r\nMessage-ID: <${subject}@foreign.test>\r\n\r\nText of ${subject}.\r\n`;
}

Deno.test("peer: imapflow appends, reads, searches, moves and deletes", async () => {
  await using peers = await startForPeers();
  const client = await connect(peers.server);
  try {
    assert.ok(client.enabled.has("CONDSTORE"), [...client.enabled].join());
    assert.equal(client.serverInfo?.name, "Mailden");
    const roles = (await client.list()).map(({ specialUse }) => specialUse).filter(Boolean).sort();
    assert.deepEqual(roles, ["\\Archive", "\\Drafts", "\\Inbox", "\\Junk", "\\Sent", "\\Trash"]);
    const { path, created } = await client.mailboxCreate(["Ärger", "Übung"]);
    assert.equal(path, "Ärger/Übung");
    assert.equal(created, true);

    const mailbox = await client.mailboxOpen(path);
    assert.equal(mailbox.exists, 0);
    assert.ok(mailbox.mailboxId !== undefined);
    const day = new Date(Date.UTC(2026, 0, 2, 3, 4, 5));
    const appended = await client.append(path, LETTER, ["\\Flagged", "$Work"], day);
    assert.equal(appended && appended.uid, 1);
    for (let i = 0; i < 20; i++) await client.append(path, plain(`plain-${i}`));

    const letter = await client.fetchOne("1", {
      uid: true,
      flags: true,
      envelope: true,
      bodyStructure: true,
      internalDate: true,
      size: true,
      source: true,
      threadId: true,
      headers: ["subject"],
    }, { uid: true });
    assert.ok(letter !== false);
    assert.equal(letter.source?.toString(), LETTER);
    assert.equal(letter.size, LETTER.length);
    assert.deepEqual([...letter.flags ?? []].sort(), ["$Work", "\\Flagged"]);
    assert.equal(letter.envelope?.subject, "Grüße from afar");
    assert.equal(letter.envelope?.from?.[0]?.name, "Björn");
    assert.equal(new Date(letter.internalDate!).getTime(), day.getTime());
    assert.equal(letter.bodyStructure?.childNodes?.length, 2);
    assert.ok(letter.emailId && letter.threadId, "OBJECTID is not used");
    const { meta, content } = await client.download("1", "2", { uid: true });
    assert.equal(meta?.filename, "bytes.bin");
    const bytes: number[] = [];
    for await (const chunk of content ?? []) bytes.push(...chunk);
    assert.deepEqual(bytes, Array.from({ length: 256 }, (_, i) => i));

    assert.deepEqual(await client.search({ subject: "grüße" }, { uid: true }), [1]);
    assert.deepEqual(await client.search({ body: "café" }, { uid: true }), [1]);
    assert.deepEqual(await client.search({ keyword: "$Work", flagged: true }, { uid: true }), [1]);
    const or = await client.search({ or: [{ subject: "plain-3" }, { subject: "plain-7" }] }, { uid: true });
    assert.deepEqual(or, [5, 9]);

    await client.messageFlagsAdd("2:5", ["\\Seen"], { uid: true });
    await client.messageFlagsRemove("1", ["$Work"], { uid: true });
    assert.deepEqual(await client.search({ seen: true }, { uid: true }), [2, 3, 4, 5]);
    const moved = await client.messageMove("2:3", "Archive", { uid: true });
    assert.deepEqual(moved && [...moved.uidMap ?? []], [[2, 1], [3, 2]]);
    const copied = await client.messageCopy("4", "Archive", { uid: true });
    assert.deepEqual(copied && [...copied.uidMap ?? []], [[4, 3]]);
    assert.equal(await client.messageDelete("5:21", { uid: true }), true);
    const uids = (await client.fetchAll("1:*", { uid: true })).map(({ uid }) => uid);
    assert.deepEqual(uids, [1, 4]);
    const status = await client.status("Archive", { messages: true, unseen: true, size: true });
    assert.deepEqual([status && status.messages, status && status.unseen], [3, 0]);
    assert.equal((await client.mailboxRename(path, "Übung")).newPath, "Übung");
    assert.equal((await client.mailboxDelete("Übung")).path, "Übung");
  } finally {
    await client.logout();
  }
});

Deno.test("peer: imapflow is told in IDLE what another session does", async () => {
  await using peers = await startForPeers();
  const watcher = await connect(peers.server);
  const actor = await connect(peers.server);
  try {
    await actor.append("INBOX", plain("first"));
    await watcher.mailboxOpen("INBOX");
    const seen: string[] = [];
    watcher.on("exists", ({ count }: { count: number }) => seen.push(`exists ${count}`));
    watcher.on("flags", ({ seq, flags }: FlagsEvent) => seen.push(`flags ${seq} ${[...flags ?? []]}`));
    watcher.on("expunge", ({ seq }: ExpungeEvent) => seen.push(`expunge ${seq}`));
    const idle = watcher.idle();
    await until("it idles", () => watcher.idling === true);
    await actor.append("INBOX", plain("second"));
    await until("EXISTS", () => seen.includes("exists 2"));
    await actor.mailboxOpen("INBOX");
    await actor.messageFlagsAdd("1", ["\\Flagged"]);
    await until("FLAGS", () => seen.includes("flags 1 \\Flagged"));
    await actor.messageDelete("1");
    await until("EXPUNGE", () => seen.includes("expunge 1"));
    await watcher.noop();
    await idle;
    assert.equal(watcher.mailbox && watcher.mailbox.exists, 1);
  } finally {
    await actor.logout();
    await watcher.logout();
  }
});

Deno.test("peer: imapflow comes back by QRESYNC to what has changed, and to nothing else", async () => {
  await using peers = await startForPeers();
  const first = await connect(peers.server);
  const actor = await connect(peers.server);
  for (let i = 1; i <= 50; i++) await first.append("INBOX", plain(`letter-${i}`));
  const known = await first.mailboxOpen("INBOX");
  await first.logout();

  await actor.mailboxOpen("INBOX");
  await actor.messageFlagsAdd("10", ["\\Seen"], { uid: true });
  await actor.messageDelete("20:22", { uid: true });
  await actor.append("INBOX", plain("letter-51"));
  await actor.logout();

  const again = await connect(peers.server, { qresync: true });
  try {
    assert.ok(again.enabled.has("QRESYNC"), [...again.enabled].join());
    const gone: number[] = [];
    const changed: string[] = [];
    again.on("expunge", ({ uid }: ExpungeEvent) => gone.push(uid!));
    again.on("flags", ({ uid, flags }: FlagsEvent) => changed.push(`${uid} ${[...flags ?? []]}`));
    const mailbox = await again.mailboxOpen("INBOX", {
      changedSince: known.highestModseq!,
      uidValidity: known.uidValidity,
    });
    assert.equal(mailbox.exists, 48);
    assert.deepEqual(gone, [20, 21, 22]);
    assert.deepEqual(changed, ["10 \\Seen", "51 "]);
    const fetched = await again.fetchAll("1:*", { uid: true, flags: true }, {
      uid: true,
      changedSince: known.highestModseq!,
    });
    assert.deepEqual(fetched.map(({ uid }) => uid), [10, 51]);
  } finally {
    await again.logout();
  }
});
