/** LIST against a model of a few lines: which names, and what is said of each (RFC 5258, RFC 9051 sections 6.3.9.3 to 6.3.9.6). */
import assert from "node:assert/strict";
import fc from "fast-check";
import { command, ImapHarness } from "./harness.ts";

const levels = fc.array(fc.constantFrom("a", "b", "ab"), { minLength: 1, maxLength: 3 });
const names = fc.uniqueArray(levels.map((parts) => parts.join("/")), { minLength: 1, maxLength: 6 });
const patterns = fc.array(fc.stringMatching(/^[ab/%*]{1,4}$/), { minLength: 1, maxLength: 2 });

interface World {
  readonly made: readonly string[];
  readonly subscribed: readonly string[];
  /** They stay subscribed. */
  readonly deleted: readonly string[];
}

const worlds: fc.Arbitrary<World> = names.chain((made) =>
  fc.record({
    made: fc.constant(made),
    subscribed: fc.subarray(made),
    deleted: fc.subarray(made),
  })
);

/** What there is in the end: with each mailbox those above it were made. */
function mailboxes({ made, deleted }: World): Set<string> {
  const all = new Set(made.flatMap((name) => [...above(name), name]));
  for (const name of deleted) all.delete(name);
  return all;
}

function above(name: string): string[] {
  const parts = name.split("/");
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join("/"));
}

function matcher(texts: readonly string[]): (name: string) => boolean {
  const all = texts.map((text) => new RegExp(`^${text.replaceAll("*", ".*").replaceAll("%", "[^/]*")}$`));
  return (name) => all.some((pattern) => pattern.test(name));
}

/** The lines that LIST (SUBSCRIBED) must say, in no order; with `recursive` also those for what the patterns leave out. */
function expected(world: World, texts: readonly string[], recursive: boolean): string[] {
  const there = mailboxes(world);
  const matches = matcher(texts);
  const selected = new Set(world.subscribed);
  const isParentOf = (parent: string, name: string) => name.startsWith(`${parent}/`);
  const candidates = new Set([...selected].flatMap((name) => [...above(name), name]));
  return [...candidates].filter(matches).flatMap((name) => {
    const below = [...selected].filter((other) => isParentOf(name, other));
    const isTold = selected.has(name) || (recursive && below.some((other) => !matches(other)));
    if (!isTold) return [];
    const attributes = [
      ...(there.has(name) ? [] : ["\\NonExistent"]),
      [...there].some((other) => isParentOf(name, other)) ? "\\HasChildren" : "\\HasNoChildren",
      ...(selected.has(name) ? ["\\Subscribed"] : []),
    ];
    const info = recursive && below.length > 0 ? ' ("CHILDINFO" ("SUBSCRIBED"))' : "";
    return [`* LIST (${attributes.join(" ")}) "/" ${name}${info}`];
  }).sort();
}

for (const recursive of [false, true]) {
  Deno.test(`LIST (SUBSCRIBED${recursive ? " RECURSIVEMATCH" : ""}) tells what a model tells`, async () => {
    await fc.assert(
      fc.asyncProperty(worlds, patterns, async (world, texts) => {
        await using harness = new ImapHarness();
        const client = await harness.login();
        for (const name of world.made) await command(client, `CREATE ${name}`);
        for (const name of ["INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"]) {
          await command(client, `UNSUBSCRIBE ${name}`);
        }
        for (const name of world.subscribed) await command(client, `SUBSCRIBE ${name}`);
        for (const name of world.deleted) await command(client, `DELETE ${name}`);
        const options = recursive ? "SUBSCRIBED RECURSIVEMATCH" : "SUBSCRIBED";
        const lines = await command(client, `LIST (${options}) "" (${texts.join(" ")})`);
        assert.equal(lines.pop(), "OK Listed");
        assert.deepEqual(lines.sort(), expected(world, texts, recursive));
      }),
      { numRuns: 150 },
    );
  });
}
