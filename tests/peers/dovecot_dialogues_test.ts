/**
 * Our dialogues against Dovecot: those blocks that use nothing of our own, and that it can answer by its own word, must go the same way
 * there but for their `O:` lines, or stand with the reason in dovecot_differences.txt. With DIALOGUES_AT=host:port they go to that server in place of the Dovecot that is
 * started here; it must be empty before, and its difference from us is only printed.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readDialogues } from "../session/imap/dialogue.ts";
import { canAnswer, capabilitiesOf, differenceAt, isPortable } from "../session/imap/dialogue_at.ts";
import { Dovecot } from "../support/dovecot.ts";

const DIALOGUES = join(import.meta.dirname!, "../session/imap/dialogues");

const blocks = [...Deno.readDirSync(DIALOGUES)]
  .map((entry) => entry.name)
  .filter((name) => name.endsWith(".txt"))
  .sort()
  .flatMap((file) => readDialogues(file).filter(isPortable).map((dialogue) => ({ file, dialogue })));

/** `file: title -- reason` */
function knownDifferences(): Map<string, string> {
  const known = new Map<string, string>();
  const text = Deno.readTextFileSync(join(import.meta.dirname!, "dovecot_differences.txt"));
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [what = "", reason = ""] = line.split(" -- ");
    assert.ok(reason !== "", `No reason: ${line}`);
    known.set(what, reason);
  }
  return known;
}

Deno.test("Dovecot says what our dialogues say", async () => {
  const elsewhere = Deno.env.get("DIALOGUES_AT");
  if (elsewhere !== undefined) return await report(elsewhere);
  const known = knownDifferences();
  const wrong: string[] = [];
  let same = 0;
  await using dovecot = await Dovecot.start();
  const server = { host: "127.0.0.1", port: dovecot.port };
  const capabilities = await capabilitiesOf(server);
  for (const { file, dialogue } of blocks) {
    const name = `${file}: ${dialogue.title}`;
    const isKnown = known.delete(name);
    if (!canAnswer(dialogue, capabilities)) continue;
    await dovecot.wipe();
    const difference = await differenceAt(dialogue, server);
    if (difference === null) same++;
    if (difference !== null && !isKnown) wrong.push(`${name}\n    ${difference}`);
    if (difference === null && isKnown) wrong.push(`${name}\n    is the same now: take it off the list`);
  }
  wrong.push(...[...known.keys()].map((name) => `${name}\n    is no dialogue: take it off the list`));
  assert.equal(wrong.length, 0, `\n${wrong.join("\n")}\n`);
  // So that a mistake in what is portable does not leave nothing to compare.
  assert.ok(same >= 150, `Only ${same} dialogues are the same`);
});

async function report(address: string): Promise<void> {
  const { hostname, port } = new URL(`imap://${address}`);
  for (const { file, dialogue } of blocks) {
    const difference = await differenceAt(dialogue, { host: hostname, port: Number(port) });
    console.log(
      `${difference === null ? "same " : "OTHER"} ${file}: ${dialogue.title}${
        difference === null ? "" : `\n      ${difference}`
      }`,
    );
  }
}
