/**
 * Sessions that hear nonsense, in every state: whatever is sent, the session ends by itself when the client closes, nothing is
 * our fault, and everything that was answered follows the grammar.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeLatin1 } from "../../../src/core/bytes.ts";
import { COMMANDS } from "../../../src/session/imap/commands.ts";
import type { FakeClient } from "../../support/fake_conn.ts";
import { checkResponses } from "./grammar.ts";
import { command, ImapHarness } from "./harness.ts";

const words = [
  ...COMMANDS.keys(),
  "INBOX",
  "Trash",
  "nowhere",
  "1:*",
  "*",
  "2,1",
  "FLAGS",
  "+FLAGS.SILENT",
  "(\\Seen $x)",
  "BODY[]",
  "BODY.PEEK[HEADER.FIELDS (subject)]<0.9>",
  "(ENVELOPE BODYSTRUCTURE UID)",
  "FULL",
  "ALL",
  "NOT",
  "TEXT",
  '"quoted \\" text"',
  "{3+}\r\nabc",
  "{4}",
  "{70000+}",
  "(MESSAGES RECENT)",
  "CHARSET",
  "DONE",
  "&AOk-",
  "%",
  '""',
  "NIL",
  "=",
  "AGFsaWNlAHNlY3JldA==",
] as const;

const line = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 5 }).map((list) =>
      `x ${list.join(" ")}\r\n`
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 30 }).map((text) => `${text}\r\n`) },
  { weight: 1, arbitrary: fc.constantFrom("DONE\r\n", "*\r\n", "\r\n", "x", "\n", "x IDLE\r\nDONE\r\n") },
);

const nonsense = fc.array(line, { minLength: 1, maxLength: 12 }).map((lines) => encodeLatin1(lines.join("")));

type State = "not-authenticated" | "authenticated" | "selected" | "read-only" | "idle";
const STATES: readonly State[] = ["not-authenticated", "authenticated", "selected", "read-only", "idle"];

async function enter(harness: ImapHarness, state: State, chunkSize: number): Promise<FakeClient> {
  const options = { chunkSize };
  if (state === "not-authenticated") {
    const client = harness.connect(options);
    await client.readLine();
    return client;
  }
  const client = await harness.login("alice", options);
  if (state !== "authenticated") {
    await command(client, `${state === "read-only" ? "EXAMINE" : "SELECT"} INBOX`);
  }
  if (state === "idle") {
    client.write("t IDLE\r\n");
    await client.readLine();
  }
  return client;
}

for (const state of STATES) {
  Deno.test(`nonsense in the state ${state}`, async () => {
    await fc.assert(
      fc.asyncProperty(nonsense, fc.constantFrom(1, 7, Infinity), async (bytes, chunkSize) => {
        const harness = new ImapHarness({ limits: { badCommands: 50, loginFailures: 50 } });
        let said: Uint8Array;
        {
          await using _ = harness;
          await harness.append("INBOX", "Subject: one\r\n\r\nText\r\n");
          await harness.append("INBOX", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\npart", {
            flags: ["\\Deleted"],
          });
          const client = await enter(harness, state, chunkSize);
          const before = client.writes.length;
          client.write(bytes);
          client.close();
          await client.readAll();
          said = encodeLatin1(client.writes.slice(before).join(""));
        }
        assert.deepEqual(harness.log.entries.filter(({ level }) => level === "error"), []);
        checkResponses(said);
      }),
      { numRuns: 150 },
    );
  });
}

Deno.test("the same bytes get the same answers, however they are cut", async () => {
  await fc.assert(
    fc.asyncProperty(nonsense, async (bytes) => {
      const answers = [];
      for (const chunkSize of [1, 5, Infinity]) {
        await using harness = new ImapHarness();
        await harness.append("INBOX", "Subject: one\r\n\r\nText\r\n");
        const client = await enter(harness, "selected", chunkSize);
        client.write(bytes);
        client.close();
        answers.push(await client.readAll());
      }
      assert.equal(answers[0], answers[2]);
      assert.equal(answers[1], answers[2]);
    }),
    { numRuns: 100 },
  );
});
