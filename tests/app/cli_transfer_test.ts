/** Mail in and out of a data folder that no server uses; e2e/29 does the same with a running one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeUtf8 } from "../../src/core/bytes.ts";
import { systemClock, systemRandom } from "../../src/net/system.ts";
import { openSqliteStore } from "../../src/store/sqlite/mod.ts";
import type { Store } from "../../src/store/mod.ts";
import { silentLog } from "../support/fakes.ts";
import { COMMENTED, runCommand, temporaryFolder } from "./fixtures.ts";

const ALICE = "alice@example.com";
const AT = Date.UTC(2026, 0, 2, 3, 4, 5);

async function configured(config = COMMENTED) {
  const folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, "mailden.yaml"), config);
  return folder;
}

async function withStore<T>(folder: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openSqliteStore({
    directory: join(folder, "data"),
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    undeleteDays: 14,
    readers: 1,
  });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

interface Letter {
  readonly folder: string;
  readonly text: string;
  readonly flags: readonly string[];
  readonly date: number;
}

function letter(subject: string, more: Partial<Letter> = {}): Letter {
  const text = `From: bob@foreign.test\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@x>\r\n\r\n` +
    `From here\r\n>From there\r\n.${subject}\r\n`;
  return { folder: "INBOX", text, flags: [], date: AT, ...more };
}

async function put(store: Store, { folder, text, flags, date }: Letter): Promise<void> {
  await store.accounts.ensure(ALICE);
  const mailbox = await store.mailboxes.get(ALICE, folder) ?? await store.mailboxes.create(ALICE, folder);
  const stage = store.bodies.stage();
  await stage.write(encodeUtf8(text));
  await store.messages.append({ mailboxId: mailbox.id, body: stage.seal(), flags, internalDate: date });
}

/** All that the account has, folder by folder. */
async function mailOf(folder: string): Promise<Letter[]> {
  return await withStore(folder, async (store) => {
    const letters: Letter[] = [];
    for (const { id, name } of await store.mailboxes.list(ALICE)) {
      for await (const rows of store.messages.rows(id, [[1, 0xffffffff]])) {
        for (const { bodyId, flags, internalDate: date } of rows) {
          let text = "";
          const decoder = new TextDecoder();
          for await (const piece of store.bodies.read(bodyId)) {
            text += decoder.decode(piece, { stream: true });
          }
          letters.push({ folder: name, text, flags, date });
        }
      }
    }
    return letters;
  });
}

const LARGE = `Subject: large\r\nMessage-ID: <large@x>\r\n\r\n${"0123456789abcdef\r\n".repeat(60_000)}`;

const MAIL: readonly Letter[] = [
  letter("one", { flags: ["\\Seen", "$Forwarded", "$Work"] }),
  letter("two", { flags: ["\\Answered", "\\Flagged"], date: AT + 1000 }),
  letter("twice", { date: AT + 2000 }),
  letter("twice", { date: AT + 3000 }),
  letter("large", { text: LARGE, date: AT + 4000 }),
  letter("deleted", { flags: ["\\Deleted"], date: AT + 5000 }),
  letter("work", { folder: "Work", flags: ["\\Draft", "$Work", "later"] }),
  letter("deep", { folder: "Work/Ünter & drüber/v1.2", text: "Subject: \u00fcml\u00e4ut\r\n\r\n\u00e9\r\n" }),
];

for (const form of ["maildir", "mbox"] as const) {
  Deno.test(`export ${form} and import ${form}: nothing is lost, and a second run brings nothing twice`, async () => {
    await using from = await configured();
    await using to = await configured();
    await using files = await temporaryFolder();
    const target = join(files.path, "mail");
    await withStore(from.path, async (store) => {
      for (const one of MAIL) await put(store, one);
    });
    // Of what an mbox holds already nothing is looked at.
    for (const [count, known] of [[8, 0], [0, form === "maildir" ? 8 : 0]]) {
      const result = await runCommand(from.path, ["export", form, "--account", ALICE, "--to", target]);
      assert.equal(result.code, 0, result.err);
      assert.match(result.out, new RegExp(`^Exported ${count} messages .*, ${known} were there already$`));
    }
    for (const [count, known] of [[8, 0], [0, 8]]) {
      const result = await runCommand(to.path, ["import", form, target, "--account", ALICE]);
      assert.equal(result.code, 0, result.err);
      assert.match(result.out, new RegExp(`^Imported ${count} messages .*, ${known} were there already$`));
    }
    assert.deepEqual(await mailOf(to.path), await mailOf(from.path));
  });
}

Deno.test("export mbox: goes on where it was left, and cuts off what was half written", async () => {
  await using folder = await configured();
  await using files = await temporaryFolder();
  await withStore(folder.path, (store) => put(store, letter("one")));
  const run = () => runCommand(folder.path, ["export", "mbox", "--account", ALICE, "--to", files.path]);
  assert.match((await run()).out, /^Exported 1 /);
  const inbox = join(files.path, "INBOX");
  await Deno.writeTextFile(inbox, "From half a mess", { append: true });
  await withStore(folder.path, (store) => put(store, letter("two")));
  assert.match((await run()).out, /^Exported 1 /);
  const text = await Deno.readTextFile(inbox);
  assert.deepEqual(text.match(/^Subject: .*/gm), ["Subject: one", "Subject: two"]);
  assert.ok(!text.includes("half a mess"));
  // What somebody else wrote is not written over.
  await Deno.remove(join(files.path, ".mailden-export.json"));
  const refused = await run();
  assert.equal(refused.code, 1);
  assert.match(refused.err, /INBOX is there, and not from this program/);
  assert.equal(await Deno.readTextFile(inbox), text);
});

/** A Maildir as Dovecot writes it, with things that are wrong in it. */
async function oddMaildir(root: string): Promise<void> {
  for (const part of ["cur", "new", "tmp", ".Sent/cur", ".Sent/new", "Nested/Below/cur"]) {
    await Deno.mkdir(join(root, part), { recursive: true });
  }
  const write = (path: string, text: string) => Deno.writeTextFile(join(root, path), text);
  await write("cur/1000.a.host,S=5:2,Sa", "Subject: first\n\nx\n");
  await write("new/2000.b.host", "Subject: second\r\n\r\ncrlf\r\n");
  await write("cur/3000.c.host:2,b", "Subject: third\n\n\n");
  await write(".Sent/cur/4000.d.host:2,RS", "Subject: sent\n\n");
  await write("Nested/Below/cur/5000.e.host:2,", "no header at all");
  await write("dovecot-keywords", "0 $Work\n");
  await write("tmp/6000.f.host", "not ready");
  await Deno.utime(join(root, "cur/1000.a.host,S=5:2,Sa"), 1000, 1000);
  await Deno.symlink(root, join(root, ".Loop"));
  await Deno.symlink("/nowhere", join(root, "cur/7000.g.host:2,S"));
}

Deno.test("import maildir: Dovecot's layouts, keywords, --into; what is wrong is named, and the rest comes", async () => {
  await using folder = await configured();
  await using files = await temporaryFolder();
  await oddMaildir(files.path);
  const args = ["import", "maildir", files.path, "--account", ALICE, "--into", "Old"];
  const result = await runCommand(folder.path, args);
  assert.equal(result.code, 1);
  assert.match(result.out, /^Imported 5 messages .*, 3 problems \(see above\)$/);
  assert.match(result.err, /\.Loop: A symbolic link, which is not followed/);
  assert.match(result.err, /7000\.g\.host:2,S: A symbolic link/);
  assert.match(result.err, /3000\.c\.host:2,b: Nothing says what the flags b mean/);
  const mail = await mailOf(folder.path);
  assert.deepEqual(mail.map(({ folder, text, flags }) => [folder, text, flags.join(" ")]), [
    ["Old", "Subject: first\r\n\r\nx\r\n", "\\Seen $Work"],
    ["Old", "Subject: third\r\n\r\n\r\n", ""],
    ["Old", "Subject: second\r\n\r\ncrlf\r\n", ""],
    ["Old/Nested/Below", "no header at all", ""],
    ["Old/Sent", "Subject: sent\r\n\r\n", "\\Seen \\Answered"],
  ]);
  assert.equal(mail[0]!.date, 1_000_000);
});

Deno.test("import maildir: what has a name that is not UTF-8 is named, with what to do, and the rest comes", async () => {
  await using folder = await configured();
  await using files = await temporaryFolder();
  for (const part of ["cur", "new"]) await Deno.mkdir(join(files.path, part));
  await Deno.writeTextFile(join(files.path, "cur", "1.a:2,S"), "Subject: first\n\n");
  // The runtime can make no such names.
  const script = 'cd "$1" && echo x > "cur/$(printf "2.\\377")" && mkdir -p "$(printf ".Entw\\374rfe")/cur"';
  const { success } = await new Deno.Command("sh", { args: ["-c", script, "sh", files.path] }).output();
  assert.ok(success);
  const result = await runCommand(folder.path, ["import", "maildir", files.path, "--account", ALICE]);
  assert.equal(result.code, 1);
  assert.match(result.out, /^Imported 1 messages .*, 2 problems/);
  assert.equal(result.err.match(/not in UTF-8, so it cannot be opened here: rename it/g)?.length, 2);
});

Deno.test("import: a directory of mbox files, as Thunderbird has them; what is none is named", async () => {
  await using folder = await configured();
  await using files = await temporaryFolder();
  const box = (subject: string) => `From - Fri Jan  2 03:04:05 2026\nSubject: ${subject}\n\n${subject}\n\n`;
  await Deno.mkdir(join(files.path, "Work.sbd"));
  await Deno.writeTextFile(join(files.path, "inbox"), box("in"));
  await Deno.writeTextFile(join(files.path, "Work"), box("work"));
  await Deno.writeTextFile(join(files.path, "Work.msf"), "an index");
  await Deno.writeTextFile(join(files.path, "Work.sbd/2026"), box("deep"));
  await Deno.writeTextFile(join(files.path, "notes.txt"), "Dear diary\n");
  const result = await runCommand(folder.path, ["import", "mbox", files.path, "--account", ALICE]);
  assert.equal(result.code, 1);
  assert.match(result.err, /notes\.txt: Not an mbox/);
  const mail = await mailOf(folder.path);
  assert.deepEqual(mail.map(({ folder, date }) => [folder, date]), [
    ["INBOX", AT],
    ["Work", AT],
    ["Work/2026", AT],
  ]);
});

Deno.test("import: more than the quota is told and not refused", async () => {
  await using folder = await configured(COMMENTED.replace("bob: {}", "bob: { quota: 1KiB }"));
  await using files = await temporaryFolder();
  const path = join(files.path, "box");
  await Deno.writeTextFile(path, `From - Fri Jan  2 03:04:05 2026\nSubject: x\n\n${"x".repeat(2000)}\n`);
  const result = await runCommand(folder.path, ["import", "mbox", path, "--account", "bob@example.com"]);
  assert.equal(result.code, 0);
  assert.match(
    result.err,
    /^bob@example.com has 2.* in 1 messages now, and may have 1 ?KiB: new mail is refused/m,
  );
});

const WRONG: readonly (readonly [args: readonly string[], code: number, says: RegExp])[] = [
  [["import", "maildir", "."], 2, /Say whose mail/],
  [["import", "maildir", "/nowhere/at/all", "--account", ALICE], 1, /There is no \/nowhere/],
  [["import", "mbox", ".", "--account", ALICE, "--variant", "mmdf"], 2, /expected one of mboxrd/],
  [["import", "mbox", ".", "--account", ALICE, "--into", "/x"], 2, /expected a mailbox/],
  [["import", "mbox", ".", "--account", "carol@example.com"], 1, /There is no account carol/],
  [["export", "mbox", "--account", ALICE], 2, /Say where to/],
  [["undelete", "--account", ALICE, "--since", "yesterday"], 2, /expected 6h, 2d/],
  [["undelete"], 2, /Say whose mail/],
  [["import", "imap", "h", "--account", ALICE], 2, /--user NAME/],
  [
    ["import", "imap", "h", "--account", ALICE, "--user", "u", "--tls", "ssl"],
    2,
    /expected implicit, starttls/,
  ],
  [["import", "imap", "h", "--account", ALICE, "--user", "u", "--port", "0"], 2, /from 1 to 65535/],
  [["import", "imap", "h", "--account", ALICE, "--user", "u"], 2, /--password-stdin/],
];

Deno.test("import, export, undelete: what is wrong on the command line is said", async () => {
  await using folder = await configured();
  for (const [args, code, says] of WRONG) {
    const result = await runCommand(folder.path, args);
    assert.equal(result.code, code, `${args.join(" ")}: ${result.err}`);
    assert.match(result.err, says);
  }
  await using files = await temporaryFolder();
  const none = await runCommand(folder.path, ["import", "maildir", files.path, "--account", ALICE]);
  assert.equal(none.code, 1);
  assert.match(none.err, /is no Maildir/);
});

Deno.test("undelete: shows and brings back what was deleted, by time and mailbox", async () => {
  await using folder = await configured();
  await withStore(folder.path, async (store) => {
    for (const subject of ["one", "two"]) {
      await put(store, letter(subject, { flags: ["\\Deleted", "\\Seen"] }));
    }
    await put(store, letter("lost", { folder: "Lost" }));
    const inbox = await store.mailboxes.get(ALICE, "INBOX");
    await store.messages.expunge(inbox!.id, [[1, 9]]);
    await store.mailboxes.remove(ALICE, "Lost");
  });
  const run = (...more: string[]) => runCommand(folder.path, ["undelete", "--account", ALICE, ...more]);
  const list = await run("--list");
  assert.match(
    list.out,
    /INBOX {2}bob@foreign\.test {2}one\n.*INBOX {2}bob@foreign\.test {2}two\n.*Lost {2}bob@foreign\.test {2}lost$/,
  );
  assert.equal(list.err, "3 messages");
  const json = (await run("--list", "--json")).out.split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(json.map(({ subject, mailbox }) => [subject, mailbox]), [
    ["one", "INBOX"],
    ["two", "INBOX"],
    ["lost", "Lost"],
  ]);
  assert.equal((await run("--since", "2999-01-01")).code, 1);
  const some = await run("--mailbox", "inbox", "--since", "1h");
  assert.equal(some.out, "2 messages brought back to INBOX");
  assert.equal((await run()).out, "1 message brought back to Recovered");
  const nothing = await run();
  assert.deepEqual([nothing.code, nothing.err], [1, "There is nothing that could be brought back"]);
  const mail = await mailOf(folder.path);
  assert.deepEqual(mail.map(({ folder, flags, date }) => [folder, flags.join(), date]), [
    ["INBOX", "\\Seen", AT],
    ["INBOX", "\\Seen", AT],
    ["Recovered", "", AT],
  ]);
});
