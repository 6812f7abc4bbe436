/** Every command, and the rights that it needs in another's mailbox (RFC 4314 section 4): with each of them missing, and with no more. */
import assert from "node:assert/strict";
import { COMMANDS } from "../../../src/session/imap/commands.ts";
import { ALL_RIGHTS } from "../../../src/wire/imap/mod.ts";
import { command, ImapHarness } from "./harness.ts";

const OWNER = "Shared/alice@example.com";
const BOX = `${OWNER}/Box`;
const LITERAL = "{4+}\r\nA: b";

interface Row {
  readonly say: string;
  /** All of these. */
  readonly needs: string;
  /** And at least one of these. */
  readonly any?: string;
  /** Said with the mailbox selected, which takes "r". */
  readonly selected?: boolean;
  /** Said while all rights are there still. */
  readonly before?: readonly string[];
  /** Whose rights are meant: of `Box`, unless it says otherwise; all rights are there on the other. */
  readonly on?: "Box" | "Above";
  /** What shows that it was allowed: a line of the answer, or what the owner sees afterwards. Otherwise it is OK. */
  readonly shown?: RegExp;
  readonly after?: { readonly say: string; readonly shown: RegExp };
}

const ROWS: readonly Row[] = [
  { say: `SELECT ${BOX}`, needs: "r" },
  { say: `EXAMINE ${BOX}`, needs: "r" },
  { say: `STATUS ${BOX} (MESSAGES)`, needs: "r" },
  { say: `SUBSCRIBE ${BOX}`, needs: "l" },
  { say: `UNSUBSCRIBE ${BOX}`, needs: "", before: [`SUBSCRIBE ${BOX}`] },
  { say: `LIST "" ${BOX}`, needs: "l", shown: / Shared\/alice@example\.com\/Box$/m },
  { say: `LIST "" ${BOX} RETURN (MYRIGHTS)`, needs: "l", shown: /^\* MYRIGHTS/m },
  { say: `LIST "" ${BOX} RETURN (STATUS (MESSAGES))`, needs: "lr", shown: /^\* STATUS/m },
  {
    say: `LIST "" ${BOX} RETURN (METADATA (/shared/comment))`,
    needs: "l",
    any: "rswip",
    shown: /^\* METADATA/m,
  },
  // What is subscribed is told without a right too (section 4), but not that it is there.
  { say: `LSUB "" ${BOX}`, needs: "l", before: [`SUBSCRIBE ${BOX}`], shown: /^\* LSUB \(\) /m },
  { say: `LIST (SUBSCRIBED) "" ${BOX}`, needs: "", before: [`SUBSCRIBE ${BOX}`], shown: /\\Subscribed/ },
  { say: `APPEND ${BOX} ${LITERAL}`, needs: "i" },
  { say: `APPEND INBOX CATENATE (URL "/${BOX}/;UID=1")`, needs: "r" },
  { say: `CREATE ${BOX}/new`, needs: "k" },
  { say: `DELETE ${BOX}`, needs: "x" },
  { say: `RENAME ${BOX} ${OWNER}/Above/Moved`, needs: "x" },
  { say: `RENAME ${BOX} ${OWNER}/Above/Moved`, needs: "k", on: "Above" },
  { say: `GETACL ${BOX}`, needs: "a" },
  { say: `SETACL ${BOX} carol@example.com lr`, needs: "a" },
  { say: `DELETEACL ${BOX} carol@example.com`, needs: "a" },
  { say: `LISTRIGHTS ${BOX} carol@example.com`, needs: "a" },
  { say: `MYRIGHTS ${BOX}`, needs: "", any: "lrikxa" },
  // RFC 9208 section 6.
  { say: `GETQUOTAROOT ${BOX}`, needs: "r" },
  // RFC 5464 section 3.3; what everybody sees takes more here (standards.md).
  { say: `GETMETADATA ${BOX} /shared/comment`, needs: "l", any: "rswip" },
  { say: `SETMETADATA ${BOX} (/private/comment "x")`, needs: "l", any: "rswip" },
  { say: `SETMETADATA ${BOX} (/shared/comment "x")`, needs: "lw" },
  // RFC 7377 section 2.2: what may not be read is passed over, and so is what may not be looked up and was not named.
  { say: `ESEARCH IN (mailboxes ${BOX}) RETURN (COUNT) ALL`, needs: "r", shown: /^\* ESEARCH .*COUNT 1/m },
  { say: `ESEARCH IN (subtree ${OWNER}) RETURN (COUNT) ALL`, needs: "lr", shown: /^\* ESEARCH .*COUNT 1/m },
  // RFC 5465 section 3.1.
  {
    say: `NOTIFY SET STATUS (mailboxes ${BOX} (MessageNew MessageExpunge))`,
    needs: "lr",
    shown: /^\* STATUS/m,
  },
  ...["CHECK", "UNSELECT"].map((name) => inSelected(name, "")),
  ...["SEARCH ALL", "SORT (DATE) UTF-8 ALL", "THREAD REFERENCES UTF-8 ALL", "FETCH 1 FLAGS", `COPY 1 INBOX`]
    .flatMap((say) => [inSelected(say, ""), inSelected(`UID ${say}`, "")]),
  ...["STORE 1 +FLAGS (\\Seen)", "UID STORE 1 -FLAGS (\\Seen)"].map((say) => inSelected(say, "s")),
  ...["STORE 1 +FLAGS (\\Deleted)", "UID STORE 1 -FLAGS (\\Deleted)"].map((say) => inSelected(say, "t")),
  ...["STORE 1 +FLAGS (\\Flagged $Work)", "UID STORE 1 -FLAGS (\\Draft)"].map((say) => inSelected(say, "w")),
  ...["EXPUNGE", "UID EXPUNGE 1"].map((say) => inSelected(say, "e")),
  ...["MOVE 1 INBOX", "UID MOVE 1 INBOX", `REPLACE 1 INBOX ${LITERAL}`, `UID REPLACE 1 INBOX ${LITERAL}`]
    .map((say) => inSelected(say, "te")),
  ...["COPY", "UID COPY"].map((name) => inSelected(`${name} 1 ${BOX}`, "i")),
  ...["MOVE", "UID MOVE"].map((name) => inSelected(`${name} 1 ${BOX}`, "ite")),
  ...["REPLACE", "UID REPLACE"].map((name) => inSelected(`${name} 1 ${BOX} ${LITERAL}`, "ite")),
  // These do without a right what can be done without it.
  { ...inSelected("FETCH 1 BODY[TEXT]<0.1>", "s"), after: { say: "STATUS Box (UNSEEN)", shown: /UNSEEN 0/ } },
  {
    ...inSelected("CLOSE", "e"),
    before: [`SELECT ${BOX}`, "STORE 1 +FLAGS.SILENT (\\Deleted)", "UNSELECT"],
    after: { say: "STATUS Box (MESSAGES)", shown: /MESSAGES 0/ },
  },
];

function inSelected(say: string, needs: string): Row {
  return { say, needs: `r${needs}`, selected: true };
}

/** Commands that touch nobody's mailbox, or one's own only. */
const NO_RIGHTS = [
  ...[
    "AUTHENTICATE",
    "CAPABILITY",
    "COMPRESS",
    "ENABLE",
    "ID",
    "LOGIN",
    "LOGOUT",
    "NAMESPACE",
    "NOOP",
    "STARTTLS",
  ],
  // Who may no longer read what is selected is sent away (dialogues/63_shared.txt), out of IDLE too; a context is the session's own.
  ...["IDLE", "CANCELUPDATE"],
  // An account asks for its own quota, and nobody sets one.
  ...["GETQUOTA", "SETQUOTA", "UNAUTHENTICATE"],
];

Deno.test("there is a row for each command that touches mailboxes", () => {
  const names = ROWS.map(({ say }) => /^(?:UID )?[A-Z]+/.exec(say)![0]);
  const known = [...new Set([...names, ...NO_RIGHTS])].sort();
  assert.deepEqual(known, [...COMMANDS.keys()].sort());
});

async function said(
  row: Row,
  rights: string,
): Promise<{ readonly isAllowed: boolean; readonly text: string }> {
  await using harness = new ImapHarness();
  const alice = await harness.login("alice");
  const grant = async (name: string, given: string) => {
    await command(alice, `SETACL ${name} bob@example.com ${given === "" ? '""' : given}`);
  };
  for (const name of ["Above", "Box"]) {
    await command(alice, `CREATE ${name}`);
    await grant(name, ALL_RIGHTS);
  }
  await harness.append("Box", "A: b\r\n\r\nText\r\n");
  const bob = await harness.login("bob");
  for (const text of row.before ?? []) await command(bob, text);
  await grant(row.on ?? "Box", rights);
  if (row.selected === true) await command(bob, `SELECT ${BOX}`);
  const lines = await command(bob, row.say);
  const text = lines.join("\n");
  if (row.after !== undefined) {
    return { isAllowed: row.after.shown.test((await command(alice, row.after.say)).join("\n")), text };
  }
  const isAllowed = row.shown?.test(text) ?? lines.at(-1)!.startsWith("OK");
  // What shows itself by what is told is OK in any case: LIST and its like never say NO (section 4).
  if (row.shown !== undefined) assert.match(lines.at(-1)!, /^OK/);
  else if (!isAllowed) {
    assert.match(
      lines.at(-1)!,
      /^(?:NO \[(?:NOPERM|NONEXISTENT|TRYCREATE|BADURL|READ-ONLY)[\] ]|BAD Select)/,
    );
  }
  return { isAllowed, text };
}

for (const row of ROWS) {
  const { needs, any = "", on = "Box" } = row;
  const title = `${row.say.split("\r\n")[0]} needs ${needs || "nothing"}`;
  Deno.test(`${title}${any === "" ? "" : ` and one of ${any}`}${on === "Box" ? "" : ` on ${on}`}`, async () => {
    const check = async (rights: string, expected: boolean) => {
      const { isAllowed, text } = await said(row, rights);
      assert.equal(isAllowed, expected, `with the rights "${rights}":\n${text}`);
    };
    // Each right missing alone.
    for (const right of ALL_RIGHTS) {
      await check(ALL_RIGHTS.replace(right, ""), !needs.includes(right));
    }
    // What is needed is enough.
    for (const one of any === "" ? [""] : any) await check([...new Set(needs + one)].join(""), true);
    const without = [...ALL_RIGHTS].filter((right) => !any.includes(right)).join("");
    if (any !== "") await check(without, false);
    await check("", needs === "" && any === "");
  });
}
