import assert from "node:assert/strict";
import { join } from "node:path";
import { type Config, loadConfig } from "../../src/app/config/mod.ts";
import { systemClock, systemRandom } from "../../src/net/system.ts";
import { openSqliteStore } from "../../src/store/sqlite/mod.ts";
import { silentLog } from "../support/fakes.ts";
import { COMMENTED, runCommand, temporaryFolder } from "./fixtures.ts";

const MESSAGE = "From: Bob <bob@example.org>\nSubject: Hello\n\nText.\n";

Deno.test("cli sieve test: says in plain words what a script would do", async () => {
  await using folder = await temporaryFolder();
  const script = join(folder.path, "a.sieve");
  const message = join(folder.path, "m.eml");
  await Deno.writeTextFile(message, MESSAGE);
  const run = async (text: string, ...more: string[]) => {
    await Deno.writeTextFile(script, text);
    return await runCommand(folder.path, ["sieve", "test", "--script", script, ...more]);
  };
  const cases: readonly (readonly [script: string, said: string])[] = [
    ["keep;", "Keep it in INBOX"],
    ["discard;", "Discard the message"],
    ['redirect "x@example.net";', "Send it on to x@example.net"],
    ['require "reject"; reject "No.";', "Refuse it: No."],
    [
      'require ["fileinto", "mailbox"]; fileinto :create "New";',
      'Put it into "New", which is made if it is missing',
    ],
    [
      'require "vacation"; vacation :days 3 "Away.";',
      "Answer the sender, unless that was done in the last 3 days: Away.\nKeep it in INBOX",
    ],
    ['require "envelope"; if envelope "from" "bob@example.org" { discard; }', "Discard the message"],
    ['require "editheader"; addheader "X" "y";', "Keep it in INBOX, with a changed header"],
  ];
  for (const [text, said] of cases) {
    const { code, out, err } = await run(text, "--message", message);
    assert.deepEqual([code, out, err], [0, said, ""], text);
  }
  assert.equal((await run("keep;")).out, "The script is in order");
  // Errors name file, line and column, before it runs and while it does.
  const wrong = await run("keep;\n  filinto;");
  assert.deepEqual([wrong.code, wrong.err], [1, `${script}:2:3: There is no command "filinto"`]);
  const failed = await run('require "variables";\nredirect "${x}";', "--message", message);
  assert.deepEqual(
    [failed.code, failed.err, failed.out],
    [1, `${script}:2:1: redirect needs a mail address`, "Keep it in INBOX"],
  );
  assert.equal((await runCommand(folder.path, ["sieve", "test"])).code, 2);
  assert.equal((await run("keep;", "--message", message, "--from", "no address")).code, 2);
});

Deno.test("cli sieve and vacation: without a server they work on the database", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, "mailden.yaml"), COMMENTED);
  const file = join(folder.path, "a.sieve");
  await Deno.writeTextFile(file, "keep;\n");
  const account = /^ {6}(\w+):/m.exec(COMMENTED)![1] + "@example.com";
  const run = (...args: string[]) => runCommand(folder.path, [...args, "--account", account]);
  assert.match((await run("sieve", "get")).err, /No script is active/);
  assert.equal((await run("sieve", "put", "main", file)).code, 0);
  assert.match((await run("sieve", "activate", "none")).err, /^There is no script of that name$/);
  assert.equal((await run("sieve", "activate", "main")).code, 0);
  assert.equal((await run("sieve", "get")).out, "keep;");
  assert.match((await run("sieve", "remove", "main")).err, /deactivate it first/);
  assert.equal((await run("sieve", "activate", "--none")).code, 0);
  assert.equal((await run("sieve", "remove", "main")).code, 0);
  assert.equal((await run("vacation", "show")).out, "Nobody is answered");
  assert.match((await run("vacation", "set", "--from", "2026-02-30")).err, /expected a day such as/);
  assert.match((await run("vacation", "set", "--from", "2026-02-03", "--until", "2026-02-01")).err, /before/);
  assert.equal((await run("vacation", "off")).code, 0);
  const stranger = await runCommand(folder.path, ["sieve", "list", "--account", "nobody@example.com"]);
  assert.match(stranger.err, /There is no account nobody@example\.com/);
  assert.equal((await runCommand(folder.path, ["sieve", "list"])).code, 2);
});

Deno.test("cli sieve test: with --account it sees that account's mailboxes, lists and scripts", async () => {
  await using folder = await temporaryFolder();
  const config = join(folder.path, "mailden.yaml");
  await Deno.writeTextFile(config, COMMENTED);
  const [script, part, message] = ["a.sieve", "part.sieve", "m.eml"].map((name) => join(folder.path, name));
  await Deno.writeTextFile(message!, MESSAGE);
  await Deno.writeTextFile(part!, 'require "fileinto"; fileinto "Archive";\n');
  const account = ["--account", "alice@example.com"];
  assert.equal((await runCommand(folder.path, ["sieve", "put", "part", part!, ...account])).code, 0);
  await addToAddressBook(await loadConfig(config), "alice@example.com");
  const run = async (text: string) => {
    await Deno.writeTextFile(script!, text);
    const command = ["sieve", "test", "--script", script!, "--message", message!, ...account];
    const { out, err } = await runCommand(folder.path, command);
    return out + err;
  };
  const cases: readonly (readonly [script: string, said: string])[] = [
    ['require "mailbox"; if mailboxexists "Archive" { discard; }', "Discard the message"],
    ['require "mailbox"; if mailboxexists "Nowhere" { discard; }', "Keep it in INBOX"],
    ['require "special-use"; if specialuse_exists "Junk" "\\\\Junk" { discard; }', "Discard the message"],
    ['require "extlists"; if address :list "from" ":addrbook:default" { discard; }', "Discard the message"],
    ['require "extlists"; if valid_ext_list ":addrbook:none" { discard; }', "Keep it in INBOX"],
    [
      'require "servermetadata"; if servermetadataexists "/private/vendor/mailden/addrbook/default" { discard; }',
      "Discard the message",
    ],
    ['require "include"; include "part";', 'Put it into "Archive"'],
    [
      'require "include"; include "none";',
      `Keep it in INBOX${script}:1:20: There is no personal script "none" to include`,
    ],
  ];
  for (const [text, said] of cases) assert.equal(await run(text), said, text);
});

async function addToAddressBook(config: Config, account: string): Promise<void> {
  const store = await openSqliteStore({
    directory: config.data,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    undeleteDays: 1,
    readers: 1,
  });
  try {
    await store.accounts.ensure(account);
    const entry = "/private/vendor/mailden/addrbook/default";
    const value = new TextEncoder().encode("bob@example.org\n");
    await store.annotations.set({ account, mailboxId: null }, [{ entry, value }], { count: 9, bytes: 999 });
  } finally {
    await store.close();
  }
}
