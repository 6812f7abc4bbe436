import assert from "node:assert/strict";
import fc from "fast-check";
import { formatAddress } from "../../src/core/address.ts";
import { decodeUtf8, encodeUtf8 } from "../../src/core/bytes.ts";
import { BadEntryError, decodeEnvelope, encodeEnvelope } from "../../src/app/maildrop/entry.ts";
import { prepareMessage } from "../../src/app/sendmail/message.ts";
import {
  parseSendmailArguments,
  type SendmailOptions,
  SendmailUsageError,
} from "../../src/app/sendmail/options.ts";

const NOTHING: SendmailOptions = {
  mode: "send",
  config: null,
  sender: null,
  fullName: null,
  fromHeader: false,
  ignoreDots: false,
  recipients: [],
};

Deno.test("sendmail: command lines that programs use", () => {
  const table: [string, Partial<SendmailOptions>][] = [
    ["-t -i", { fromHeader: true, ignoreDots: true }],
    ["-ti", { fromHeader: true, ignoreDots: true }],
    ["-oi -t", { fromHeader: true, ignoreDots: true }],
    ["-i -f bounce@a.test -- bob", { ignoreDots: true, sender: "bounce@a.test", recipients: ["bob"] }],
    ["-fbounce@a.test bob carol", { sender: "bounce@a.test", recipients: ["bob", "carol"] }],
    ["-f <> bob", { sender: "", recipients: ["bob"] }],
    ["-r a@b.test bob", { sender: "a@b.test", recipients: ["bob"] }],
    ["-FCron -oem -odb root", { fullName: "Cron", recipients: ["root"] }],
    ["-F Cron -o em root", { fullName: "Cron", recipients: ["root"] }],
    ["-N failure -R hdrs -V id -B8BITMIME -v -n -U bob", { recipients: ["bob"] }],
    ["-bm bob", { recipients: ["bob"] }],
    ["-bs", { mode: "smtp" }],
    ["-bp", { mode: "list" }],
    ["-q30m", { mode: "flush" }],
    ["-C /etc/x.yaml bob", { config: "/etc/x.yaml", recipients: ["bob"] }],
    ["bob -t", { recipients: ["bob", "-t"] }],
  ];
  for (const [line, expected] of table) {
    assert.deepEqual(parseSendmailArguments(line.split(" ")), { ...NOTHING, ...expected }, line);
  }
  for (const wrong of ["-bd", "-f", "-Z", "-tZ"]) {
    assert.throws(() => parseSendmailArguments([wrong]), SendmailUsageError, wrong);
  }
});

Deno.test("sendmail: what a program writes becomes a message", () => {
  const options = {
    fromHeader: false,
    ignoreDots: false,
    sender: { local: "cron", domain: "mx.test" },
    fullName: null,
  };
  const table: [string, string, { ignoreDots?: boolean; fullName?: string }][] = [
    ["Subject: a\n\nText\n", "From: cron@mx.test\r\nSubject: a\r\n\r\nText\r\n", {}],
    ["Subject: a\r\n\r\nText", "From: cron@mx.test\r\nSubject: a\r\n\r\nText\r\n", {}],
    ["From: me@x.test\n\nText\rmore\n", "From: me@x.test\r\n\r\nText\r\nmore\r\n", {}],
    ["Just text\n", "From: cron@mx.test\r\n\r\nJust text\r\n", {}],
    ["Subject: a\n folded\n\nb\n", "From: cron@mx.test\r\nSubject: a\r\n folded\r\n\r\nb\r\n", {}],
    ["\nb\n.\nc\n", "From: cron@mx.test\r\n\r\nb\r\n", {}],
    ["\nb\n.\nc\n", "From: cron@mx.test\r\n\r\nb\r\n.\r\nc\r\n", { ignoreDots: true }],
    ["", 'From: "Cron \\"D\\"" <cron@mx.test>\r\n\r\n', { fullName: 'Cron "D"' }],
    ["", 'From: "a Bcc: x" <cron@mx.test>\r\n\r\n', { fullName: "a\r\nBcc: x" }],
  ];
  for (const [input, expected, more] of table) {
    const { bytes, recipients } = prepareMessage(encodeUtf8(input), { ...options, ...more });
    assert.equal(decodeUtf8(bytes), expected);
    assert.deepEqual(recipients, []);
  }
});

Deno.test("sendmail -t: recipients stand in the header, blind copies stay blind", () => {
  const header = "From: a@x.test\nTo: Bob <bob@x.test>, team: c@x.test, d@x.test;\n" +
    "Cc: e@x.test\nBcc: f@x.test,\n g@x.test\nSubject: s\n\nBcc: stays\n";
  const options = { fromHeader: true, ignoreDots: true, sender: null, fullName: null };
  const { bytes, recipients } = prepareMessage(encodeUtf8(header), options);
  assert.deepEqual(
    recipients.map(formatAddress),
    [..."bcdefg"].map((c) => `${c === "b" ? "bob" : c}@x.test`),
  );
  assert.doesNotMatch(decodeUtf8(bytes), /f@x\.test|g@x\.test/);
  assert.match(decodeUtf8(bytes), /\r\n\r\nBcc: stays\r\n$/);
  const resent = prepareMessage(encodeUtf8(`Resent-To: z@x.test\n${header}`), options);
  assert.deepEqual(resent.recipients.map(formatAddress), ["z@x.test"]);
});

Deno.test("sendmail: any input becomes lines that end in CR LF, with one blank line after the header", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (input, ignoreDots) => {
    const sender = { local: "a", domain: "b.test" };
    const { bytes } = prepareMessage(input, { fromHeader: false, ignoreDots, sender, fullName: null });
    bytes.forEach((byte, i) => {
      if (byte === 10) assert.equal(bytes[i - 1], 13);
      if (byte === 13) assert.equal(bytes[i + 1], 10);
    });
    assert.ok(decodeUtf8(bytes).includes("\r\n\r\n"));
  }));
});

Deno.test("maildrop: an envelope survives, and nothing else is taken for one", () => {
  const envelope = {
    sender: null,
    recipients: [{ local: "two words", domain: "x.test" }, { local: "jörg", domain: "x.test" }],
  };
  const line = encodeEnvelope(envelope);
  const message = encodeUtf8("Subject: s\r\n");
  const read = decodeEnvelope(new Uint8Array([...line, ...message]));
  assert.deepEqual(read, { envelope, size: line.length });
  for (
    const bad of [
      "",
      "{}",
      "{}\n",
      '{"version":1,"sender":"a@b","recipients":[]}\n',
      "root:x:0:0\n",
      "null\n",
    ]
  ) {
    assert.throws(() => decodeEnvelope(encodeUtf8(bad)), BadEntryError, bad);
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
    assert.throws(() => decodeEnvelope(bytes), BadEntryError);
  }));
});
