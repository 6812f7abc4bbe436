/**
 * RFC 9051 appendix E, the changes from IMAP4rev1: what each asks of a server, in the order of the list. What only concerns clients
 * (23, 27), the text of the standard (5, 14) or what others test (26: tests/net) is not here.
 */
import assert from "node:assert/strict";
import { command, ImapHarness } from "./harness.ts";

const MESSAGE = "From: a@example.com\r\nSubject: one\r\n\r\nA text\r\n";

interface Change {
  readonly number: number;
  readonly what: string;
  readonly say: readonly string[];
  /** Of the answers to the last of them, in one text. */
  readonly hear: RegExp;
  readonly never?: RegExp;
}

const CHANGES: readonly Change[] = [
  { number: 1, what: "sizes of 63 bits", say: ["SEARCH LARGER 4294967296"], hear: /^OK|\nOK/ },
  { number: 2, what: "NAMESPACE", say: ["NAMESPACE"], hear: /^\* NAMESPACE / },
  { number: 2, what: "UNSELECT", say: ["UNSELECT"], hear: /^OK/ },
  { number: 2, what: "UIDPLUS", say: ["UID EXPUNGE 9"], hear: /OK/ },
  { number: 2, what: "ESEARCH", say: ["SEARCH RETURN (COUNT) ALL"], hear: /^\* ESEARCH .* COUNT 2/ },
  {
    number: 2,
    what: "SEARCHRES",
    say: ["SEARCH RETURN (SAVE) ALL", "FETCH $ UID"],
    hear: /2 FETCH \(UID 2\)/,
  },
  { number: 2, what: "LIST-EXTENDED", say: ['LIST (SUBSCRIBED) "" "*"'], hear: /OK/ },
  {
    number: 2,
    what: "LIST-STATUS",
    say: ['LIST "" INBOX RETURN (STATUS (UIDNEXT))'],
    hear: /STATUS INBOX \(UIDNEXT 3\)/,
  },
  { number: 2, what: "MOVE", say: ["MOVE 1 Junk"], hear: /COPYUID.*\n\* 1 EXPUNGE/ },
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
  { number: 7, what: "COPYUID of MOVE and UID MOVE", say: ["UID MOVE 1 Junk"], hear: /^\* OK \[COPYUID / },
  { number: 8, what: "COPY makes no mailbox", say: ["COPY 1 Nowhere"], hear: /NO \[TRYCREATE\]/ },
  { number: 8, what: "MOVE makes no mailbox", say: ["MOVE 1 Nowhere"], hear: /NO \[TRYCREATE\]/ },
  { number: 9, what: "CLOSED", say: ["SELECT Junk"], hear: /^\* OK \[CLOSED\]/ },
  { number: 10, what: "LIST with SELECT", say: ["SELECT INBOX"], hear: /\* LIST \(\) "\/" INBOX/ },
  { number: 10, what: "LIST with EXAMINE", say: ["EXAMINE INBOX"], hear: /\* LIST \(\) "\/" INBOX/ },
  { number: 11, what: "no UNSEEN", say: ["SELECT INBOX"], hear: /2 EXISTS/, never: /UNSEEN/ },
  { number: 12, what: "no RECENT", say: ["SELECT INBOX"], hear: /2 EXISTS/, never: /RECENT/i },
  { number: 12, what: "no \\Recent", say: ["FETCH 1 FLAGS"], hear: /FLAGS \(\)/, never: /Recent/ },
  {
    number: 15,
    what: "keywords that there should be",
    say: ["STORE 1 FLAGS ($MDNSent $Forwarded $Junk $NonJunk $Phishing)"],
    hear: /FLAGS \(\$Forwarded \$Junk \$MDNSent \$NonJunk \$Phishing\)/,
  },
  { number: 16, what: "names in UTF-8", say: ['CREATE "Entwürfe"', 'LIST "" "E*"'], hear: /"Entwürfe"/ },
  { number: 18, what: "NOOP in the place of CHECK", say: ["NOOP"], hear: /^OK/ },
  {
    number: 20,
    what: "LIST (SUBSCRIBED) in the place of LSUB",
    say: ["SUBSCRIBE Junk", 'LIST (SUBSCRIBED) "" *'],
    hear: /\\Subscribed.* Junk/,
  },
  {
    number: 24,
    what: "BODY.PEEK in the place of RFC822.HEADER",
    say: ["FETCH 1 (BODY.PEEK[HEADER]<0.4>)"],
    hear: /From/,
  },
  { number: 28, what: "CAPABILITY names it", say: ["CAPABILITY"], hear: / IMAP4rev2 / },
];

for (const { number, what, say, hear, never } of CHANGES) {
  Deno.test(`RFC 9051 appendix E ${number}: ${what}`, async () => {
    await using harness = new ImapHarness();
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

Deno.test("RFC 9051 appendix E 22: what nobody asked for says the UID", async () => {
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

Deno.test("RFC 9051 appendix E 21: IDLE tells of more than the selected mailbox", async () => {
  await using harness = new ImapHarness();
  const client = await harness.login();
  await command(client, "ENABLE IMAP4rev2");
  await command(client, "NOTIFY SET (personal (MessageNew MessageExpunge))");
  client.write("i IDLE\r\n");
  await client.readLine();
  await harness.append("Junk", MESSAGE);
  assert.match((await client.readLine())!, /^\* STATUS Junk /);
});
