import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { ConfigEditError, editFile, withAccount, withoutAccount } from "../../src/app/config/edit.ts";
import { ConfigError, parseConfig } from "../../src/app/config/mod.ts";
import { COMMENTED, temporaryFolder } from "./fixtures.ts";

const FILE = "/etc/mailden/mailden.yaml";

Deno.test("config edit: an added account goes to the others, and every comment stays", () => {
  const changed = withAccount(COMMENTED, FILE, {
    local: "carol",
    domain: "example.com",
    name: "Carol: the third",
    quota: "10GiB",
  });
  const entry = '      carol:\n        name: "Carol: the third"\n        quota: 10GiB\n';
  assert.equal(changed, COMMENTED.replace("bob: {}\n", `bob: {}\n${entry}`));
  const { accounts } = parseConfig(changed, FILE).directory.domains["example.com"]!;
  assert.deepEqual(accounts.carol, { name: "Carol: the third", quota: 10 * 2 ** 30, aliases: [] });
});

Deno.test("config edit: adding and removing again gives the same text", () => {
  const added = withAccount(COMMENTED, FILE, { local: "carol", domain: "example.com" });
  assert.equal(withoutAccount(added, FILE, { local: "CAROL", domain: "example.com" }), COMMENTED);
});

Deno.test("config edit: removing takes the account's own lines only", () => {
  const text = COMMENTED.replace("all: [alice, bob]", "all: [bob]");
  const lines = text.split("\n");
  const removed = withoutAccount(text, FILE, { local: "alice", domain: "example.com" });
  assert.equal(removed, lines.filter((_, index) => index < 8 || index > 10).join("\n"));
});

Deno.test("config edit: line ends and a missing last one are kept", () => {
  const crlf = "hostname: a.example\r\ndomains:\r\n  example.com:\r\n    accounts:\r\n      a: {}";
  assert.equal(
    withAccount(crlf, FILE, { local: "b", domain: "example.com" }),
    `${crlf}\r\n      b: {}\r\n`,
  );
});

Deno.test("config edit: a section that is empty or missing is made, its comment stays", () => {
  const cases = [
    "hostname: a.example\ndomains:\n  example.com:\n",
    "hostname: a.example\ndomains:\n  example.com: {}\n",
    "hostname: a.example\ndomains:\n  Example.COM:\n    accounts: # people\n",
    "hostname: a.example\ndomains: { example.com: { catch_all: null } }\n",
  ];
  for (const text of cases) {
    const changed = withAccount(text, FILE, { local: "alice", domain: "example.com" });
    const [domain] = Object.values(parseConfig(changed, FILE).directory.domains);
    assert.deepEqual(Object.keys(domain!.accounts), ["alice"], changed);
    assert.equal(changed.includes("# people"), text.includes("# people"));
  }
});

Deno.test("config edit: what cannot be done is said and not done", () => {
  const cases: readonly (readonly [() => string, RegExp, unknown])[] = [
    [
      () => withAccount(COMMENTED, FILE, { local: "ALICE", domain: "example.com" }),
      /ALICE@example.com is there already/,
      ConfigEditError,
    ],
    [
      () => withAccount(COMMENTED, FILE, { local: "x", domain: "example.org" }),
      /domain example.org is not configured/,
      ConfigEditError,
    ],
    [
      () => withAccount(COMMENTED, FILE, { local: "sales", domain: "example.com" }),
      /sales@example.com is already an account or an alias/,
      ConfigError,
    ],
    [
      () => withAccount(COMMENTED, FILE, { local: "a b", domain: "example.com" }),
      /Found "a b", expected the part of an address/,
      ConfigError,
    ],
    [
      () => withAccount(COMMENTED, FILE, { local: "x", domain: "example.com", quota: "much" }),
      /Found "much", expected a size/,
      ConfigError,
    ],
    [
      () => withoutAccount(COMMENTED, FILE, { local: "carol", domain: "example.com" }),
      /carol@example.com is not in/,
      ConfigEditError,
    ],
    [
      () => withoutAccount(COMMENTED, FILE, { local: "bob", domain: "example.com" }),
      /aliases.all\[1\]: Found "bob", expected an account or alias of example.com/,
      ConfigError,
    ],
  ];
  for (const [change, message, kind] of cases) {
    assert.throws(
      change,
      (error: Error) => error instanceof (kind as ErrorConstructor) && message.test(error.message),
    );
  }
});

Deno.test("config edit: the file is replaced in one step and keeps its mode", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "m.yaml");
  await Deno.writeTextFile(path, COMMENTED, { mode: 0o640 });
  await Deno.chmod(path, 0o640);
  const before = await Deno.stat(path);
  await editFile(path, (content) => content + "# more\n");
  const after = await Deno.stat(path);
  assert.equal(await Deno.readTextFile(path), COMMENTED + "# more\n");
  assert.equal(after.mode! & 0o7777, 0o640);
  assert.notEqual(after.ino, before.ino);
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["m.yaml"]);
});

Deno.test("config edit: a symbolic link stays one", async () => {
  await using folder = await temporaryFolder();
  const target = join(folder.path, "real.yaml");
  const link = join(folder.path, "link.yaml");
  await Deno.writeTextFile(target, "a");
  await Deno.symlink(basename(target), link);
  await editFile(link, (content) => content + "b");
  assert.ok((await Deno.lstat(link)).isSymlink);
  assert.equal(await Deno.readTextFile(target), "ab");
});

Deno.test("config edit: a change that throws leaves everything as it was", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "m.yaml");
  await Deno.writeTextFile(path, COMMENTED);
  const fail = () => {
    throw new ConfigEditError("No");
  };
  await assert.rejects(editFile(path, fail), ConfigEditError);
  assert.equal(await Deno.readTextFile(path), COMMENTED);
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["m.yaml"]);
});

Deno.test("config edit: changes at the same time take turns, and none is lost", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "m.yaml");
  await Deno.writeTextFile(path, "");
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i}`);
  await Promise.all(lines.map((line) => editFile(path, (content) => `${content}${line}\n`)));
  assert.deepEqual((await Deno.readTextFile(path)).trimEnd().split("\n").sort(), lines.sort());
});
