/**
 * Each folder of `corpus/` is one message through one script: `script.sieve`, `message.eml` and `expected.json`, which holds the
 * mailboxes with the subjects (and flags) of what is in them, what is sent and to whom, and the refusal.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { FilterHarness } from "./support.ts";

const CORPUS = join(import.meta.dirname!, "corpus");

interface Expected {
  readonly from?: string;
  readonly to?: string;
  readonly mailboxes: Record<string, string[]>;
  /** Each as `recipient (sender): a line that is in it`. */
  readonly sent?: readonly {
    readonly to: string;
    readonly from: string;
    readonly contains: readonly string[];
  }[];
  readonly refusal?: string;
  /** Lines that are in the first message of INBOX. */
  readonly inbox?: readonly string[];
}

for (const { name } of [...Deno.readDirSync(CORPUS)].sort((a, b) => a.name < b.name ? -1 : 1)) {
  Deno.test(`filter corpus: ${name}`, async () => {
    const read = (file: string) => Deno.readTextFile(join(CORPUS, name, file));
    const expected = JSON.parse(await read("expected.json")) as Expected;
    const harness = new FilterHarness();
    await harness.script(await read("script.sieve"));
    const result = await harness.mail(await read("message.eml"), {
      ...(expected.from === undefined ? {} : { from: expected.from }),
      ...(expected.to === undefined ? {} : { to: expected.to }),
    });
    assert.equal(typeof result === "string" ? result : undefined, expected.refusal);
    assert.deepEqual(await harness.mailboxes(), expected.mailboxes);
    const sent = await harness.sent();
    const wanted = expected.sent ?? [];
    assert.deepEqual(sent.map(({ to, from }) => [to, from]), wanted.map(({ to, from }) => [to, from]));
    for (const [place, { contains }] of wanted.entries()) {
      for (const line of contains) {
        assert.ok(sent[place]!.text.split("\r\n").includes(line), `${line} in\n${sent[place]!.text}`);
      }
    }
    const [first] = expected.inbox === undefined ? [] : await harness.texts("INBOX");
    for (const line of expected.inbox ?? []) {
      assert.ok(first!.split("\r\n").includes(line), `${line} in\n${first}`);
    }
  });
}
