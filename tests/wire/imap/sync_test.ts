/** The grammar of CONDSTORE, QRESYNC (RFC 7162 section 7) and NOTIFY (RFC 5465 section 8). */
import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeLatin1, encodeLatin1 } from "../../../src/core/bytes.ts";
import { ProtocolError } from "../../../src/core/errors.ts";
import {
  decodeFetch,
  decodeModseq,
  decodeNotify,
  Decoder,
  decodeSelect,
  decodeStore,
  Encoder,
  encodeVanished,
} from "../../../src/wire/imap/mod.ts";

function decoder(text: string): Decoder {
  return new Decoder([{ text: encodeLatin1(text), literal: null }]);
}

Deno.test("mod-sequences have 63 bits; what is beyond our own is the greatest of ours", () => {
  const max = Number.MAX_SAFE_INTEGER;
  for (
    const [text, value] of [["0", 0], ["17", 17], [String(max), max], ["9223372036854775807", max]] as const
  ) assert.equal(decodeModseq(decoder(text)), value);
  for (const text of ["", "x", "-1", "9223372036854775808", "1".repeat(60_000)]) {
    assert.throws(() => decodeModseq(decoder(text)), ProtocolError, text.slice(0, 30));
  }
});

Deno.test("SELECT with parameters", () => {
  const plain = { mailbox: "x", condstore: false, resync: null };
  assert.deepEqual(decodeSelect(decoder(" x")), plain);
  assert.deepEqual(decodeSelect(decoder(" x (CONDSTORE)")), { ...plain, condstore: true });
  assert.deepEqual(decodeSelect(decoder(" x (condstore QRESYNC (7 9))")), {
    mailbox: "x",
    condstore: true,
    resync: { uidValidity: 7, modseq: 9, known: null, hasMatches: false },
  });
  const known = (text: string) => decodeSelect(decoder(` x (QRESYNC (7 9 ${text}))`)).resync;
  assert.deepEqual(known("5,1:2,3")?.known, [[1, 3], [5, 5]]);
  assert.deepEqual(known("1:5 (1,3 10,30)"), {
    uidValidity: 7,
    modseq: 9,
    known: [[1, 5]],
    hasMatches: true,
  });
  assert.deepEqual(known("(1 10)"), { uidValidity: 7, modseq: 9, known: null, hasMatches: true });
  for (
    const bad of [" x (QRESYNC)", " x (QRESYNC (7))", " x (QRESYNC (7 9 $))", " x ()", " x (CONDSTORE) y"]
  ) {
    assert.throws(() => decodeSelect(decoder(bad)), ProtocolError, bad);
  }
});

Deno.test("FETCH and STORE with modifiers", () => {
  assert.equal(decodeFetch(decoder(" 1 FLAGS (CHANGEDSINCE 5)")).modifiers.changedSince, 5);
  assert.equal(decodeFetch(decoder(" 1 (FLAGS) (VANISHED CHANGEDSINCE 5)")).modifiers.vanished, true);
  assert.equal(decodeStore(decoder(" 1 (UNCHANGEDSINCE 0) FLAGS ()")).unchangedSince, 0);
  assert.equal(decodeStore(decoder(" 1 FLAGS ()")).unchangedSince, null);
  assert.throws(() => decodeStore(decoder(" 1 (UNCHANGEDSINCE 1 UNCHANGEDSINCE 2) FLAGS ()")), ProtocolError);
});

Deno.test("NOTIFY with all its filters", () => {
  const args = decodeNotify(decoder(
    " SET STATUS (selected-delayed (MessageNew (UID BODY.PEEK[]) MessageExpunge FlagChange)) (inboxes NONE) " +
      '(subtree ("a b" c) (MailboxName)) (mailboxes d (MessageExpunge MessageNew)) (personal (ServerMetadataChange))',
  ));
  assert.ok(args.kind === "set" && args.status);
  assert.deepEqual(args.groups.map(({ filter, events, items }) => [filter, [...events], items.length]), [
    [{ kind: "selected-delayed" }, ["MessageNew", "MessageExpunge", "FlagChange"], 2],
    [{ kind: "inboxes" }, [], 0],
    [{ kind: "subtree", names: ["a b", "c"] }, ["MailboxName"], 0],
    [{ kind: "mailboxes", names: ["d"] }, ["MessageExpunge", "MessageNew"], 0],
    [{ kind: "personal" }, ["ServerMetadataChange"], 0],
  ]);
  assert.deepEqual(decodeNotify(decoder(" none")), { kind: "none" });
  assert.deepEqual(decodeNotify(decoder(" SET (personal (Nonsense))")), { kind: "bad-event" });
});

Deno.test("NOTIFY has limits", () => {
  const groups = "(personal (MailboxName)) ".repeat(101).trim();
  assert.throws(() => decodeNotify(decoder(` SET ${groups}`)), /More than 100 event groups/);
  const names = Array.from({ length: 1001 }, (_, i) => `n${i}`).join(" ");
  assert.throws(
    () => decodeNotify(decoder(` SET (mailboxes (${names}) NONE)`)),
    /More than 1000 mailbox names/,
  );
});

Deno.test("many vanished UIDs are told in lines of bounded length", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 0xffff_ffff }), { maxLength: 2000 }), (list) => {
      const uids = list.sort((a, b) => a - b);
      const encoder = new Encoder();
      for (const _ of encodeVanished(encoder, uids, { earlier: true }));
      const lines = decodeLatin1(encoder.take()).split("\r\n").slice(0, -1);
      assert.ok(lines.every((line) => line.startsWith("* VANISHED (EARLIER) ") && line.length < 8000));
      const told = lines.flatMap((line) =>
        line.slice("* VANISHED (EARLIER) ".length).split(",").flatMap((part) => {
          const [from, to = from] = part.split(":").map(Number);
          return Array.from({ length: to! - from! + 1 }, (_, place) => from! + place);
        })
      );
      assert.deepEqual(told, uids);
    }),
    { numRuns: 30 },
  );
});
