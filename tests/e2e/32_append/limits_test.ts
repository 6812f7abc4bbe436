//   clients --993, 25--> Mailden: too large, too many, too full; what is refused leaves nothing behind, and the session goes on
import assert from "node:assert/strict";
import type { ImapClient } from "../../support/imap_client.ts";
import { Mailden } from "../../support/mailden.ts";
import { sampleMessage } from "../../support/smtp_client.ts";

const ALICE = "alice@example.test";
const BOB = "bob@example.test";

Deno.test("e2e: a refused message is read to its end, whatever stands in it, and the next command is the next", async () => {
  await using server = await Mailden.start({
    accounts: { [ALICE]: "a" },
    config: { limits: { message_size: "64KiB", imap: { keywords: 10 } } },
  });
  await using imap = await server.imap(ALICE);
  const trap = "x DELETE Drafts\r\n".repeat(6000);
  // Unasked (RFC 7888), the last of three, and with what looks like commands in it.
  const many = await imap.expect(
    "NO",
    `APPEND INBOX {3+}\r\nOne (\\Seen) {5+}\r\nThree {${trap.length}+}\r\n${trap} (\\Seen) {4+}\r\nFour`,
  );
  assert.match(many.text, /^\[TOOBIG\]/);
  const asked = await imap.expect("NO", "APPEND INBOX ", new Uint8Array(65_537));
  assert.match(asked.text, /^\[TOOBIG\]/);
  const nowhere = await imap.expect("NO", `APPEND Nowhere {${trap.length}+}\r\n${trap}`);
  assert.match(nowhere.text, /^\[TRYCREATE\]/);
  const badUrl = await imap.expect("NO", `APPEND INBOX CATENATE (URL "/INBOX/;UID=9" TEXT {3+}\r\nOne)`);
  assert.match(badUrl.text, /^\[BADURL \/INBOX\/;UID=9\]/);
  await imap.expect("BAD", `APPEND INBOX (\\Recent) {${trap.length}+}\r\n${trap}`);
  const keywords = await imap.expect("NO", "APPEND INBOX (a b c d e f) {3+}\r\nOne (g h i j k) {3+}\r\nTwo");
  assert.match(keywords.text, /^\[LIMIT\]/);
  const { untagged } = await imap.ok('LIST "" * RETURN (STATUS (MESSAGES UIDNEXT))');
  assert.match(untagged.join("\n"), /STATUS INBOX \(MESSAGES 0 UIDNEXT 1\)/);
  assert.match(untagged.join("\n"), /STATUS Drafts /);
  await imap.ok("APPEND INBOX (a b c d e f g h i j) ~", Uint8Array.of(0, 13, 0, 255));
  await imap.select();
  const { untagged: [fetched] } = await imap.ok("FETCH 1 BINARY.PEEK[]");
  assert.match(fetched!, /BINARY\[\] ~\{4\}\r\n\0\r\0\xff\)$/);
});

Deno.test("e2e: a quota is kept to the byte, however many letters and messages come at once", async () => {
  await using server = await Mailden.start({
    accounts: { [ALICE]: "a", [BOB]: "b" },
    config: {
      // A warning comes in also where there is no room.
      delivery: { quota_warnings: [] },
      domains: { "example.test": { accounts: { alice: { quota: "25KiB" } } } },
    },
  });
  const letter = sampleMessage({ to: ALICE, text: "y".repeat(3000) });
  const sent = await Promise.all(Array.from({ length: 12 }, async () => {
    await using smtp = await server.smtp();
    await smtp.expect("MAIL FROM:<sender@foreign.test>", 250);
    await smtp.expect(`RCPT TO:<${ALICE}>`, 250);
    return (await smtp.data(letter)).text.slice(0, 9);
  }));
  const taken = sent.filter((text) => text === "250 2.0.0").length;
  assert.ok(taken > 3, "there was room for some");
  assert.deepEqual(sent.filter((text) => text !== "250 2.0.0"), Array(12 - taken).fill("452 4.2.2"));
  await using imap = await server.imap(ALICE);
  const messages = await imap.select();
  assert.equal((await stored(imap)).filter((text) => text.endsWith("y\r\n")).length, taken);

  // Whoever else is to have it has it at once, though one is full.
  await using smtp = await server.smtp();
  await smtp.expect("MAIL FROM:<sender@foreign.test>", 250);
  await smtp.expect(`RCPT TO:<${BOB}>`, 250);
  await smtp.expect(`RCPT TO:<${ALICE}>`, 250);
  assert.equal((await smtp.data(letter)).code, 250);
  await using other = await server.imap(BOB);
  assert.equal(await other.select(), 1);
  assert.equal(await imap.select(), messages);

  const before = await usage(imap);
  const appended = await Promise.all(Array.from({ length: 10 }, async () => {
    await using client = await server.imap(ALICE);
    const { status, text } = await client.command("APPEND Archive ", new Uint8Array(900).fill(122));
    return status === "OK" ? "OK" : text.slice(0, 11);
  }));
  const fit = Math.floor((25 * 1024 - before) / 900);
  assert.ok(fit < 10, "there is not room for all");
  assert.deepEqual(
    appended.toSorted(),
    [...Array(fit).fill("OK"), ...Array(10 - fit).fill("[OVERQUOTA]")].toSorted(),
  );
  assert.equal(await usage(imap), before + fit * 900);
  assert.equal(await imap.select(), messages);
});

/** The messages of the selected mailbox. */
async function stored(imap: ImapClient): Promise<string[]> {
  const { untagged } = await imap.ok("FETCH 1:* BODY.PEEK[]");
  return untagged.flatMap((line) => /BODY\[\] \{\d+\}\r\n([^]*)\)$/.exec(line)?.[1] ?? []);
}

/** Bytes in all mailboxes. */
async function usage(imap: ImapClient): Promise<number> {
  const { untagged } = await imap.ok('LIST "" * RETURN (STATUS (SIZE))');
  const sizes = untagged.flatMap((line) => /\(SIZE (\d+)\)/.exec(line)?.[1] ?? []);
  return sizes.reduce((sum, size) => sum + Number(size), 0);
}
