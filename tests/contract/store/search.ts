import assert from "node:assert/strict";
import { concatBytes, encodeLatin1, encodeUtf8 } from "../../../src/core/bytes.ts";
import type { SearchKey } from "../../../src/store/mod.ts";
import { ALL, append, type ContractCase, type Draft, type Subject } from "./harness.ts";

const DAY = 86_400_000;
const base64 = (text: string) => btoa(String.fromCharCode(...encodeUtf8(text)));

/** UIDs 1 to 7, in this order. */
const MESSAGES: readonly Draft[] = [
  {
    content:
      "From: Ann <ann@example.com>\r\nSubject: Hello World\r\nDate: Thu, 4 Jan 2024 10:00:00 +0000\r\n\r\n" +
      "The quick brown fox.\r\n",
    flags: ["\\Seen"],
    internalDate: 100 * DAY + 5,
  },
  {
    content:
      "From: bob@example.com\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe_aus_M=C3=BCnchen?=\r\nX-Empty:\r\n" +
      "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
      "Sch=F6ne Gr=FC=\r\n=DFe\r\n",
    flags: ["\\Flagged", "Work"],
    internalDate: 101 * DAY,
  },
  {
    content:
      "Subject: folded\r\n  subject\r\nDate: Fri, 5 Jan 2024 23:30:00 -0100\r\nContent-Type: text/plain; charset=utf-8\r\n" +
      `Content-Transfer-Encoding: base64\r\n\r\n${base64("Καλημέρα κόσμε, ΟΔΟΣ")}\r\n`,
    internalDate: 101 * DAY + DAY - 1,
  },
  {
    content:
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<b>needle in html</b>\r\n" +
      "--b\r\nContent-Type: application/octet-stream; name=secret.bin\r\n\r\nneedle in an attachment\r\n" +
      "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner subject\r\n\r\ninner text\r\n--b--\r\n",
    flags: ["\\Answered", "\\Deleted"],
    internalDate: 102 * DAY,
  },
  {
    content: concatBytes([encodeUtf8("Subject: raw\r\n\r\n"), encodeLatin1("d\xe9j\xe0 vu\r\n")]),
    internalDate: 103 * DAY,
  },
  { content: largeText("end of a large text"), internalDate: 104 * DAY },
  { content: largeBase64("schöner Schluß"), internalDate: 105 * DAY },
];

const TABLE: readonly (readonly [name: string, key: SearchKey, expected: readonly number[]])[] = [
  ["all", { kind: "all" }, [1, 2, 3, 4, 5, 6, 7]],
  ["and of nothing", { kind: "and", keys: [] }, [1, 2, 3, 4, 5, 6, 7]],
  ["or of nothing", { kind: "or", keys: [] }, []],
  ["uid", { kind: "uid", uids: [[2, 3], [6, 4_294_967_295]] }, [2, 3, 6, 7]],
  ["no uid", { kind: "uid", uids: [] }, []],
  ["flag", { kind: "flag", flag: "\\seen" }, [1]],
  ["keyword without case", { kind: "flag", flag: "work" }, [2]],
  ["part of a keyword", { kind: "flag", flag: "wor" }, []],
  ["unknown flag", { kind: "flag", flag: "\\unknown" }, []],
  ["not", { kind: "not", key: { kind: "flag", flag: "\\Seen" } }, [2, 3, 4, 5, 6, 7]],
  ["before", { kind: "internalDate", test: "before", day: 101 }, [1]],
  ["on", { kind: "internalDate", test: "on", day: 101 }, [2, 3]],
  ["since", { kind: "internalDate", test: "since", day: 103 }, [5, 6, 7]],
  ["sent on", { kind: "sentDate", test: "on", day: Date.UTC(2024, 0, 4) / DAY }, [1]],
  ["sent since", { kind: "sentDate", test: "since", day: Date.UTC(2024, 0, 5) / DAY }, [3]],
  ["sent on the day that is written, not on that of UTC", {
    kind: "sentDate",
    test: "on",
    day: Date.UTC(2024, 0, 5) / DAY,
  }, [3]],
  ["sent on the day of UTC", { kind: "sentDate", test: "on", day: Date.UTC(2024, 0, 6) / DAY }, []],
  ["sent since the day of UTC", { kind: "sentDate", test: "since", day: Date.UTC(2024, 0, 6) / DAY }, []],
  ["sent before the day of UTC", { kind: "sentDate", test: "before", day: Date.UTC(2024, 0, 6) / DAY }, [
    1,
    3,
  ]],
  ["sent long since", { kind: "sentDate", test: "since", day: Date.UTC(2023, 0, 6) / DAY }, [1, 3]],
  ["sent long before", { kind: "sentDate", test: "before", day: Date.UTC(2025, 0, 6) / DAY }, [1, 3]],
  ["not sent on", { kind: "not", key: { kind: "sentDate", test: "on", day: Date.UTC(2024, 0, 5) / DAY } }, [
    1,
    2,
    4,
    5,
    6,
    7,
  ]],
  ["sent before", { kind: "sentDate", test: "before", day: Date.UTC(2024, 0, 5) / DAY }, [1]],
  ["larger", { kind: "larger", bytes: 100_000 }, [6, 7]],
  ["smaller", { kind: "smaller", bytes: 30 }, [5]],
  ["header", { kind: "header", field: "subject", text: "hello" }, [1]],
  ["header, decoded", { kind: "header", field: "SUBJECT", text: "GRÜSSE aus münchen" }, [2]],
  ["header, folded", { kind: "header", field: "subject", text: "folded" }, [3]],
  ["header is there", { kind: "header", field: "x-empty", text: "" }, [2]],
  ["header of another field", { kind: "header", field: "from", text: "hello" }, []],
  ["body", { kind: "body", text: "QUICK BROWN" }, [1]],
  ["body, quoted-printable over a soft line break", { kind: "body", text: "schöne grüsse" }, [2]],
  ["body, base64, sigma of either form", { kind: "body", text: "οδοσ" }, [3]],
  ["body, no charset named", { kind: "body", text: "DÉJÀ" }, [5]],
  ["body does not look into headers", { kind: "body", text: "hello" }, []],
  ["body does not look into attachments", { kind: "body", text: "needle in" }, [4]],
  ["nothing in an attachment", { kind: "body", text: "an attachment" }, []],
  ["body of an attached message", { kind: "body", text: "inner text" }, [4]],
  ["text looks into headers", { kind: "text", text: "hello world" }, [1]],
  ["text looks into decoded headers", { kind: "text", text: "münchen" }, [2]],
  ["text looks into headers of parts", { kind: "text", text: "SECRET.BIN" }, [4]],
  ["text looks into headers of attached messages", { kind: "text", text: "inner subject" }, [4]],
  ["the end of a large text", { kind: "body", text: "END of a LARGE text" }, [6]],
  ["across what is read at a time", { kind: "body", text: "seam" }, [6]],
  ["the end of a large base64 text", { kind: "body", text: "schöner schluss" }, [7]],
  ["empty text", { kind: "body", text: "" }, [1, 2, 3, 4, 5, 6, 7]],
  [
    "and with a body",
    { kind: "and", keys: [{ kind: "body", text: "fox" }, { kind: "flag", flag: "\\Seen" }] },
    [1],
  ],
  [
    "or with a body",
    { kind: "or", keys: [{ kind: "body", text: "fox" }, { kind: "flag", flag: "\\Flagged" }] },
    [1, 2],
  ],
  [
    "not with a body",
    {
      kind: "and",
      keys: [{ kind: "not", key: { kind: "body", text: "fox" } }, { kind: "uid", uids: [[1, 2]] }],
    },
    [2],
  ],
];

export const searchCases: readonly ContractCase[] = [
  {
    name: "every search key",
    async run(subject) {
      await fill(subject);
      for (const [name, key, expected] of TABLE) {
        assert.deepEqual(await subject.store.messages.search(subject.inbox.id, key), expected, name);
      }
    },
  },
  {
    name: "modseq",
    async run({ store, inbox }) {
      for (let i = 0; i < 3; i++) await append(store, inbox);
      const { rows } = await store.messages.setFlags(inbox.id, [[2, 2]], { kind: "add", flags: ["x"] });
      const key = { kind: "modseq", atLeast: rows[0]!.modseq } as const;
      assert.deepEqual(await store.messages.search(inbox.id, key), [2]);
    },
  },
  {
    name: "a mailbox that is not there has no matches",
    async run({ store }) {
      assert.deepEqual(await store.messages.search(66_666_666, { kind: "all" }), []);
    },
  },
  {
    name: "more messages than one slice",
    async run({ store, inbox }) {
      await Promise.all(Array.from({ length: 1100 }, () => append(store, inbox, { content: "x" })));
      await store.messages.expunge(inbox.id, [[500, 500]], { any: true });
      const found = await store.messages.search(inbox.id, {
        kind: "not",
        key: { kind: "uid", uids: [[1, 1]] },
      });
      assert.equal(found.length, 1098);
      assert.deepEqual(found, found.toSorted((a, b) => a - b));
    },
  },
  {
    name: "a search ends when its signal aborts, and others go on",
    async run({ store, inbox }) {
      const body = largeText("unfindable");
      for (let i = 0; i < 12; i++) await append(store, inbox, { content: body });
      await assert.rejects(
        () =>
          store.messages.search(inbox.id, { kind: "all" }, {
            signal: AbortSignal.abort(new Error("Enough")),
          }),
        {
          message: "Enough",
        },
      );
      const controller = new AbortController();
      const key = { kind: "body", text: "not in there" } as const;
      const search = store.messages.search(inbox.id, key, { signal: controller.signal });
      const other = store.messages.search(inbox.id, { kind: "uid", uids: [[1, 2]] });
      controller.abort(new Error("Enough"));
      await assert.rejects(() => search, { message: "Enough" });
      assert.deepEqual(await other, [1, 2]);
      await store.messages.expunge(inbox.id, ALL, { any: true });
    },
  },
];

async function fill({ store, inbox }: Subject): Promise<void> {
  for (const draft of MESSAGES) await append(store, inbox, draft);
}

function largeText(end: string): Uint8Array {
  const header = encodeUtf8("Subject: large\r\n\r\n");
  const text = new Uint8Array(400_000).fill(46);
  // A word that lies across the border of what is read at a time.
  text.set(encodeUtf8("seam"), 128 * 1024 - 2);
  text.set(encodeUtf8(end), text.length - end.length);
  return concatBytes([header, text]);
}

function largeBase64(end: string): string {
  const text = `${"ä".repeat(90_000)}${end}`;
  const encoded = encodeUtf8(text).toBase64();
  const lines = encoded.match(/.{1,73}/g)!.join("\r\n");
  return "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines;
}
