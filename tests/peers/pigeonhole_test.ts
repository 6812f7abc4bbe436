/**
 * The RFCs' examples and the filter's corpus through Dovecot's Sieve (Pigeonhole's `sieve-test`): it must say what ours says, or the
 * difference stands with its reason in pigeonhole_differences.txt. Scripts with extensions that it does not have are left out.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Action, compileSieve, runSieve } from "../../src/delivery/sieve/mod.ts";
import { parseSieve, SieveError } from "../../src/wire/sieve/mod.ts";
import { type Example, readExamples } from "../delivery/sieve/examples.ts";
import { makeInput } from "../delivery/sieve/support.ts";
import { run } from "./peer.ts";

const CORPUS = join(import.meta.dirname!, "../delivery/filter/corpus");

/** What Pigeonhole of Debian has, and needs nothing around it for. */
const SHARED = [
  "fileinto reject copy envelope encoded-character body variables vacation vacation-seconds relational imap4flags",
  "subaddress date index editheader mailbox enotify environment ihave regex mime foreverypart extracttext",
  "comparator-i;octet comparator-i;ascii-casemap comparator-i;ascii-numeric",
].join(" ").split(" ");

/** What an example may say of the world and `sieve-test` can be told too. */
const PORTABLE = ["@from", "@to"];

interface Case {
  readonly name: string;
  readonly script: string;
  readonly message: string;
  readonly from: string;
  readonly to: string;
}

function portable(): Case[] {
  const examples = readExamples().filter(isPortable).map((example) => ({
    ...example,
    script: example.script.replace(
      /^require \[[^\]]*"spamtestplus"[^\]]*\];/,
      `require ${JSON.stringify(SHARED)};`,
    ),
    to: example.settings.find((line) => line.startsWith("@to "))?.slice(4) ?? "alice@example.com",
  }));
  const corpus = [...Deno.readDirSync(CORPUS)].map(({ name }) => ({
    name: `corpus ${name}`,
    script: Deno.readTextFileSync(join(CORPUS, name, "script.sieve")),
    message: Deno.readTextFileSync(join(CORPUS, name, "message.eml")),
    from: "bob@example.org",
    to: "alice@example.com",
  }));
  return [...examples, ...corpus].filter(({ script }) => isShared(script));
}

/** `sieve-test` cannot be told of the null sender. */
function isPortable({ settings, from }: Example): boolean {
  return from !== "" && settings.every((line) => PORTABLE.includes(line.split(" ")[0]!));
}

function isShared(script: string): boolean {
  try {
    return parseSieve(script).commands.filter(({ name }) => name === "require").flatMap(({ args }) => args)
      .every((arg) => arg.kind === "strings" && arg.values.every(({ value }) => SHARED.includes(value)));
  } catch (error) {
    // That is for both to find.
    if (error instanceof SieveError) return true;
    throw error;
  }
}

// ---- What ours says ----

async function ours({ script, message, from, to }: Case): Promise<string> {
  try {
    const compiled = compileSieve(script);
    const [sender, recipient] = [from, to].map((text) => ({
      local: text.slice(0, text.lastIndexOf("@")),
      domain: text.slice(text.lastIndexOf("@") + 1),
    }));
    const input = makeInput(message, { envelope: { from: sender!, to: recipient!, auth: null } });
    const { actions, error } = await runSieve([compiled], input);
    return error === null ? actions.flatMap(shown).sort().join(", ") || "nothing" : "error";
  } catch (error) {
    if (error instanceof SieveError) return "refused";
    throw error;
  }
}

function shown(action: Action): string[] {
  switch (action.kind) {
    case "keep":
      return [stored("INBOX", action.flags)];
    case "fileinto":
      return [stored(action.target.mailbox, action.target.flags)];
    case "redirect":
      return [`redirect ${action.address.local}@${action.address.domain}`];
    case "note-duplicate":
      return [];
    default:
      return [action.kind.replace("ereject", "reject")];
  }
}

function stored(mailbox: string, flags: readonly string[]): string {
  return `store ${mailbox}${flags.map((flag) => ` ${flag.toLowerCase()}`).sort().join("")}`;
}

// ---- What Pigeonhole says ----

async function theirs(folder: string, { script, message, from, to }: Case): Promise<string> {
  const [file, mail] = [join(folder, "script.sieve"), join(folder, "message.eml")];
  await Deno.writeTextFile(file, script);
  await Deno.writeTextFile(mail, message.replaceAll(/\r?\n/g, "\r\n"));
  const addresses = ["-f", from, "-a", to, "-r", to];
  const args = ["-C", "-c", join(folder, "dovecot.conf"), ...addresses, file, mail];
  const { stdout, stderr } = await run("sieve-test", args, { code: null });
  const text = stdout + stderr;
  if (text.includes("failed to compile")) return "refused";
  if (text.includes("final result: failed")) return "error";
  assert.match(text, /final result: success/, text);
  const found: string[] = [];
  for (const line of text.split("\n")) {
    const [, mailbox] = /^ \* store message in folder: (.*)$/.exec(line) ?? [];
    const [, flags] = /^ +\+ add IMAP flags:(.*)$/.exec(line) ?? [];
    const [, address] = /^ \* redirect message to: <(.*)>$/.exec(line) ?? [];
    const [, what] = /^ \* (?:send )?(reject|vacation|notification)/.exec(line) ?? [];
    if (mailbox !== undefined) found.push(stored(mailbox, []));
    if (address !== undefined) found.push(`redirect ${address}`);
    if (what !== undefined) found.push(what.replace("notification", "notify"));
    if (flags !== undefined) {
      const list = flags.trim().split(/\s+/).filter((flag) => flag !== "");
      found.push(stored(found.pop()!.slice("store ".length), list));
    }
  }
  return found.sort().join(", ") || "nothing";
}

async function writeConfig(folder: string): Promise<void> {
  // Root's sieve-test wants to be somebody else, who must be able to read what is here.
  const isRoot = Deno.uid() === 0;
  const user = isRoot ? "mail_uid = nobody\nmail_gid = nogroup\n" : "";
  await Deno.chmod(folder, 0o777);
  await Deno.writeTextFile(
    join(folder, "dovecot.conf"),
    `${user}mail_home = ${folder}/home
mail_location = maildir:${folder}/home/Maildir
ssl = no
log_path = /dev/stderr
plugin {
  sieve_extensions = +editheader +vacation-seconds
}
`,
  );
}

/** `name -- reason`. */
function knownDifferences(): Map<string, string> {
  const text = Deno.readTextFileSync(join(import.meta.dirname!, "pigeonhole_differences.txt"));
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const [name = "", reason = ""] = line.split(" -- ");
    assert.ok(reason !== "", `No reason: ${line}`);
    return [name, reason];
  }));
}

Deno.test("peer: Pigeonhole says what our Sieve says", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mailden-" });
  try {
    await writeConfig(folder);
    const known = knownDifferences();
    const wrong: string[] = [];
    let same = 0;
    for (const one of portable()) {
      const [here, there] = [await ours(one), await theirs(folder, one)];
      if (here === there) same++;
      if (here !== there && !known.has(one.name)) {
        wrong.push(`${one.name}\n    ours ${here}\n    theirs ${there}`);
      }
      if (here === there && known.has(one.name)) {
        wrong.push(`${one.name} is the same now: take it off the list`);
      }
    }
    assert.equal(wrong.length, 0, `\n${wrong.join("\n")}\n`);
    // So that a mistake in what is shared does not leave nothing to compare.
    assert.ok(same >= 120, `Only ${same} are the same`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
