/** mbsync keeps a Maildir and the server alike, also when it, or the server, is killed in the middle. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { ImapClient } from "../support/imap_client.ts";
import type { Mailden } from "../support/mailden.ts";
import {
  ALICE,
  certificateOf,
  deliver,
  PASSWORD,
  run,
  spawn,
  startForPeers,
  until,
  writeFile,
} from "./peer.ts";

/** mbsync with a Maildir of its own. */
interface Syncer {
  readonly inbox: string;
  readonly args: readonly string[];
}

async function prepare(server: Mailden, folder: string): Promise<Syncer> {
  const certificate = await certificateOf(server, folder);
  const rc = await writeFile(
    folder,
    "mbsyncrc",
    `IMAPAccount mailden
Host 127.0.0.1
Port ${server.ports.imaps}
User ${ALICE}
Pass "${PASSWORD}"
SSLType IMAPS
CertificateFile ${certificate}

IMAPStore far
Account mailden

MaildirStore near
Path ${folder}/mail/
Inbox ${folder}/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
`,
  );
  await Deno.mkdir(join(folder, "mail"));
  return { inbox: join(folder, "mail", "INBOX"), args: ["-c", rc, "-a", "-V"] };
}

function files(maildir: string): string[] {
  return ["cur", "new"].flatMap((part) => {
    try {
      return Array.from(Deno.readDirSync(join(maildir, part)), ({ name }) => join(maildir, part, name));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  });
}

Deno.test("peer: mbsync syncs both ways, flags and deletions too", async () => {
  await using peers = await startForPeers();
  const { server, folder } = peers;
  await deliver(server, ALICE, Array.from({ length: 100 }, (_, i) => `letter-${i}`));
  const { inbox, args } = await prepare(server, folder);
  const sync = () => run("mbsync", args);
  await sync();
  assert.equal(files(inbox).length, 100);

  // There: one seen, one gone, a new folder. Here: a new letter, one gone.
  await using imap = await server.imap(ALICE);
  await imap.select();
  await imap.ok("STORE 1 +FLAGS (\\Seen \\Flagged)");
  await imap.ok("STORE 2 +FLAGS (\\Deleted)");
  await imap.ok("EXPUNGE");
  await imap.ok('CREATE "Projects/Mailden"');
  await imap.append("Projects/Mailden", "Subject: there\r\n\r\nThere.\r\n");
  await Deno.writeTextFile(join(inbox, "new", "1.here.test"), "Subject: here\n\nHere.\n");
  await sync();
  assert.equal(files(inbox).length, 100);
  assert.equal(await imap.select(), 100);
  const { untagged } = await imap.ok("SEARCH SUBJECT here");
  assert.match(untagged.join(), /SEARCH \d+/);
  assert.equal(files(join(folder, "mail", "Projects", "Mailden")).length, 1);
  const names = files(inbox);
  assert.ok(names.some((name) => /:2,FS$/.test(name)), `no flags arrived: ${names.slice(0, 3)}`);
  const { stdout, stderr } = await sync();
  assert.doesNotMatch(stdout + stderr, /[Ee]rror|warning/i);
});

/** The flags of each letter, by its subject; a letter that is there twice fails. */
type Flags = ReadonlyMap<string, string>;

const FAR_LETTERS: Readonly<Record<string, string>> = {
  "\\Answered": "R",
  "\\Deleted": "T",
  "\\Draft": "D",
  "\\Flagged": "F",
  "\\Seen": "S",
};

function near(maildir: string): Flags {
  const found = new Map<string, string>();
  for (const path of files(maildir)) {
    const subject = /^Subject: (.*?)\r?$/m.exec(Deno.readTextFileSync(path))?.[1] ?? path;
    assert.ok(!found.has(subject), `${subject} is here twice`);
    found.set(subject, [.../:2,([A-Z]*)$/.exec(path)?.[1] ?? ""].sort().join(""));
  }
  return found;
}

async function far(imap: ImapClient): Promise<Flags> {
  const found = new Map<string, string>();
  if (await imap.select() === 0) return found;
  const { untagged } = await imap.ok("FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
  for (const answer of untagged) {
    const subject = /^Subject: (.*?)\r?$/m.exec(answer)?.[1];
    if (subject === undefined) continue;
    assert.ok(!found.has(subject), `${subject} is there twice`);
    const flags = /FLAGS \(([^)]*)\)/.exec(answer)?.[1]?.split(" ") ?? [];
    found.set(subject, flags.map((flag) => FAR_LETTERS[flag] ?? "").sort().join(""));
  }
  return found;
}

async function messagesFar(imap: ImapClient): Promise<number> {
  const { untagged } = await imap.ok("STATUS INBOX (MESSAGES)");
  return Number(/MESSAGES (\d+)/.exec(untagged.join())?.[1]);
}

function subjects(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}-${String(i).padStart(4, "0")}`);
}

Deno.test("peer: mbsync killed in the middle goes on: nothing lost, nothing twice", async () => {
  await using peers = await startForPeers();
  const { server, folder } = peers;
  const thousand = subjects("there", 1000);
  await using filler = await server.imap(ALICE);
  for (const subject of thousand) {
    await filler.append("INBOX", `Subject: ${subject}\r\n\r\nText of ${subject}.\r\n`);
  }
  const { inbox, args } = await prepare(server, folder);

  // Killed twice on the way here.
  for (const enough of [150, 600]) {
    const child = spawn("mbsync", args);
    await until("mbsync fetches", () => files(inbox).length > enough);
    child.kill("SIGKILL");
    const { signal } = await child.output();
    assert.equal(signal, "SIGKILL", "mbsync was done before it could be killed");
  }
  await run("mbsync", args);
  assert.deepEqual([...near(inbox).keys()].sort(), thousand);

  // Killed on the way there.
  const more = subjects("here", 500);
  for (const subject of more) {
    await Deno.writeTextFile(join(inbox, "new", `${subject}.test`), `Subject: ${subject}\n\nHere.\n`);
  }
  const child = spawn("mbsync", args);
  await until("mbsync sends", async () => await messagesFar(filler) > 1100);
  child.kill("SIGKILL");
  assert.equal((await child.output()).signal, "SIGKILL", "mbsync was done before it could be killed");
  // What it had sent before is a client's word, and is still carried out: the next one must not look in between.
  await until("only our own session is left", async () => await server.metric("mailden_sessions") === 1);
  await run("mbsync", args);
  assert.deepEqual([...(await far(filler)).keys()].sort(), [...more, ...thousand].sort());
});

Deno.test("peer: mbsync after a power cut of the server: flags, deletions and new mail of both sides", async () => {
  await using peers = await startForPeers();
  const { server, folder } = peers;
  const old = subjects("old", 300);
  {
    await using imap = await server.imap(ALICE);
    for (const subject of old) await imap.append("INBOX", `Subject: ${subject}\r\n\r\nOld.\r\n`);
  }
  const { inbox, args } = await prepare(server, folder);
  await run("mbsync", args);

  // There: the first hundred seen, ten of them gone. Here: others flagged, ten of those gone, and new letters.
  {
    await using imap = await server.imap(ALICE);
    await imap.select();
    await imap.ok("STORE 1:100 +FLAGS.SILENT (\\Seen)");
    await imap.ok("STORE 1:10 +FLAGS.SILENT (\\Deleted)");
    await imap.ok("EXPUNGE");
  }
  const here = files(inbox).sort((a, b) => subjectOf(a) < subjectOf(b) ? -1 : 1);
  for (const path of here.slice(200, 290)) await Deno.rename(path, `${path.replace(/:2,.*$/, "")}:2,F`);
  for (const path of here.slice(290)) await Deno.remove(path);
  const added = subjects("added", 300);
  for (const subject of added) {
    await Deno.writeTextFile(join(inbox, "new", `${subject}.test`), `Subject: ${subject}\n\nNew.\n`);
  }

  const child = spawn("mbsync", args);
  {
    const imap = await server.imap(ALICE);
    await until("mbsync sends", async () => await messagesFar(imap) > 400);
    await server.kill();
    await imap.close();
  }
  assert.notEqual((await child.output()).code, 0, "mbsync was done before the server could be killed");
  await server.serve();
  await run("mbsync", args);
  await using imap = await server.imap(ALICE);
  const there = await far(imap);
  assert.deepEqual([...near(inbox)].sort(), [...there].sort());
  assert.deepEqual([...there.keys()].sort(), [...added, ...old.slice(10, 290)]);
  assert.equal(there.get("old-0050"), "S");
  assert.equal(there.get("old-0250"), "F");
});

function subjectOf(path: string): string {
  return /^Subject: (.*?)\r?$/m.exec(Deno.readTextFileSync(path))?.[1] ?? "";
}
