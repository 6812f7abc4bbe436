/** In every state of a session any input gets valid replies, is survived, and does not go on without end. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, encodeUtf8 } from "../../../src/core/bytes.ts";
import { TEST_TLS } from "../../support/fake_conn.ts";
import { type SessionOptions, startSession } from "./harness.ts";

const SUBMISSION: SessionOptions = { service: "submission", conn: { tls: TEST_TLS } };
const LOGIN = "AUTH PLAIN " + btoa("\0alice@example.com\0secret") + "\r\n";

const STATES: readonly [name: string, options: SessionOptions, said: string][] = [
  ["the start", {}, ""],
  ["after EHLO", {}, "EHLO c.example\r\n"],
  ["after MAIL", {}, "EHLO c.example\r\nMAIL FROM:<a@c.example>\r\n"],
  ["after RCPT", {}, "EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.com>\r\n"],
  [
    "within the data",
    {},
    "EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\nSubject: x\r\n",
  ],
  ["before a log-in", SUBMISSION, "EHLO c.example\r\n"],
  ["within AUTH PLAIN", SUBMISSION, "EHLO c.example\r\nAUTH PLAIN\r\n"],
  ["within AUTH LOGIN", SUBMISSION, "EHLO c.example\r\nAUTH LOGIN\r\nYQ==\r\n"],
  ["after a log-in", SUBMISSION, "EHLO c.example\r\n" + LOGIN],
];

const word = fc.constantFrom(
  "EHLO",
  "HELO",
  "MAIL",
  "RCPT",
  "DATA",
  "RSET",
  "NOOP",
  "VRFY",
  "HELP",
  "QUIT",
  "STARTTLS",
  "AUTH",
  "PLAIN",
  "LOGIN",
  "FROM:",
  "TO:",
  "<a@c.example>",
  "<alice@example.com>",
  "<>",
  "<",
  ">",
  '"',
  "\\",
  "@",
  ":",
  "[192.0.2.1]",
  "SIZE=1",
  "BODY=8BITMIME",
  "SMTPUTF8",
  "=",
  "*",
  ".",
  "",
  " ",
  "\0",
  "\r",
  "\n",
  "YQ==",
  "ü",
);
const line = fc.array(fc.oneof({ weight: 5, arbitrary: word }, fc.string()), { maxLength: 6 })
  .map((words) => encodeUtf8(words.join(" ") + "\r\n"));
const input = fc.array(fc.oneof({ weight: 4, arbitrary: line }, fc.uint8Array({ maxLength: 40 })), {
  maxLength: 30,
})
  .map((parts) => concatBytes(parts));

for (const [name, options, said] of STATES) {
  Deno.test(`smtp fuzz from ${name}`, async () => {
    await fc.assert(
      fc.asyncProperty(input, fc.integer({ min: 1, max: 200 }), async (bytes, chunkSize) => {
        const limits = { errors: 5, refusals: 8, commands: 25, messageSize: 200 };
        const conn = { ...options.conn, chunkSize };
        const { client, log, ended } = startSession({ ...options, limits, conn });
        client.write(concatBytes([encodeUtf8(said), bytes]));
        client.close();
        const text = await client.readAll();
        await ended;
        const lines = text.split("\r\n");
        assert.equal(lines.pop(), "");
        for (const reply of lines) assert.match(reply, /^[2-5][0-9][0-9][ -][\x20-\x7e]{0,500}$/);
        assert.ok(lines.length < 300);
        assert.equal(log.of("session-end").length, 1);
        assert.deepEqual([...log.of("session-error"), ...log.of("session-broken")], []);
      }),
      { numRuns: 150 },
    );
  });
}
