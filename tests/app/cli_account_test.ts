import assert from "node:assert/strict";
import { join } from "node:path";
import { openSqliteStore } from "../../src/store/sqlite/mod.ts";
import { parseCredential } from "../../src/store/credential.ts";
import { verifyPassword } from "../../src/store/passwords.ts";
import { systemClock, systemRandom } from "../../src/net/system.ts";
import { silentLog } from "../support/fakes.ts";
import { COMMENTED, runCommand, temporaryFolder } from "./fixtures.ts";

async function folderWithConfig() {
  const folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, "mailden.yaml"), COMMENTED);
  return folder;
}

async function credentialOf(folder: string, account: string): Promise<string | null> {
  const store = await openSqliteStore({
    directory: join(folder, "data"),
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    undeleteDays: 0,
    readers: 1,
  });
  try {
    return await store.accounts.credential(account);
  } finally {
    await store.close();
  }
}

/** By PLAIN, and there is something for SCRAM too. */
async function isPassword(password: string, credential: string | null): Promise<boolean> {
  const { hash, scram } = parseCredential(credential!);
  return scram !== null && await verifyPassword(password, hash);
}

Deno.test("cli account: added without a server, listed, changed and removed; the file is as before", async () => {
  await using folder = await folderWithConfig();
  const path = join(folder.path, "mailden.yaml");

  const added = await runCommand(folder.path, [
    "account",
    "add",
    "Carol@EXAMPLE.com",
    "--quota",
    "1GiB",
    "--name",
    "C",
  ], {
    answers: ["first password", "first password"],
  });
  assert.deepEqual([added.code, added.err, added.out], [0, "", `Added carol@example.com to ${path}`]);
  assert.deepEqual(added.terminal.prompts, ["New password: ", "The same again: "]);
  assert.equal(
    await Deno.readTextFile(path),
    COMMENTED.replace("bob: {}\n", "bob: {}\n      Carol:\n        name: C\n        quota: 1GiB\n"),
  );
  assert.ok(await isPassword("first password", await credentialOf(folder.path, "carol@example.com")));

  const listed = await runCommand(folder.path, ["account", "list"]);
  assert.equal(
    listed.out,
    "ACCOUNT            MESSAGES  SIZE  QUOTA  PASSWORD  NAME\n" +
      "alice@example.com  0         0 B   -      none      Alice\n" +
      "bob@example.com    0         0 B   -      none\n" +
      "carol@example.com  0         0 B   1 GiB  set       C",
  );

  const changed = await runCommand(folder.path, [
    "account",
    "password",
    "carol@example.com",
    "--password-stdin",
  ], {
    input: "second password\n",
  });
  assert.deepEqual([changed.code, changed.err], [0, ""]);
  assert.ok(await isPassword("second password", await credentialOf(folder.path, "carol@example.com")));

  const removed = await runCommand(folder.path, ["account", "remove", "carol@example.com"], {
    answers: ["carol@example.com"],
  });
  assert.deepEqual([removed.code, removed.out], [0, "Removed carol@example.com and its mail"]);
  assert.equal(await Deno.readTextFile(path), COMMENTED);
  assert.equal(await credentialOf(folder.path, "carol@example.com"), null);
});

Deno.test("cli account: removing may keep the mail, which the list then shows", async () => {
  await using folder = await folderWithConfig();
  await runCommand(folder.path, ["account", "add", "carol@example.com", "--password-stdin"], {
    input: "x\n",
  });
  const removed = await runCommand(folder.path, [
    "account",
    "remove",
    "carol@example.com",
    "--keep-mail",
    "--yes",
  ]);
  assert.deepEqual([removed.code, removed.out], [0, "Removed carol@example.com; its mail is kept"]);
  const { out } = await runCommand(folder.path, ["account", "list", "--json"]);
  const entries = out.split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(entries.find(({ account }) => account === "carol@example.com"), {
    account: "carol@example.com",
    name: null,
    quota: null,
    messages: 0,
    bytes: 0,
    password: false,
    configured: false,
  });
});

const REFUSED: readonly {
  readonly args: readonly string[];
  readonly script?: { answers?: string[]; input?: string };
  readonly code: number;
  readonly err: RegExp;
}[] = [
  {
    args: ["add", "alice@example.com"],
    code: 1,
    err: /alice@example.com is there already; to change its password/,
  },
  {
    args: ["add", "x@exampel.com"],
    code: 1,
    err: /exampel.com is not configured; did you mean "example.com"\?/,
  },
  {
    args: ["add", "sales@example.com", "--password-stdin"],
    script: { input: "x" },
    code: 2,
    err: /already an account/,
  },
  { args: ["add", "x@example.com"], code: 2, err: /There is no terminal to ask for the password/ },
  {
    args: ["add", "x@example.com"],
    script: { answers: ["a", "b"] },
    code: 1,
    err: /The two passwords differ/,
  },
  { args: ["add", "x@example.com"], script: { answers: [] }, code: 1, err: /No password was given/ },
  {
    args: ["add", "x@example.com", "--password-stdin"],
    script: { input: "\n" },
    code: 1,
    err: /password is empty/,
  },
  {
    args: ["add", "x@example.com", "--password-stdin"],
    script: { input: "a\nb\n" },
    code: 1,
    err: /control character/,
  },
  {
    args: ["add", "x@example.com", "--password-stdin"],
    script: { input: "x".repeat(513) },
    code: 1,
    err: /longer than 512 bytes/,
  },
  {
    args: ["password", "alcie@example.com"],
    code: 1,
    err: /There is no account .*; did you mean "alice@example.com"\?/,
  },
  { args: ["remove", "carol@example.com", "--yes"], code: 1, err: /There is no account carol@example.com/ },
  {
    args: ["remove", "bob@example.com", "--yes"],
    code: 2,
    err: /aliases.all\[1\]: Found "bob", expected an account/,
  },
  { args: ["remove", "bob@example.com"], code: 2, err: /aliases.all\[1\]: Found "bob"/ },
];

Deno.test("cli account: what is refused changes nothing", async () => {
  await using folder = await folderWithConfig();
  for (const { args, script, code, err } of REFUSED) {
    const result = await runCommand(folder.path, ["account", ...args], script);
    assert.match(result.err, err);
    assert.equal(result.code, code, args.join(" "));
    assert.equal(await Deno.readTextFile(join(folder.path, "mailden.yaml")), COMMENTED);
  }
});

Deno.test("cli account: a removal must be confirmed", async () => {
  await using folder = await folderWithConfig();
  await runCommand(folder.path, ["account", "add", "carol@example.com", "--password-stdin"], {
    input: "x\n",
  });
  const wrong = await runCommand(folder.path, ["account", "remove", "carol@example.com"], {
    answers: ["yes"],
  });
  assert.deepEqual([wrong.code, wrong.err], [1, "Nothing was removed"]);
  const nobody = await runCommand(folder.path, ["account", "remove", "carol@example.com"]);
  assert.deepEqual([nobody.code, nobody.err], [2, "There is no terminal to ask; say --yes if you are sure"]);
  assert.match(await Deno.readTextFile(join(folder.path, "mailden.yaml")), /carol: \{\}/);
});
