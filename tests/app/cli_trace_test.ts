import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock, systemRandom } from "../../src/net/system.ts";
import { openSqliteStore } from "../../src/store/sqlite/mod.ts";
import type { NewTraceEvent } from "../../src/store/mod.ts";
import { silentLog } from "../support/fakes.ts";
import { COMMENTED, runCommand, temporaryFolder } from "./fixtures.ts";

const HOUR = 3_600_000;

function event(part: Partial<NewTraceEvent>): NewTraceEvent {
  return { at: 0, event: "message-refused", message: null, session: "s", fields: {}, keys: [], ...part };
}

/** A folder whose database knows of a message an hour old and of two refusals, one of them long ago. */
async function folderWithTrace() {
  const folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, "mailden.yaml"), COMMENTED);
  const store = await openSqliteStore({
    directory: join(folder.path, "data"),
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    undeleteDays: 0,
    readers: 1,
  });
  const now = systemClock.now();
  const reply = "552 5.3.4 Too \x1b[2Jlarge";
  try {
    await store.trace.record([
      event({ at: now - 2 * HOUR, event: "session-begin", fields: { client: "192.0.2.1", service: "smtp" } }),
      event({
        at: now - HOUR,
        event: "message-accepted",
        message: "m1",
        fields: {
          from: "a@x.test",
          recipients: ["alice@example.com"],
          local: ["alice@example.com"],
          size: 9,
        },
        keys: ["a@x.test", "alice@example.com", "<one@x.test>"],
      }),
      event({
        at: now - HOUR + 1,
        event: "intake-refused",
        message: "m2",
        fields: { reply },
        keys: ["b@x.test"],
      }),
      event({ at: now - HOUR + 2, message: "m2", fields: { command: "DATA", reply }, keys: ["b@x.test"] }),
      event({
        at: now - 48 * HOUR,
        fields: { command: "MAIL FROM:<b@x.test>", client: "192.0.2.1", reply: "550 5.7.1 No" },
        keys: ["b@x.test"],
      }),
    ]);
  } finally {
    await store.close();
  }
  return folder;
}

Deno.test("cli trace: by id, by Message-ID, by address, on the database itself", async () => {
  await using folder = await folderWithTrace();
  const run = (...args: string[]) => runCommand(folder.path, ["trace", ...args]);
  const story = await run("m1");
  assert.equal(story.code, 0, story.err);
  const [head, verdict, empty, ...sentences] = story.out.split("\n");
  assert.deepEqual([head, verdict, empty], [
    "Message m1",
    "Delivered to the mailbox of <alice@example.com>.",
    "",
  ]);
  assert.deepEqual(sentences.map((line) => line.slice(22)), [
    "192.0.2.1 connected to the smtp port.",
    "Accepted from <a@x.test> for <alice@example.com> (9 B), put into the mailbox of <alice@example.com>.",
  ]);
  for (const id of ["<one@x.test>", "One@X.test"]) assert.equal((await run(id)).out, story.out);

  const listed = (await run("B@x.test")).out.split("\n");
  assert.equal(listed.length, 2);
  assert.match(listed[0]!, / {2}m2 {2}Refused: 552 5\.3\.4 Too \\u001b\[2Jlarge$/);
  assert.match(
    listed[1]!,
    / {2}-{20} {2}The sender <b@x\.test> was refused to 192\.0\.2\.1; .*550 5\.7\.1 No$/,
  );
  assert.equal((await run("b@x.test", "--since", "1d")).out.split("\n").length, 1);
  assert.equal((await run("b@x.test", "--limit", "1")).out.split("\n").length, 1);
  const refused = await run("m2");
  assert.equal(refused.out.match(/Too/g)?.length, 2, "the verdict and one sentence");

  const events = (await run("m1", "--json")).out.split("\n").map((line) => JSON.parse(line).event);
  assert.deepEqual(events, ["session-begin", "message-accepted"]);
  const objects = (await run("alice@example.com", "--json")).out.split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(objects.map(({ message, verdicts }) => [message, verdicts[0].state]), [[
    "m1",
    "delivered",
  ]]);
});

Deno.test("cli trace: what is not known, and what is not understood", async () => {
  await using folder = await folderWithTrace();
  const cases: readonly (readonly [args: readonly string[], code: number, words: RegExp])[] = [
    [["m3"], 1, /^Nothing is known of "m3"/],
    [["nobody@x.test"], 1, /^Nothing is known of "nobody@x\.test"/],
    [[""], 2, /^Expected an id, an address or a Message-ID/],
    [["m1", "--since", "yesterday"], 2, /^Found "yesterday" after --since, expected a duration/],
    [["m1", "--limit", "0"], 2, /^Found "0" after --limit, expected a number from 1 to 1000/],
    [[], 2, /^Expected: mailden trace ID \| ADDRESS \| MESSAGE-ID/],
  ];
  for (const [args, code, words] of cases) {
    const result = await runCommand(folder.path, ["trace", ...args]);
    assert.equal(result.code, code, args.join(" "));
    assert.match(result.err, words);
  }
});
