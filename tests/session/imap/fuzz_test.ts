/**
 * Sessions that hear nonsense, in every state, of every extension: whatever is sent, the session ends by itself when the client
 * closes, nothing is our fault, and everything that was answered follows the grammar (the harness reads all of it with the
 * pedantic client). Half of the nonsense is made of words, the other half of the commands of the dialogues, mutated.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { concatBytes, encodeLatin1, encodeUtf8 } from "../../../src/core/bytes.ts";
import { COMMANDS } from "../../../src/session/imap/commands.ts";
import type { FakeClient } from "../../support/fake_conn.ts";
import { readDialogues } from "./dialogue.ts";
import { command, ImapHarness } from "./harness.ts";
import { PATIENCE_MS } from "../../support/patience.ts";

const words = [
  ...COMMANDS.keys(),
  "INBOX",
  "Trash",
  "nowhere",
  "1:*",
  "*",
  "2,1",
  "$",
  "FLAGS",
  "+FLAGS.SILENT",
  "(\\Seen $x)",
  "BODY[]",
  "BODY.PEEK[HEADER.FIELDS (subject)]<0.9>",
  "BINARY.PEEK[1]",
  "(ENVELOPE BODYSTRUCTURE UID)",
  "(MODSEQ PREVIEW SAVEDATE EMAILID)",
  "(CHANGEDSINCE 1 VANISHED)",
  "(UNCHANGEDSINCE 1)",
  "(CONDSTORE)",
  "(QRESYNC (1 1))",
  "RETURN (MIN MAX COUNT ALL SAVE)",
  "RETURN (PARTIAL 1:2)",
  "RETURN (SUBSCRIBED CHILDREN STATUS (MESSAGES SIZE))",
  "(REVERSE ARRIVAL SUBJECT)",
  "REFERENCES UTF-8",
  "IN (mailboxes INBOX)",
  "SET (selected (MessageNew MessageExpunge FlagChange))",
  "QRESYNC",
  "UIDONLY",
  "IMAP4rev2",
  "UTF8=ACCEPT",
  "/private/comment",
  "FULL",
  "ALL",
  "NOT",
  "TEXT",
  '"quoted \\" text"',
  "{3+}\r\nabc",
  "~{3+}\r\na\0c",
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

/** Every line that a client sends in a dialogue. */
const corpus: readonly string[] = [...Deno.readDirSync(join(import.meta.dirname!, "dialogues"))]
  .filter((entry) => entry.name.endsWith(".txt"))
  .map((entry) => entry.name)
  .sort()
  .flatMap((file) => readDialogues(file))
  .flatMap(({ lines }) => lines.map(({ text }) => /^C\d?: ?(.*)$/.exec(text)?.[1] ?? []).flat())
  // What compresses the connection hides it from the pedantic client, and has tests of its own.
  .filter((text) => !text.includes("COMPRESS"));

const ofWords = fc.array(fc.constantFrom(...words.filter((word) => word !== "COMPRESS")), {
  minLength: 1,
  maxLength: 5,
}).map((list) => encodeLatin1(`x ${list.join(" ")}\r\n`));

/** A line of the corpus with some of its bytes changed, gone or doubled. */
const mutated = fc.tuple(
  fc.constantFrom(...corpus),
  fc.array(fc.tuple(fc.nat(200), fc.constantFrom("drop", "double", "change"), fc.nat(255)), { maxLength: 3 }),
).map(([text, changes]) => {
  let bytes = Array.from(encodeUtf8(text));
  for (const [place, kind, byte] of changes) {
    const at = bytes.length === 0 ? 0 : place % bytes.length;
    if (kind === "drop") bytes = bytes.toSpliced(at, 1);
    else if (kind === "double") bytes = bytes.toSpliced(at, 0, ...bytes.slice(at, at + 8));
    else bytes = bytes.toSpliced(at, 1, byte);
  }
  return concatBytes([Uint8Array.from(bytes), encodeLatin1("\r\n")]);
});

const line = fc.oneof(
  { weight: 6, arbitrary: ofWords },
  { weight: 6, arbitrary: mutated },
  {
    weight: 1,
    arbitrary: fc.string({ unit: "binary", maxLength: 30 }).map((text) => encodeUtf8(`${text}\r\n`)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("DONE\r\n", "*\r\n", "\r\n", "x", "\n", "x IDLE\r\nDONE\r\n").map(
      encodeLatin1,
    ),
  },
);

const nonsense = fc.array(line, { minLength: 1, maxLength: 12 }).map(concatBytes);

/** What the client sends to come into the state; the last line needs no answer under its tag. */
const STATES: Readonly<Record<string, readonly string[]>> = {
  "not-authenticated": [],
  "authenticated": ["LOGIN alice secret"],
  "selected": ["LOGIN alice secret", "SELECT INBOX"],
  "read-only": ["LOGIN alice secret", "EXAMINE INBOX"],
  "rev2": ["LOGIN alice secret", "ENABLE IMAP4rev2 UTF8=ACCEPT", "SELECT INBOX"],
  "qresync": ["LOGIN alice secret", "ENABLE QRESYNC", "SELECT INBOX"],
  "uid-only": ["LOGIN alice secret", "ENABLE UIDONLY", "SELECT INBOX"],
  "notified": [
    "LOGIN alice secret",
    "SELECT INBOX",
    "NOTIFY SET (selected (MessageNew MessageExpunge)) (personal (MessageNew MessageExpunge MailboxName))",
  ],
  "idle": ["LOGIN alice secret", "SELECT INBOX", "IDLE"],
};

async function enter(harness: ImapHarness, state: string, chunkSize: number): Promise<FakeClient> {
  const client = harness.connect({ chunkSize });
  await client.readLine();
  for (const text of STATES[state]!) {
    if (text !== "IDLE") assert.match((await command(client, text)).at(-1)!, /^OK/);
    else {
      client.write("t IDLE\r\n");
      await client.readLine();
    }
  }
  return client;
}

/** Fails in place of hanging. */
async function soon<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("The session does not end")), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

for (const state of Object.keys(STATES)) {
  Deno.test(`nonsense in the state ${state}`, async () => {
    await fc.assert(
      fc.asyncProperty(nonsense, fc.constantFrom(1, 7, Infinity), async (bytes, chunkSize) => {
        const harness = new ImapHarness({ limits: { badCommands: 50, loginFailures: 50 } });
        {
          await using _ = harness;
          await harness.append("INBOX", "Subject: one\r\n\r\nText\r\n");
          await harness.append("INBOX", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\npart", {
            flags: ["\\Deleted"],
          });
          const client = await enter(harness, state, chunkSize);
          client.write(bytes);
          client.close();
          await soon(client.readAll());
        }
        assert.deepEqual(harness.log.entries.filter(({ level }) => level === "error"), []);
      }),
      { numRuns: Number(Deno.env.get("FUZZ_RUNS") ?? 300) },
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
        answers.push(await soon(client.readAll()));
      }
      assert.equal(answers[0], answers[2]);
      assert.equal(answers[1], answers[2]);
    }),
    { numRuns: 50 },
  );
});
