import assert from "node:assert/strict";
import { join } from "node:path";
import { readSecret } from "../../src/app/cli/terminal.ts";
import { commands } from "../../src/app/cli/commands.ts";
import { printable } from "../../src/app/cli/terminal.ts";
import { runCommand, temporaryFolder } from "./fixtures.ts";

const USAGE: readonly (readonly [args: string[], code: number, text: RegExp])[] = [
  [[], 2, /^Usage: mailden COMMAND \[options\]/],
  [["--help"], 0, /^Usage: mailden COMMAND \[options\]/],
  [["-h"], 0, /^Usage: mailden COMMAND/],
  [["help"], 0, /^Usage: mailden COMMAND/],
  [["help", "queue", "list"], 0, /^Usage: mailden queue list \[options\]/],
  [["queue"], 2, /^Usage: mailden queue COMMAND/],
  [["queue", "--help"], 0, /^Usage: mailden queue COMMAND/],
  [["account", "--help"], 0, /account password {2}set the password of an account/],
  [["serv"], 2, /^Unknown command "serv"; did you mean "serve"\?/],
  [["frobnicate"], 2, /^Unknown command "frobnicate" \(mailden --help shows all\)/],
  [["queue", "lst"], 2, /^Unknown command "queue lst"; did you mean "queue list"\?/],
  [["qeue", "list"], 2, /^Unknown command "qeue"; did you mean "queue list"\?/],
  [["--config", "x", "serve"], 2, /^Unknown option --config; it belongs after a command/],
  [["serve", "--confg", "x"], 2, /^Unknown option --confg; did you mean "config"\?/],
  [["serve", "x"], 2, /^Expected: mailden serve \[--config FILE\]/],
  [["serve", "--config"], 2, /argument missing/],
  [["account", "add", "a@example.com", "secret"], 2, /a password is never an argument/],
  [["account", "add", "alice"], 2, /^Found "alice", expected an address such as alice@example.com/],
  [["account", "add", "a@b.c", "--quota", "much"], 2, /^Found "much", expected a size/],
  [["queue", "hold"], 2, /^Say which: an ID, --to WHOM, --from ADDRESS or --all/],
  [["queue", "drop", "x", "--all"], 2, /^Say either --all or what to choose/],
  [["queue", "list", "--limit", "0"], 2, /^Found "0" after --limit/],
  [["queue", "list", "--to", "a b"], 2, /^Found "a b" after --to/],
  [["check", "--config", "/nonexistent/m.yaml"], 2, /^\/nonexistent\/m.yaml: There is no such file/],
  [["check"], 2, /^mailden: There is no configuration; make .*mailden.yaml, or name one with --config FILE/],
  [["version"], 0, /^mailden \d+\.\d+\.\d+ \(deno 2\./],
];

for (const [args, code, text] of USAGE) {
  Deno.test(`cli: mailden ${args.join(" ")}`, async () => {
    await using folder = await temporaryFolder();
    const result = await runCommand(folder.path, args);
    assert.match(code === 0 ? result.out : result.err, text);
    assert.equal(result.code, code);
    assert.equal(code === 0 ? result.err : result.out, "");
  });
}

Deno.test("cli: every command has a help that names its options and the exit codes", async () => {
  for (const command of commands) {
    const { code, out } = await runCommand("/nonexistent", [...command.name.split(" "), "--help"]);
    assert.equal(code, 0);
    assert.ok(out.startsWith(`Usage: mailden ${command.name}`));
    for (const name of Object.keys(command.options)) {
      assert.ok(out.includes(`--${name}`), `${command.name} --${name}`);
    }
    assert.match(out, /Exit codes:\n {2}0 {2}done/);
  }
});

Deno.test("cli: a bad configuration is exit 2 with file, line, found and expected", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "mailden.yaml");
  await Deno.writeTextFile(path, "hostname: mx.example.com\nlimits:\n  message_size: 1XB\nfoo: 1\n");
  for (const args of [["check"], ["serve"], ["queue", "list"], ["account", "list"]]) {
    const { code, err } = await runCommand(folder.path, args);
    assert.equal(code, 2);
    const [size, unknown, ...rest] = err.split("\n");
    assert.equal(
      size,
      `${path}:3:17: limits.message_size: Found "1XB", expected a size such as 500KiB, 50MiB or 10GiB`,
    );
    assert.ok(
      unknown?.startsWith(`${path}:4:1: Unknown key "foo"; the keys here are hostname, data, `),
      unknown,
    );
    assert.match(unknown ?? "", /, domains$/);
    assert.deepEqual(rest, []);
  }
});

/** A terminal's input, byte by byte as raw mode gives it. */
function typed(text: string) {
  const bytes = [...new TextEncoder().encode(text)];
  const modes: boolean[] = [];
  return {
    modes,
    setRaw: (on: boolean) => void modes.push(on),
    read: (into: Uint8Array) => {
      const byte = bytes.shift();
      if (byte === undefined) return Promise.resolve(null);
      into[0] = byte;
      return Promise.resolve(1);
    },
  };
}

Deno.test("cli: a password is read without echo, with the keys that correct it", async () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ["secret\r", "secret"],
    ["secret\n", "secret"],
    ["sx\x7fecret\r", "secret"],
    ["pä\x7f\x7f\x7f\x7fpäß\r", "päß"],
    ["wrong\x15right\r", "right"],
    ["\x04", null],
    ["abc\x03", null],
    ["abc", null],
    ["a\x01\tb\r", "ab"],
  ];
  for (const [keys, expected] of cases) {
    const input = typed(keys);
    const written: string[] = [];
    assert.equal(
      await readSecret(input, (text) => written.push(text), "Password: "),
      expected,
      JSON.stringify(keys),
    );
    assert.deepEqual(written, ["Password: ", "\n"]);
    assert.deepEqual(input.modes, [true, false]);
  }
});

Deno.test("cli: what came over the network cannot control the terminal", () => {
  assert.equal(printable("550 \x1b[2J\x9bno\r\n\u202eok\tä"), "550 \\u001b[2J\\u009bno\\u000d\n\\u202eok\tä");
});
