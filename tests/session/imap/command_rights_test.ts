/** Every command that touches a mailbox, and the rights that it needs in another's (RFC 4314 section 4). */
import assert from "node:assert/strict";
import { ALL_RIGHTS } from "../../../src/wire/imap/mod.ts";
import { command, ImapHarness } from "./harness.ts";

const BOX = "Shared/alice@example.com/Box";
const LITERAL = "{4+}\r\nA: b";

interface Row {
  readonly say: string;
  readonly needs: string;
  /** Said with the mailbox selected. */
  readonly selected?: boolean;
}

const ROWS: readonly Row[] = [
  { say: `SELECT ${BOX}`, needs: "r" },
  { say: `EXAMINE ${BOX}`, needs: "r" },
  { say: `STATUS ${BOX} (MESSAGES)`, needs: "r" },
  { say: `SUBSCRIBE ${BOX}`, needs: "l" },
  { say: `APPEND ${BOX} ${LITERAL}`, needs: "i" },
  { say: `APPEND INBOX CATENATE (URL "/${BOX}/;UID=1")`, needs: "r" },
  { say: `CREATE ${BOX}/new`, needs: "k" },
  { say: `DELETE ${BOX}`, needs: "x" },
  { say: `RENAME ${BOX} Shared/alice@example.com/Above/Moved`, needs: "x" },
  { say: `GETACL ${BOX}`, needs: "a" },
  { say: `SETACL ${BOX} carol@example.com lr`, needs: "a" },
  { say: `DELETEACL ${BOX} carol@example.com`, needs: "a" },
  { say: `LISTRIGHTS ${BOX} carol@example.com`, needs: "a" },
  { say: `GETQUOTAROOT ${BOX}`, needs: "r" },
  { say: `GETMETADATA ${BOX} /shared/comment`, needs: "l" },
  { say: `SETMETADATA ${BOX} (/shared/comment "x")`, needs: "lw" },
  { say: "STORE 1 +FLAGS (\\Seen)", needs: "s", selected: true },
  { say: "STORE 1 +FLAGS (\\Deleted)", needs: "t", selected: true },
  { say: "STORE 1 +FLAGS (\\Flagged $Work)", needs: "w", selected: true },
  { say: "EXPUNGE", needs: "e", selected: true },
  { say: "UID EXPUNGE 1", needs: "e", selected: true },
  { say: "MOVE 1 INBOX", needs: "te", selected: true },
  { say: `REPLACE 1 INBOX ${LITERAL}`, needs: "te", selected: true },
  { say: `COPY 1 ${BOX}`, needs: "i", selected: true },
];

async function said({ say, selected = false }: Row, rights: string): Promise<string> {
  await using harness = new ImapHarness();
  const alice = await harness.login("alice");
  for (const name of ["Above", "Box"]) await command(alice, `CREATE ${name}`);
  await harness.append("Box", "A: b\r\n\r\nText\r\n");
  await command(alice, "SETACL Above bob@example.com lk");
  await command(alice, `SETACL Box bob@example.com ${rights === "" ? '""' : rights}`);
  const bob = await harness.login("bob");
  if (selected) await command(bob, `SELECT ${BOX}`);
  return (await command(bob, say)).at(-1)!;
}

for (const row of ROWS) {
  Deno.test(`${row.say.split("\r\n")[0]} needs ${row.needs}`, async () => {
    for (const right of row.needs) {
      const others = [...ALL_RIGHTS].filter((other) => other !== right).join("");
      assert.match(
        await said(row, others),
        /^NO \[(?:NOPERM|NONEXISTENT|TRYCREATE|BADURL)/,
        `without ${right}`,
      );
    }
    // What is needed is enough, with what it takes to see and select the mailbox.
    const enough = [...new Set(`${row.selected === true ? "lr" : "l"}${row.needs}`)].join("");
    const also = row.say.startsWith("GETMETADATA") ? "r" : "";
    assert.match(await said(row, enough + also), /^OK/, `with ${enough}`);
    assert.match(await said(row, ""), /^(?:NO|BAD)/, "without any");
  });
}
