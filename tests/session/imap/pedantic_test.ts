/** The pedantic client is a test of the server only if it refuses what a server must not say. */
import assert from "node:assert/strict";
import { constants, deflateRawSync } from "node:zlib";
import { encodeLatin1 } from "../../../src/core/bytes.ts";
import { GrammarError, PedanticImap } from "../../support/pedantic_imap.ts";

const GREETING = "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready";
const LOGIN = `${GREETING}\nC: l LOGIN a b\nS: l OK [CAPABILITY IMAP4rev1 UIDPLUS] in`;
const SELECT = `${LOGIN}
C: s SELECT INBOX
S: * FLAGS (\\Seen \\Deleted)
S: * OK [PERMANENTFLAGS (\\Seen \\*)] kept
S: * 3 EXISTS
S: * 0 RECENT
S: * OK [UIDVALIDITY 1] valid
S: * OK [UIDNEXT 9] next
S: s OK [READ-WRITE] open`;

/**
 * Plays `C:` and `S:` lines, each with CR LF; `S|` is a line without it, `LF` an LF of the server. After the OK to a COMPRESS all
 * is compressed but for a line `P:` of the server.
 */
function play(script: string): void {
  const pedant = new PedanticImap();
  let isCompressed = false;
  for (const line of script.split("\n")) {
    const text = line === "LF" ? "\n" : line.startsWith("S| ") ? line.slice(3) : `${line.slice(3)}\r\n`;
    const bytes = isCompressed && !line.startsWith("P") ? deflated(encodeLatin1(text)) : encodeLatin1(text);
    if (line === "S: z OK compressed") isCompressed = true;
    if (line.startsWith("C")) pedant.sent(bytes);
    else pedant.heard(bytes);
  }
  pedant.ended();
}

/** Blocks that can stand behind others. */
function deflated(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }));
}

const good: [string, string][] = [
  ["FETCH", `${SELECT}\nC: a FETCH 1 (FLAGS UID)\nS: * 1 FETCH (FLAGS (\\Seen) UID 4)\nS: a OK done`],
  ["an empty flag list", `${SELECT}\nC: a FETCH 1 FLAGS\nS: * 1 FETCH (FLAGS ())\nS: a OK done`],
  ["a literal", `${SELECT}\nC: a FETCH 1 BODY.PEEK[]\nS: * 1 FETCH (BODY[] {3}\nS: abc)\nS: a OK done`],
  [
    "a partial section",
    `${SELECT}\nC: a FETCH 1 BODY[TEXT]<2.3>\nS: * 1 FETCH (BODY[TEXT]<2> "abc")\nS: a OK done`,
  ],
  ["EXPUNGE in NOOP", `${SELECT}\nC: a NOOP\nS: * 2 EXPUNGE\nS: * 2 EXPUNGE\nS: a OK done`],
  ["EXPUNGE in UID FETCH", `${SELECT}\nC: a UID FETCH 9 FLAGS\nS: * 3 EXPUNGE\nS: a OK done`],
  ["COPYUID", `${SELECT}\nC: a COPY 1:3 x\nS: a OK [COPYUID 5 1:2,7 10:12] done`],
  ["a literal that is refused", `${LOGIN}\nC: a SELECT {5}\nS: a BAD [TOOBIG] no\nC: b NOOP\nS: b OK done`],
  [
    "a literal that is taken",
    `${LOGIN}\nC: a STATUS {5}\nS: + go\nC: INBOX (MESSAGES)\nS: * STATUS INBOX (MESSAGES 1)\nS: a OK done`,
  ],
  ["IDLE", `${SELECT}\nC: a IDLE\nS: + idling\nS: * 4 EXISTS\nC: DONE\nS: a OK done`],
  [
    "a partial section that was asked for with zeros",
    `${SELECT}\nC: a FETCH 1 BODY[]<000.10>\nS: * 1 FETCH (BODY[]<0> "abc")\nS: a OK done`,
  ],
  ["a literal8 right behind the tag", `${LOGIN}\nC: a~{3+}\nC: abc\nS: a BAD no`],
  ["a literal8 in place of a tag", `${LOGIN}\nC: ~{3+}\nC: abc\nS: * BAD no\nC: a~ NOOP\nS: a~ OK done`],
  ["THREAD", `${SELECT}\nC: a THREAD REFERENCES UTF-8 ALL\nS: * THREAD (1 2)((3))\nS: a OK done`],
  [
    "ESEARCH",
    `${SELECT}\nC: a SEARCH RETURN (MIN MAX COUNT ALL) ALL\n` +
    `S: * ESEARCH (TAG "a") MIN 1 MAX 3 COUNT 2 ALL 1,3\nS: a OK done`,
  ],
];

const OPENED = `S: * FLAGS (\\Seen)
S: * OK [PERMANENTFLAGS (\\Seen)] kept
S: * 1 EXISTS
S: * 0 RECENT
S: * OK [UIDVALIDITY 1] valid
S: * OK [UIDNEXT 9] next
S: x OK [READ-WRITE] open`;
/** The client does not wait for the `+`: what a line is, is decided by what the server says. */
const HASTY = `${SELECT}\nC: x IDLE\nC: x\nC: x CLOSE\nC: x SELECT y`;
const HASTY_IDLE = "S: + idling\nS: x BAD no";
/** From the answer on both directions are compressed. */
const COMPRESS = `${SELECT}\nC: z COMPRESS DEFLATE\nS: z OK compressed`;

good.push(
  ["another mailbox after a hasty IDLE", `${HASTY}\n${HASTY_IDLE}\nS: x OK closed\n${OPENED}`],
  ["a hasty IDLE that is refused", `${SELECT}\nC: x IDLE\nC: y NOOP\nS: x BAD no\nS: y OK done`],
  [
    "a hasty AUTHENTICATE",
    `${GREETING}\nC: a AUTHENTICATE PLAIN\nC: AGEAYg==\nC: b NOOP\nS: +\x20\nS: a OK in\nS: b OK done`,
  ],
  [
    "a hasty AUTHENTICATE that is refused",
    `${GREETING}\nC: a AUTHENTICATE X\nC: b NOOP\nS: a NO no\nS: b OK done`,
  ],
  [
    "a hasty literal",
    `${LOGIN}\nC: a STATUS {5}\nC: INBOX (MESSAGES)\nC: b NOOP\nS: + go\nS: * STATUS INBOX (MESSAGES 1)\n` +
    "S: a OK done\nS: b OK done",
  ],
  ["a hasty literal that is refused", `${LOGIN}\nC: a X {5}\nC: b NOOP\nS: a BAD no\nS: b OK done`],
  [
    "under compression",
    `${COMPRESS}\nC: a NOOP\nS: * 4 EXISTS\nS: a OK done\nC: b IDLE\nC: DONE\nS: + go\nS: b OK done`,
  ],
);

const wrong: [string, string][] = [
  [
    "EXISTS that falls, after a hasty IDLE",
    `${HASTY}
${HASTY_IDLE}
S: * 2 EXISTS`,
  ],
  [
    "a second answer to a hasty IDLE",
    `${HASTY}
${HASTY_IDLE}
S: x OK closed
${OPENED}
S: x OK again`,
  ],
  [
    "FETCH beyond the last, under compression",
    `${COMPRESS}
C: a FETCH 1:* FLAGS
S: * 4 FETCH (FLAGS ())`,
  ],
  [
    "compressed bytes that are none",
    `${COMPRESS}
C: a NOOP
P: a OK done`,
  ],
  ["LF alone", `${GREETING}\nC: a NOOP\nS| a OK done\nLF`],
  ["two spaces", `${SELECT}\nC: a FETCH 1 (FLAGS UID)\nS: * 1 FETCH (FLAGS ()  UID 4)`],
  ["a space at the end", `${SELECT}\nC: a FETCH 1 FLAGS\nS: * 1 FETCH (FLAGS ()) `],
  ["a space before the parenthesis", `${SELECT}\nC: a FETCH 1 FLAGS\nS: * 1 FETCH (FLAGS (\\Seen ))`],
  ["a tag of nobody", `${GREETING}\nC: a NOOP\nS: b OK done`],
  ["an answer out of order", `${GREETING}\nC: a NOOP\nC: b NOOP\nS: b OK done`],
  ["a response that is none", `${GREETING}\nC: a NOOP\nS: * HELLO`],
  ["a code that is none", `${GREETING}\nC: a NOOP\nS: a OK [BLA] done`],
  ["status without text", `${GREETING}\nC: a NOOP\nS: a OK `],
  ["data with no command", `${SELECT}\nS: * 4 EXISTS`],
  ["EXPUNGE in FETCH (RFC 3501 section 7.4.1)", `${SELECT}\nC: a FETCH 1 FLAGS\nS: * 3 EXPUNGE`],
  ["EXPUNGE in STORE", `${SELECT}\nC: a STORE 1 FLAGS ()\nS: * 3 EXPUNGE`],
  ["EXPUNGE in SEARCH", `${SELECT}\nC: a SEARCH ALL\nS: * 3 EXPUNGE`],
  ["EXPUNGE beyond the last", `${SELECT}\nC: a NOOP\nS: * 4 EXPUNGE`],
  ["EXPUNGE 0", `${SELECT}\nC: a NOOP\nS: * 0 EXPUNGE`],
  ["EXISTS that falls", `${SELECT}\nC: a NOOP\nS: * 2 EXISTS`],
  ["FETCH beyond the last", `${SELECT}\nC: a FETCH 1:* FLAGS\nS: * 4 FETCH (FLAGS ())`],
  ["FETCH of what was not asked", `${SELECT}\nC: a FETCH 1 FLAGS\nS: * 1 FETCH (RFC822.SIZE 3)`],
  ["another section", `${SELECT}\nC: a FETCH 1 BODY[1]\nS: * 1 FETCH (BODY[2] "x")`],
  ["a partial section as a whole", `${SELECT}\nC: a FETCH 1 BODY[]<0.5>\nS: * 1 FETCH (BODY[] "x")`],
  ["FETCH in NOOP with more than flags", `${SELECT}\nC: a NOOP\nS: * 1 FETCH (ENVELOPE NIL)`],
  ["MODSEQ without CONDSTORE", `${SELECT}\nC: a NOOP\nS: * 1 FETCH (FLAGS () MODSEQ (4))`],
  ["UID FETCH without UID", `${SELECT}\nC: a UID FETCH 1 RFC822.SIZE\nS: * 1 FETCH (RFC822.SIZE 3)`],
  [
    "a UID that changes",
    `${SELECT}\nC: a FETCH 1 UID\nS: * 1 FETCH (UID 4)\nS: a OK done\nC: b NOOP\nS: * 1 FETCH (UID 5)`,
  ],
  ["UIDs that fall", `${SELECT}\nC: a FETCH 1:2 UID\nS: * 1 FETCH (UID 4)\nS: * 2 FETCH (UID 3)`],
  [
    "a size that lies",
    `${SELECT}\nC: a FETCH 1 (RFC822.SIZE BODY[])\nS: * 1 FETCH (RFC822.SIZE 4 BODY[] {3}\nS: abc)`,
  ],
  ["a literal that lies", `${SELECT}\nC: a FETCH 1 BODY[]\nS: * 1 FETCH (BODY[] {2}\nS: abc)`],
  ["a literal that breaks off", `${SELECT}\nC: a FETCH 1 BODY[]\nS: * 1 FETCH (BODY[] {9}\nS| abc`],
  ["NUL in a literal", `${SELECT}\nC: a FETCH 1 BODY[]\nS: * 1 FETCH (BODY[] {3}\nS: a\0c)`],
  ["8 bits between quotes", `${SELECT}\nC: a FETCH 1 BODY[]\nS: * 1 FETCH (BODY[] "\xe9")`],
  [
    "an envelope with nine fields",
    `${SELECT}\nC: a FETCH 1 ENVELOPE\nS: * 1 FETCH (ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL))`,
  ],
  [
    "an address list that is empty",
    `${SELECT}\nC: a FETCH 1 ENVELOPE\nS: * 1 FETCH (ENVELOPE (NIL NIL () NIL NIL NIL NIL NIL NIL NIL))`,
  ],
  [
    "text without lines",
    `${SELECT}\nC: a FETCH 1 BODY\nS: * 1 FETCH (BODY ("text" "plain" NIL NIL NIL "7bit" 3))`,
  ],
  [
    "an extension in BODY",
    `${SELECT}\nC: a FETCH 1 BODY\nS: * 1 FETCH (BODY ("text" "plain" NIL NIL NIL "7bit" 3 1 NIL))`,
  ],
  ["SEARCH beyond the last", `${SELECT}\nC: a SEARCH ALL\nS: * SEARCH 4`],
  ["SEARCH twice the same", `${SELECT}\nC: a SEARCH ALL\nS: * SEARCH 1 1`],
  ["OK without SEARCH", `${SELECT}\nC: a SEARCH ALL\nS: a OK done`],
  ["SEARCH in NOOP", `${SELECT}\nC: a NOOP\nS: * SEARCH 1`],
  ["ESEARCH under another tag", `${SELECT}\nC: a SEARCH RETURN () ALL\nS: * ESEARCH (TAG "b") ALL 1`],
  [
    "ESEARCH that contradicts itself",
    `${SELECT}\nC: a SEARCH RETURN (MIN ALL) ALL\nS: * ESEARCH (TAG "a") MIN 2 ALL 1:3`,
  ],
  ["ESEARCH by UID unasked", `${SELECT}\nC: a SEARCH RETURN () ALL\nS: * ESEARCH (TAG "a") UID ALL 1`],
  ["COPYUID that does not pair", `${SELECT}\nC: a COPY 1:3 x\nS: a OK [COPYUID 5 1:2 10:12] done`],
  ["COPY without COPYUID", `${SELECT}\nC: a COPY 1 x\nS: a OK done`],
  ["APPEND without APPENDUID", `${LOGIN}\nC: a APPEND x {1+}\nC: y\nS: a OK done`],
  [
    "SELECT without UIDVALIDITY",
    `${LOGIN}\nC: a SELECT x\nS: * FLAGS ()\nS: * 0 EXISTS\nS: * 0 RECENT\nS: a OK [READ-WRITE] open`,
  ],
  ["LOGOUT without BYE", `${GREETING}\nC: a LOGOUT\nS: a OK bye`],
  ["something after BYE", `${GREETING}\nC: a LOGOUT\nS: * BYE bye\nS: * 1 EXISTS`],
  ["a + that nobody waits for", `${GREETING}\nC: a NOOP\nS: + go`],
  ["STARTTLS after log-in", `${LOGIN}\nC: a CAPABILITY\nS: * CAPABILITY IMAP4rev1 STARTTLS`],
  ["no IMAP4rev1", `${LOGIN}\nC: a CAPABILITY\nS: * CAPABILITY IDLE`],
  ["both kinds of LITERAL", `${LOGIN}\nC: a CAPABILITY\nS: * CAPABILITY IMAP4rev1 LITERAL+ LITERAL-`],
  ["ENABLED unasked", `${LOGIN}\nC: a ENABLE X\nS: * ENABLED CONDSTORE`],
  ["VANISHED unasked", `${SELECT}\nC: a NOOP\nS: * VANISHED 4`],
  ["a mailbox name that is no modified UTF-7", `${LOGIN}\nC: a LIST "" *\nS: * LIST () "/" "a&b"`],
  ["THREAD with a loose number", `${SELECT}\nC: a THREAD ORDEREDSUBJECT UTF-8 ALL\nS: * THREAD (1)(2`],
];

for (const [title, script] of good) {
  Deno.test(`the pedant lets pass: ${title}`, () => play(script));
}
for (const [title, script] of wrong) {
  Deno.test(`the pedant refuses: ${title}`, () => {
    assert.throws(() => play(script), GrammarError);
    // It is the last line that is wrong, not what leads to it.
    const before = script.split("\n").slice(0, -1).join("\n");
    if (!/LF|lies|breaks off|changes|NUL/.test(title)) play(before);
  });
}
