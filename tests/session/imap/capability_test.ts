/** What is announced: a row in the standards page and a test for each, and all that issue 4 asks for in its right state. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { TEST_TLS } from "../../support/fake_conn.ts";
import { command, ImapHarness } from "./harness.ts";

const ROOT = join(import.meta.dirname!, "../../..");
const DIALOGUES = join(import.meta.dirname!, "dialogues");

/**
 * The RFC that a capability comes from, and where it is announced: `before` log-in, `after`, or both. The second word is what its
 * dialogues must say somewhere, where that is not the name itself.
 */
const EXPECTED: ReadonlyMap<
  string,
  readonly [rfc: number, states: "both" | "before" | "after", said?: string]
> = new Map([
  ["IMAP4rev1", [3501, "both", "SELECT"]],
  ["IMAP4rev2", [9051, "both"]],
  ["LITERAL-", [7888, "before", "+}"]],
  ["LITERAL+", [7888, "after", "+}"]],
  ["SASL-IR", [4959, "both", "AUTHENTICATE PLAIN "]],
  ["ID", [2971, "both"]],
  ["ENABLE", [5161, "both"]],
  ["IDLE", [2177, "both"]],
  ["AUTH=PLAIN", [4616, "before", "AUTHENTICATE PLAIN"]],
  ["AUTH=LOGIN", [3501, "before", "AUTHENTICATE LOGIN"]],
  ["ACL", [4314, "after", "SETACL"]],
  ["RIGHTS=", [4314, "after", "MYRIGHTS"]],
  ["APPENDLIMIT=", [7889, "after", "APPENDLIMIT"]],
  ["BINARY", [3516, "after"]],
  ["CATENATE", [4469, "after"]],
  ["CHILDREN", [3348, "after", "\\HasChildren"]],
  ["COMPRESS=DEFLATE", [4978, "after", "COMPRESS"]],
  ["CONDSTORE", [7162, "after"]],
  ["CONTEXT=SEARCH", [5267, "after", "UPDATE"]],
  ["CONTEXT=SORT", [5267, "after", "ADDTO"]],
  ["CREATE-SPECIAL-USE", [6154, "after", "(USE ("]],
  ["ESEARCH", [4731, "after"]],
  ["ESORT", [5267, "after", "SORT RETURN"]],
  ["I18NLEVEL=1", [5255, "after", "SUBJECT"]],
  ["INPROGRESS", [9585, "after", "COPY"]],
  ["LIST-EXTENDED", [5258, "after", "RECURSIVEMATCH"]],
  ["LIST-METADATA", [9590, "after", "RETURN (METADATA"]],
  ["LIST-MYRIGHTS", [8440, "after", "RETURN (MYRIGHTS"]],
  ["LIST-STATUS", [5819, "after", "STATUS ("]],
  ["METADATA", [5464, "after"]],
  ["MOVE", [6851, "after"]],
  ["MULTIAPPEND", [3502, "after", "RFC 3502"]],
  ["MULTISEARCH", [7377, "after", "ESEARCH IN"]],
  ["NAMESPACE", [2342, "after"]],
  ["NOTIFY", [5465, "after"]],
  ["OBJECTID", [8474, "after", "EMAILID"]],
  ["PARTIAL", [9394, "after"]],
  ["PREVIEW", [8970, "after"]],
  ["QRESYNC", [7162, "after"]],
  ["QUOTA", [9208, "after", "GETQUOTA"]],
  ["QUOTA=RES-MAILBOX", [9208, "after", "MAILBOX"]],
  ["QUOTA=RES-MESSAGE", [9208, "after", "MESSAGE"]],
  ["QUOTA=RES-STORAGE", [9208, "after", "STORAGE"]],
  ["REPLACE", [8508, "after"]],
  ["SAVEDATE", [8514, "after"]],
  ["SEARCH=FUZZY", [6203, "after", "FUZZY"]],
  ["SEARCHRES", [5182, "after", "RETURN (SAVE"]],
  ["SORT", [5256, "after"]],
  ["SORT=DISPLAY", [5957, "after", "DISPLAYFROM"]],
  ["SPECIAL-USE", [6154, "after"]],
  ["STATUS=SIZE", [8438, "after", "SIZE"]],
  ["THREAD=ORDEREDSUBJECT", [5256, "after", "ORDEREDSUBJECT"]],
  ["THREAD=REFERENCES", [5256, "after", "REFERENCES"]],
  ["UIDONLY", [9586, "after"]],
  ["UIDPLUS", [4315, "after", "APPENDUID"]],
  ["UNAUTHENTICATE", [8437, "after"]],
  ["UNSELECT", [3691, "after"]],
  ["UTF8=ACCEPT", [9755, "after"]],
  ["WITHIN", [5032, "after", "YOUNGER"]],
]);

/** Announced under a condition that does not hold here; each has a row too. */
const CONDITIONAL: ReadonlyMap<string, number> = new Map([
  ["MESSAGELIMIT=", 9738],
  ["AUTH=SCRAM-SHA-256", 7677],
  ["AUTH=SCRAM-SHA-256-PLUS", 7677],
  ["AUTH=OAUTHBEARER", 7628],
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
    const expected = [...EXPECTED].filter(([, [, states]]) => states === state || states === "both");
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
  const wanted = [...[...EXPECTED].map(([name, [rfc]]) => [name, rfc] as const), ...CONDITIONAL];
  for (const [name, rfc] of wanted) {
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

Deno.test("every capability is used in a dialogue", () => {
  const files = [...Deno.readDirSync(DIALOGUES)].filter(({ name }) => name.endsWith(".txt"));
  const lines = files.flatMap(({ name }) => Deno.readTextFileSync(join(DIALOGUES, name)).split("\n"));
  // That it is announced is not that it is used.
  const said = lines.filter((line) => !line.includes("CAPABILITY")).join("\n");
  for (const [name, [, , word = name]] of EXPECTED) {
    assert.ok(said.includes(word), `No dialogue says ${word} (${name})`);
  }
});
