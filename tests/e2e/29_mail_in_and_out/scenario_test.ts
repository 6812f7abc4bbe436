//   a Maildir --mailden import (killed in the middle, begun again)--> Mailden, running or not --mailden export--> mbox, Maildir
//   a POP3 client deletes --> mailden undelete --> it is there again
import assert from "node:assert/strict";
import { join } from "node:path";
import { Mailden } from "../../support/mailden.ts";
import { permissionFlags } from "../../support/permissions.ts";
import { Program } from "../../support/program.ts";
import { PATIENCE_MS } from "../../support/patience.ts";

const ALICE = "alice@example.test";
const BOB = "bob@example.test";
const ROOT = join(import.meta.dirname!, "../../..");
const MESSAGES = 2500;
const ENOUGH = 200;

/** A command of the program that can be killed; it may read and write what the test keeps beside the server's data. */
function begin(server: Mailden, args: readonly string[]): Program {
  const flags = permissionFlags({ data: [server.directory], read: [join(ROOT, "src")] });
  return new Program({
    command: Deno.execPath(),
    args: ["run", "--cached-only", ...flags, join(ROOT, "main.ts"), ...args, "--config", server.configFile],
  }, { cwd: server.directory });
}

async function finish(program: Program): Promise<string> {
  assert.equal(await program.exited, 0, program.output);
  return program.stdout.trim();
}

async function makeMaildir(root: string): Promise<void> {
  for (const part of ["cur", "new", "tmp"]) await Deno.mkdir(join(root, part), { recursive: true });
  for (let i = 0; i < MESSAGES; i++) {
    const text = `From: bob@foreign.test\nSubject: letter ${i}\n\nText ${i}\n${"more\n".repeat(100)}`;
    await Deno.writeTextFile(
      join(root, "cur", `${1_700_000_000 + i}.M${i}.host:2,${i % 2 ? "S" : ""}`),
      text,
    );
  }
}

async function untilTrue(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !await holds();) {
    assert.ok(Date.now() < end, what);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function subjectsIn(text: string): string[] {
  return [...text.matchAll(/^Subject: (letter \d+)$/gm)].map((match) => match[1]!);
}

const ALL_SUBJECTS = Array.from({ length: MESSAGES }, (_, i) => `letter ${i}`);

Deno.test("e2e: an import that is killed is begun again and brings each message once, with the server running or not", async () => {
  await using server = await Mailden.start({ accounts: { [ALICE]: "a", [BOB]: "b" } });
  const maildir = join(server.directory, "old");
  await makeMaildir(maildir);
  const importFor = (account: string) => begin(server, ["import", "maildir", maildir, "--account", account]);

  // By the running server.
  const first = importFor(ALICE);
  await using imap = await server.imap(ALICE);
  await untilTrue("the import did not begin", async () => await imap.select() >= ENOUGH);
  await first.kill("SIGKILL");
  const before = await imap.select();
  assert.ok(before < MESSAGES, "it was killed too late to prove anything");
  assert.match(
    await finish(importFor(ALICE)),
    new RegExp(`^Imported ${MESSAGES - before} messages .*, ${before} were`),
  );
  assert.equal(await imap.select(), MESSAGES);

  // Without it.
  await imap.close();
  assert.equal(await server.stop(), 0);
  const wal = join(server.dataDirectory, "mailden.db-wal");
  const second = importFor(BOB);
  await untilTrue("the import did not begin", () => sizeOf(wal) > 400_000);
  await second.kill("SIGKILL");
  const said = await finish(importFor(BOB));
  const [, brought, known] = /^Imported (\d+) messages .*, (\d+) were there already$/.exec(said) ?? [];
  assert.equal(Number(brought) + Number(known), MESSAGES, said);
  assert.ok(Number(known) > 0 && Number(brought) > 0, said);

  // Out again: killed, begun again, and as many as came in, each once, in their order.
  const target = join(server.directory, "out");
  const exportTo = (form: string) =>
    begin(server, ["export", form, "--account", BOB, "--to", join(target, form)]);
  const cur = join(target, "maildir", "cur");
  const third = exportTo("maildir");
  await untilTrue("the export did not begin", () => filesIn(cur) >= ENOUGH);
  await third.kill("SIGKILL");
  await finish(exportTo("maildir"));
  const texts = await Promise.all(
    [...Deno.readDirSync(cur)].map(({ name }) => Deno.readTextFile(join(cur, name))),
  );
  assert.deepEqual(texts.flatMap(subjectsIn).sort(), ALL_SUBJECTS.toSorted());

  await server.serve();
  const journal = join(target, "mbox", ".mailden-export.json");
  const fourth = exportTo("mbox");
  await untilTrue(
    "the export did not begin",
    () => sizeOf(journal) > 0 || sizeOf(join(target, "mbox", "INBOX")) > 100_000,
  );
  await fourth.kill("SIGKILL");
  await finish(exportTo("mbox"));
  assert.deepEqual(subjectsIn(await Deno.readTextFile(join(target, "mbox", "INBOX"))), ALL_SUBJECTS);
});

Deno.test("e2e: what a POP3 client deleted comes back, and an open IMAP session sees it come", async () => {
  await using server = await Mailden.start({ accounts: { [ALICE]: "a" } });
  await using smtp = await server.smtp();
  for (const subject of ["one", "two"]) {
    const message = `Subject: ${subject}\r\n\r\n${subject}\r\n`;
    assert.equal((await smtp.send({ from: "bob@foreign.test", to: ALICE, message })).code, 250);
  }
  await using pop3 = await server.pop3(ALICE);
  for (const number of [1, 2]) await pop3.ok(`DELE ${number}`);
  await pop3.quit();
  await using imap = await server.imap(ALICE);
  assert.equal(await imap.select(), 0);
  const list = await server.command(["undelete", "--account", ALICE, "--list"]);
  assert.match(list.stdout, /INBOX .* one\n.*INBOX .* two\n/);
  const { code, stdout, stderr } = await server.command(["undelete", "--account", ALICE, "--since", "1h"]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "2 messages brought back to INBOX\n");
  assert.equal(await imap.select(), 2);
  assert.match(await imap.body(1), /\r\n\r\none\r\n$/);
  await using again = await server.pop3(ALICE);
  const ids = [...(await again.uidl()).values()].map((id) => id.split(".")[1]);
  assert.deepEqual(ids, ["3", "4"], "under new unique ids");
});

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}

function filesIn(path: string): number {
  try {
    return [...Deno.readDirSync(path)].length;
  } catch {
    return 0;
  }
}
