/**
 * What is announced, in its right state, and for each: a row in the standards page, the dialogue (or test) that shows it, and the one that
 * shows what it refuses. The dialogues are marked (`dialogue_marks.ts`).
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { TEST_TLS } from "../../support/fake_conn.ts";
import { markedDialogues } from "./dialogue_marks.ts";
import { command, ImapHarness } from "./harness.ts";

const ROOT = join(import.meta.dirname!, "../../..");

interface Extension {
  readonly rfc: number;
  /** Where it is announced: `before` log-in, `after`, or both; `elsewhere` under a condition that does not hold here. */
  readonly states: "both" | "before" | "after" | "elsewhere";
  /** What of it a client says: what a dialogue that shows it says and is answered OK. */
  readonly said: RegExp;
  /** What a dialogue that shows its mistakes says and is refused, where that is something else. */
  readonly refused?: RegExp;
  /** Tests that show it, or its mistakes, in the place of a dialogue: where one cannot. */
  readonly shownIn?: TestReference;
  readonly refusedIn?: TestReference;
}

type TestReference = readonly [file: string, partOfTitle: string];

const SCRAM = "tests/session/scram_test.ts";
const BEARER = "tests/session/imap/bearer_test.ts";
const PROGRESS = "tests/session/imap/progress_test.ts";

const EXTENSIONS: ReadonlyMap<string, Extension> = new Map<string, Extension>([
  ["IMAP4rev1", { rfc: 3501, states: "both", said: /^SELECT/, refused: /^(?:SELECT|FETCH)/ }],
  ["IMAP4rev2", { rfc: 9051, states: "both", said: /^ENABLE IMAP4rev2/, refused: /RETURN \(MEDIAN\)/ }],
  ["LITERAL-", { rfc: 7888, states: "before", said: /\{\d+\+\}/ }],
  ["LITERAL+", { rfc: 7888, states: "after", said: /\{\d+\+\}/ }],
  ["SASL-IR", { rfc: 4959, states: "both", said: /^AUTHENTICATE \w+ +\S+/i }],
  ["ID", { rfc: 2971, states: "both", said: /^ID/ }],
  ["ENABLE", { rfc: 5161, states: "both", said: /^ENABLE/ }],
  ["IDLE", { rfc: 2177, states: "both", said: /^IDLE/ }],
  ["AUTH=PLAIN", { rfc: 4616, states: "before", said: /^AUTHENTICATE PLAIN/ }],
  ["AUTH=LOGIN", { rfc: 3501, states: "before", said: /^AUTHENTICATE LOGIN/ }],
  ["AUTH=SCRAM-SHA-256", {
    rfc: 7677,
    states: "elsewhere",
    said: /SCRAM/,
    shownIn: [SCRAM, "with and without an initial response"],
    refusedIn: [SCRAM, "a wrong password and an unknown user look alike"],
  }],
  ["AUTH=SCRAM-SHA-256-PLUS", {
    rfc: 7677,
    states: "elsewhere",
    said: /SCRAM/,
    shownIn: [SCRAM, "-PLUS where the connection has an exporter"],
    refusedIn: [SCRAM, "no way down from there"],
  }],
  ["AUTH=OAUTHBEARER", {
    rfc: 7628,
    states: "elsewhere",
    said: /OAUTHBEARER/,
    shownIn: [BEARER, "a good token logs in"],
    refusedIn: [BEARER, "a bad token is refused"],
  }],
  ["ACL", { rfc: 4314, states: "after", said: /^SETACL/ }],
  ["RIGHTS=", { rfc: 4314, states: "after", said: /^(?:MYRIGHTS|LISTRIGHTS)/ }],
  ["APPENDLIMIT=", { rfc: 7889, states: "after", said: /APPENDLIMIT/, refused: /^APPEND/ }],
  ["BINARY", { rfc: 3516, states: "after", said: /BINARY/ }],
  ["CATENATE", { rfc: 4469, states: "after", said: /CATENATE/ }],
  ["CHILDREN", { rfc: 3348, states: "after", said: /^LIST/, refused: /CHILDREN/ }],
  ["COMPRESS=DEFLATE", {
    rfc: 4978,
    states: "after",
    said: /^COMPRESS/,
    shownIn: ["tests/session/imap/compress_test.ts", "after the answer both directions are compressed"],
  }],
  ["CONDSTORE", { rfc: 7162, states: "after", said: /CONDSTORE|CHANGEDSINCE/ }],
  ["CONTEXT=SEARCH", { rfc: 5267, states: "after", said: /SEARCH RETURN \(.*UPDATE/, refused: /UPDATE/ }],
  ["CONTEXT=SORT", { rfc: 5267, states: "after", said: /SORT RETURN \(.*UPDATE/, refused: /UPDATE/ }],
  ["CREATE-SPECIAL-USE", { rfc: 6154, states: "after", said: /^CREATE .*\(USE/ }],
  ["ESEARCH", { rfc: 4731, states: "after", said: /SEARCH RETURN/ }],
  ["ESORT", { rfc: 5267, states: "after", said: /SORT RETURN/ }],
  ["I18NLEVEL=1", { rfc: 5255, states: "after", said: /^SEARCH/ }],
  ["INPROGRESS", {
    rfc: 9585,
    states: "after",
    said: /COPY/,
    shownIn: [PROGRESS, "that takes long says so every ten seconds"],
    // The client says nothing of its own: what it must not hear.
    refusedIn: [PROGRESS, "never meets another write"],
  }],
  ["LIST-EXTENDED", { rfc: 5258, states: "after", said: /RECURSIVEMATCH/ }],
  ["LIST-METADATA", { rfc: 9590, states: "after", said: /RETURN \(METADATA/ }],
  ["LIST-MYRIGHTS", { rfc: 8440, states: "after", said: /RETURN \(MYRIGHTS/ }],
  ["LIST-STATUS", { rfc: 5819, states: "after", said: /RETURN \(STATUS/ }],
  ["MESSAGELIMIT=", { rfc: 9738, states: "elsewhere", said: /^FETCH/, refused: /^COPY/ }],
  ["METADATA", { rfc: 5464, states: "after", said: /^SETMETADATA/ }],
  ["MOVE", { rfc: 6851, states: "after", said: /^MOVE/ }],
  ["MULTIAPPEND", { rfc: 3502, states: "after", said: /^APPEND [^]*\{\d+\+?\}[^]*\{\d+\+?\}/ }],
  ["MULTISEARCH", { rfc: 7377, states: "after", said: /^ESEARCH IN/ }],
  ["NAMESPACE", { rfc: 2342, states: "after", said: /^NAMESPACE/ }],
  ["NOTIFY", { rfc: 5465, states: "after", said: /^NOTIFY/ }],
  ["OBJECTID", { rfc: 8474, states: "after", said: /EMAILID|THREADID/ }],
  ["PARTIAL", { rfc: 9394, states: "after", said: /PARTIAL/ }],
  ["PREVIEW", { rfc: 8970, states: "after", said: /PREVIEW/ }],
  ["QRESYNC", { rfc: 7162, states: "after", said: /QRESYNC/ }],
  ["QUOTA", { rfc: 9208, states: "after", said: /^GETQUOTA/ }],
  ["QUOTA=RES-MAILBOX", { rfc: 9208, states: "after", said: /^GETQUOTA/, refused: /^CREATE/ }],
  ["QUOTA=RES-MESSAGE", { rfc: 9208, states: "after", said: /^GETQUOTA/, refused: /^APPEND/ }],
  ["QUOTA=RES-STORAGE", { rfc: 9208, states: "after", said: /^GETQUOTA/, refused: /^APPEND/ }],
  ["REPLACE", { rfc: 8508, states: "after", said: /^REPLACE/ }],
  ["SAVEDATE", { rfc: 8514, states: "after", said: /SAVED/ }],
  ["SEARCH=FUZZY", { rfc: 6203, states: "after", said: /FUZZY/ }],
  ["SEARCHRES", { rfc: 5182, states: "after", said: /RETURN \(SAVE/ }],
  ["SORT", { rfc: 5256, states: "after", said: /^SORT/ }],
  ["SORT=DISPLAY", { rfc: 5957, states: "after", said: /SORT \(.*DISPLAY/, refused: /DISPLAY/ }],
  ["SPECIAL-USE", { rfc: 6154, states: "after", said: /^LIST .*SPECIAL-USE/, refused: /specialuse/ }],
  ["STATUS=SIZE", { rfc: 8438, states: "after", said: /^STATUS .*SIZE/ }],
  ["THREAD=ORDEREDSUBJECT", { rfc: 5256, states: "after", said: /^THREAD ORDEREDSUBJECT/ }],
  ["THREAD=REFERENCES", { rfc: 5256, states: "after", said: /^THREAD \(?REFERENCES/ }],
  ["UIDONLY", { rfc: 9586, states: "after", said: /^ENABLE UIDONLY/, refused: /^FETCH/ }],
  ["UIDPLUS", { rfc: 4315, states: "after", said: /^UID EXPUNGE/ }],
  ["UNAUTHENTICATE", { rfc: 8437, states: "after", said: /^UNAUTHENTICATE/ }],
  ["UNSELECT", { rfc: 3691, states: "after", said: /^UNSELECT/ }],
  ["UTF8=ACCEPT", { rfc: 9755, states: "after", said: /^ENABLE UTF8=ACCEPT/, refused: /CHARSET/ }],
  ["WITHIN", { rfc: 5032, states: "after", said: /OLDER|YOUNGER/ }],
]);

async function announced(state: "before" | "after"): Promise<Set<string>> {
  await using harness = new ImapHarness();
  const client = state === "after" ? await harness.login() : harness.connect({ tls: TEST_TLS });
  if (state === "before") await client.readLine();
  const [line] = await command(client, "CAPABILITY");
  // `NAME=value` where the value is ours to choose is known by its name.
  return new Set(line!.split(" ").slice(2).map((word) => word.replace(/^(APPENDLIMIT=|RIGHTS=).*/, "$1")));
}

for (const state of ["before", "after"] as const) {
  Deno.test(`the capabilities ${state} log-in are those of the list, no more and no less`, async () => {
    const expected = [...EXTENSIONS].filter(([, { states }]) => states === state || states === "both");
    assert.deepEqual([...await announced(state)].sort(), expected.map(([name]) => name).sort());
  });
}

Deno.test("MESSAGELIMIT is announced once there is a limit (RFC 9738 section 3)", async () => {
  await using harness = new ImapHarness({ limits: { messages: 500 } });
  const [line] = await command(await harness.login(), "CAPABILITY");
  assert.match(line!, / MESSAGELIMIT=500( |$)/);
});

/** Of each RFC: what its rows say, all in one text, and the tests that they name. */
function standards(): Map<number, string> {
  const rows = new Map<number, string>();
  for (const line of Deno.readTextFileSync(join(ROOT, "src/wire/standards.md")).split("\n")) {
    const rfc = /^\| (\d+) /.exec(line);
    if (rfc !== null) rows.set(Number(rfc[1]), `${rows.get(Number(rfc[1])) ?? ""}${line}\n`);
  }
  return rows;
}

Deno.test("every capability has a row in src/wire/standards.md that names a test that there is", () => {
  const rows = standards();
  for (const [name, { rfc }] of EXTENSIONS) {
    const row = rows.get(rfc);
    assert.ok(row !== undefined, `RFC ${rfc} (${name}) has no row`);
    for (const [path] of row.matchAll(/tests\/[\w/.-]+/g)) {
      const found = [...Deno.readDirSync(join(ROOT, path, ".."))].some((entry) =>
        entry.name.startsWith(path.split("/").at(-1)!)
      );
      assert.ok(found, `RFC ${rfc}: there is no ${path}`);
    }
    assert.match(row, /tests\//, `RFC ${rfc} (${name}) names no test`);
  }
});

Deno.test("SCRAM-SHA-256-PLUS is either announced or has a row that says why not", () => {
  const row = standards().get(7677) ?? standards().get(5802) ?? "";
  assert.match(row, /-PLUS/);
});

const DIALOGUES = markedDialogues();

/** Whether there is such a test. */
function requireTest([file, title]: TestReference): void {
  const text = Deno.readTextFileSync(join(ROOT, file));
  const titles = [...text.matchAll(/Deno\.test\(\s*(["`])(.*)\1/g)].map((match) => match[2]!);
  assert.ok(titles.some((found) => found.includes(title)), `${file} has no test "${title}"`);
}

for (const [name, { said, refused = said, shownIn, refusedIn }] of EXTENSIONS) {
  Deno.test(`${name} is shown, and what it refuses is shown`, () => {
    if (shownIn !== undefined) requireTest(shownIn);
    else {
      const shown = DIALOGUES.filter(({ shows }) => shows.includes(name));
      assert.ok(shown.length > 0, "No dialogue is marked");
      for (const { file, title, commands } of shown) {
        const does = commands.some(({ text, result }) => result === "OK" && said.test(text));
        assert.ok(does, `${file}: "${title}" does nothing of it`);
      }
    }
    if (refusedIn !== undefined) return requireTest(refusedIn);
    const negative = DIALOGUES.filter(({ refuses }) => refuses.includes(name));
    assert.ok(negative.length > 0, "No dialogue is marked");
    for (const { file, title, commands } of negative) {
      const does = commands.some(({ text, result }) =>
        result !== null && result !== "OK" && refused.test(text)
      );
      assert.ok(does, `${file}: "${title}" refuses nothing of it`);
    }
  });
}

Deno.test("no dialogue is marked with what is not announced", () => {
  const marks = DIALOGUES.flatMap(({ shows, refuses }) => [...shows, ...refuses]);
  assert.deepEqual(marks.filter((name) => !EXTENSIONS.has(name)), []);
});
