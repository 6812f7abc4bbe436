import assert from "node:assert/strict";
import { join } from "node:path";
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
