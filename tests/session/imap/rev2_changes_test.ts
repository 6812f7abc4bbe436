/**
 * RFC 9051 appendix E, the changes from IMAP4rev1: what each asks of a server, in the order of the list and under its numbers. Those
 * that nothing can be said to are in `ELSEWHERE`, with the reason; no number is in neither.
 */
import assert from "node:assert/strict";
import { TimeoutError } from "../../../src/core/errors.ts";
import { serveImap } from "../../../src/session/imap/mod.ts";
import { connPair, TEST_TLS } from "../../support/fake_conn.ts";
import { command, ImapHarness } from "./harness.ts";

const MESSAGE = [
  "From: a@example.com",
  "Subject: one",
  "MIME-Version: 1.0",
  "Content-Type: text/plain; charset=us-ascii;",
  ` name*0="A lo";`,
  ` name*1="ng name.txt"`,
  "Content-Disposition: attachment;",
  " filename*0*=utf-8''Gr%C3%BC;",
  " filename*1*=%C3%9Fe.txt",
  "",
  "A text",
  "",
].join("\r\n");

interface Change {
  readonly number: number;
  readonly what: string;
  readonly say: readonly string[];
  /** Of the answers to the last of them, in one text. */
  readonly hear: RegExp;
  readonly never?: RegExp;
}

const CHANGES: readonly Change[] = [
  { number: 1, what: "sizes of 63 bits in SEARCH", say: ["SEARCH LARGER 4294967296"], hear: /^\* ESEARCH/ },
  {
    number: 1,
    what: "sizes of 63 bits in FETCH",
    say: ["FETCH 1 (BODY.PEEK[TEXT]<4294967296.9223372036854775807>)"],
    hear: /BODY\[TEXT\]<4294967296> \{0\}/,
  },
  { number: 2, what: "NAMESPACE", say: ["NAMESPACE"], hear: /^\* NAMESPACE / },
  { number: 2, what: "UNSELECT", say: ["UNSELECT"], hear: /^OK/ },
  { number: 2, what: "UIDPLUS", say: ["UID EXPUNGE 9"], hear: /^OK/ },
  { number: 2, what: "ESEARCH", say: ["SEARCH RETURN (COUNT) ALL"], hear: /^\* ESEARCH .* COUNT 2/ },
  {
    number: 2,
    what: "SEARCHRES",
    say: ["SEARCH RETURN (SAVE) ALL", "FETCH $ UID"],
    hear: /2 FETCH \(UID 2\)/,
  },
  { number: 2, what: "ENABLE", say: ["ENABLE X-OTHER"], hear: /^\* ENABLED\nOK/ },
  { number: 2, what: "LIST-EXTENDED", say: ['LIST (SUBSCRIBED) "" INBOX'], hear: /\\Subscribed.* INBOX/ },
  {
    number: 2,
    what: "LIST-STATUS",
    say: ['LIST "" INBOX RETURN (STATUS (UIDNEXT))'],
    hear: /STATUS INBOX \(UIDNEXT 3\)/,
  },
  { number: 2, what: "MOVE", say: ["MOVE 1 Junk"], hear: /COPYUID.*\n\* 1 EXPUNGE/ },
  { number: 2, what: "LITERAL-", say: ["STATUS {5+}\r\nINBOX (UIDNEXT)"], hear: /^\* STATUS INBOX/ },
  { number: 2, what: "response codes", say: ["DELETE Nowhere"], hear: /^NO \[NONEXISTENT\]/ },
  {
    number: 2,
    what: "the FETCH side of BINARY",
    say: ["FETCH 1 (BINARY.SIZE[1])"],
    hear: /BINARY\.SIZE\[1\] 8/,
  },
  { number: 2, what: "special uses in LIST", say: ['LIST "" Sent'], hear: /\\Sent/ },
  {
    number: 3,
    what: "STATUS SIZE and DELETED",
    say: ["STATUS Junk (SIZE DELETED)"],
    hear: /\(SIZE 0 DELETED 0\)/,
  },
  {
    number: 4,
    what: "SEARCH answers ESEARCH",
    say: ["SEARCH ALL"],
    hear: /^\* ESEARCH \(TAG "t"\) ALL 1:2/,
    never: /\* SEARCH/,
  },
  { number: 4, what: "an empty result too", say: ["SEARCH DELETED"], hear: /^\* ESEARCH \(TAG "t"\)\n/ },
  { number: 5, what: "a part of a field", say: ["SEARCH HEADER Subject n"], hear: /ALL 1:2/ },
  { number: 5, what: "any value of a field", say: ['SEARCH HEADER Subject ""'], hear: /ALL 1:2/ },
  {
    number: 6,
    what: "values of parameters are put together, and decoded (RFC 2231)",
    say: ["FETCH 1 (BODYSTRUCTURE)"],
    // Under the plain name, not as "filename*": what has no percent signs left must not be decoded twice.
    hear: /"name" "A long name\.txt".*\("attachment" \("filename" "Grüße\.txt"\)\)/,
    never: /name\*/,
  },
  { number: 7, what: "COPYUID of MOVE", say: ["MOVE 1 Junk"], hear: /^\* OK \[COPYUID / },
  { number: 7, what: "COPYUID of UID MOVE", say: ["UID MOVE 1 Junk"], hear: /^\* OK \[COPYUID / },
  { number: 8, what: "COPY makes no mailbox", say: ["COPY 1 Nowhere"], hear: /^NO \[TRYCREATE\]/ },
  { number: 8, what: "MOVE makes no mailbox", say: ["MOVE 1 Nowhere"], hear: /^NO \[TRYCREATE\]/ },
  { number: 9, what: "CLOSED", say: ["SELECT Junk"], hear: /^\* OK \[CLOSED\]/ },
  {
    number: 10,
    what: "LIST with SELECT, with its attributes",
    say: ["SELECT Junk"],
    hear: /\* LIST \(\\HasNoChildren \\Junk\) "\/" Junk/,
  },
  {
    number: 10,
    what: "LIST with EXAMINE",
    say: ["EXAMINE INBOX"],
    hear: /\* LIST \(\\HasNoChildren\) "\/" INBOX/,
  },
  { number: 11, what: "no UNSEEN", say: ["SELECT INBOX"], hear: /2 EXISTS/, never: /UNSEEN/ },
  { number: 12, what: "no RECENT", say: ["SELECT INBOX"], hear: /2 EXISTS/, never: /RECENT/i },
  { number: 12, what: "no \\Recent", say: ["FETCH 1 FLAGS"], hear: /FLAGS \(\)/, never: /Recent/ },
  {
    number: 13,
    what:
      "PERMANENTFLAGS need not be told with a new keyword; they are, since FLAGS is, and old clients look for both",
    say: ["STORE 1 +FLAGS (fresh)"],
    hear: /^\* FLAGS \(.* fresh\)\n\* OK \[PERMANENTFLAGS \(.* fresh \\\*\)\]/,
  },
  {
    number: 13,
    what: "they must be when there is no room for another (section 7.1)",
    say: ["STORE 1 +FLAGS (one two three)"],
    hear: /PERMANENTFLAGS \(.* one three two\)\]/,
  },
  {
    number: 15,
    what: "keywords that there should be",
    say: ["STORE 1 FLAGS ($MDNSent $Forwarded)", "STORE 1 FLAGS ($Junk)"],
    hear: /FLAGS \(\$Junk\)/,
  },
  {
    number: 15,
    what: "$NotJunk and $Phishing",
    say: ["STORE 1 FLAGS ($NotJunk $Phishing)"],
    hear: /FLAGS \(\$NotJunk \$Phishing\)/,
  },
  { number: 16, what: "names in UTF-8", say: ['CREATE "Entwürfe"', 'LIST "" "E*"'], hear: /"Entwürfe"/ },
  { number: 16, what: "& is just a character", say: ["CREATE R&D", 'LIST "" R*'], hear: / R&D$/m },
  { number: 17, what: "NOOP in the place of CHECK", say: ["NOOP"], hear: /^OK/ },
  { number: 17, what: "CHECK still for who has it from IMAP4rev1", say: ["CHECK"], hear: /^OK/ },
  {
    number: 18,
    what: "BODY.PEEK in the place of RFC822.HEADER",
    say: ["FETCH 1 (BODY.PEEK[HEADER]<0.4>)"],
    hear: /From/,
  },
  {
    number: 19,
    what: "LIST (SUBSCRIBED) in the place of LSUB",
    say: ["SUBSCRIBE Junk", 'LIST (SUBSCRIBED) "" Junk'],
    hear: /\\Subscribed.* Junk/,
  },
  {
    number: 19,
    what: "LSUB still for who has it from IMAP4rev1",
    say: ['LSUB "" Junk'],
    hear: /^\* LSUB \(\) /,
  },
  { number: 23, what: "there is always a text, also where it may be empty", say: ["NOOP"], hear: /^OK \S/ },
  { number: 24, what: "texts stay ASCII, as they may", say: ['SELECT "Grüße"'], hear: /^NO [\x20-\x7e]+$/m },
  { number: 29, what: "no names with X-", say: ["CAPABILITY"], hear: / IMAP4rev2 /, never: / X/i },
];

/** What cannot be shown by a command here: why, or where it is. */
const ELSEWHERE: ReadonlyMap<number, string> = new Map([
  [14, "the grammar of extensions that the server does not read"],
  [20, "below"],
  [21, "below"],
  [22, "for clients"],
  [
    25,
    "tests/net/server_tls_test.ts and tls_conn_test.ts: TLS 1.2 and later; names are checked where we are the client",
  ],
  [26, "the server sends neither ALERT nor PREAUTH"],
  [27, "tests/peers/scram_test.ts; DIGEST-MD5 was never here"],
  [28, "below"],
  [30, "session_test.ts: BYE wherever it can still be said"],
]);

Deno.test("RFC 9051 appendix E: every one of the 30 changes is shown, or said why not", () => {
  const shown = new Set([...CHANGES.map(({ number }) => number), ...ELSEWHERE.keys()]);
  assert.deepEqual([...shown].sort((a, b) => a - b), Array.from({ length: 30 }, (_, i) => i + 1));
});

for (const { number, what, say, hear, never } of CHANGES) {
  Deno.test(`RFC 9051 appendix E ${number}: ${what}`, async () => {
    await using harness = new ImapHarness({ limits: { keywords: 3 } });
    for (let i = 0; i < 2; i++) await harness.append("INBOX", MESSAGE);
    const client = await harness.login();
    await command(client, "ENABLE IMAP4rev2");
    await command(client, "SELECT INBOX");
    let heard = "";
    for (const text of say) heard = (await command(client, text)).join("\n");
    assert.match(heard, hear);
    if (never !== undefined) assert.doesNotMatch(heard, never);
  });
}

Deno.test("RFC 9051 appendix E 20: IDLE tells of more than the selected mailbox", async () => {
  await using harness = new ImapHarness();
  const client = await harness.login();
  await command(client, "ENABLE IMAP4rev2");
  await command(client, "NOTIFY SET (personal (MessageNew MessageExpunge))");
  client.write("i IDLE\r\n");
  await client.readLine();
  await harness.append("Junk", MESSAGE);
  assert.match((await client.readLine())!, /^\* STATUS Junk /);
});

Deno.test("RFC 9051 appendix E 21: what nobody asked for says the UID", async () => {
  await using harness = new ImapHarness();
  for (let i = 0; i < 2; i++) await harness.append("INBOX", MESSAGE);
  const client = await harness.login();
  await command(client, "ENABLE IMAP4rev2");
  await command(client, "SELECT INBOX");
  const other = await harness.login();
  await command(other, "SELECT INBOX");
  await command(other, "STORE 2 FLAGS.SILENT (\\Flagged)");
  assert.deepEqual(await command(client, "NOOP"), ["* 2 FETCH (UID 2 FLAGS (\\Flagged))", "OK Nothing done"]);
});

Deno.test("RFC 9051 appendix E 28: any command puts the end of the session off", async () => {
  const idleTimeoutMs = 400_000;
  await using harness = new ImapHarness({ limits: { idleTimeoutMs } });
  const { server, client } = connPair({ tls: TEST_TLS });
  const read = server.read.bind(server);
  /** How long each read would have waited. */
  const patience: number[] = [];
  let isOver = false;
  server.read = (timeoutMs) => {
    patience.push(timeoutMs);
    return isOver ? Promise.reject(new TimeoutError("Nothing came in time")) : read(timeoutMs);
  };
  const ended = serveImap(server, harness.deps);
  await client.readLine();
  await command(client, "LOGIN alice secret");
  for (const text of ["CAPABILITY", "NONSENSE", "LIST", "NOOP"]) {
    await harness.clock.advance(idleTimeoutMs - 1000);
    await command(client, text);
    await harness.clock.advance(0);
    assert.equal(patience.at(-1), idleTimeoutMs, text);
  }
  isOver = true;
  await command(client, "NOOP");
  assert.match(await client.readAll(), /^\* BYE Nothing came for too long\r\n$/);
  await ended;
});
