import assert from "node:assert/strict";
import { join } from "node:path";
import { parseConfig } from "../../src/app/config/mod.ts";
import { makeDirectory } from "../../src/intake/mod.ts";

const README = join(import.meta.dirname!, "../../README.md");

/** What stands in a fenced block; one in a list is indented. */
function yamlBlocks(text: string): string[] {
  return [...text.matchAll(/^( *)```yaml\n([^]*?)^\1```$/gm)].map(([, indent = "", block = ""]) =>
    block.replaceAll(new RegExp(`^${indent}`, "gm"), "")
  );
}

Deno.test("README: every configuration in it is one", async () => {
  // The others are parts of one, explained beside it.
  const blocks = yamlBlocks(await Deno.readTextFile(README)).filter((text) => /^domains:/m.test(text));
  assert.ok(blocks.length >= 3);
  for (const block of blocks) {
    const text = /^hostname:/m.test(block) ? block : `hostname: mx.example.com\n${block}`;
    parseConfig(text, "/etc/mailden/mailden.yaml");
  }
});

Deno.test("README: the example of names, lists and forwards leads where it says", async () => {
  const block = yamlBlocks(await Deno.readTextFile(README)).find((text) => text.includes("spam_fields"))!;
  const config = parseConfig(`hostname: mx.example.com\n${block}`, "/etc/mailden/mailden.yaml");
  assert.deepEqual(config.delivery.spamFields, [{ name: "x-spam-flag", value: "yes" }]);
  const directory = makeDirectory(config.directory);
  const ends = (local: string, domain = "example.com") => {
    const found = directory.resolve({ local, domain });
    return found.kind === "found" ? [...found.accounts, ...found.remote.map(({ local }) => local)] : [];
  };
  const alice = ["alice@example.com"];
  for (const local of ["sales", "info", "alice+shop", "whoever"]) assert.deepEqual(ends(local), alice, local);
  assert.deepEqual(ends("all"), ["alice@example.com", "bob@example.com", "dave"]);
  assert.deepEqual(ends("info", "example.net"), alice);
  for (const local of ["old", "spam-7"]) assert.deepEqual(ends(local), [], local);
  assert.deepEqual(directory.account("bob@example.com")?.forward, {
    to: [{ local: "bob", domain: "elsewhere.org" }],
    keepCopy: true,
  });
});
