import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeLatin1 } from "../../../src/core/bytes.ts";
import { startSession } from "./harness.ts";

const ENVELOPE = "EHLO c.example\r\nMAIL FROM:<a@c.example>\r\nRCPT TO:<alice@example.com>\r\n";

interface Sent {
  readonly replies: readonly string[];
  readonly taken: readonly string[];
}

/** Sends text as the client does, cut as TCP cuts it, and reads all replies. */
async function send(text: string, chunkSize?: number): Promise<Sent> {
  const { client, door, ended } = startSession({ conn: chunkSize === undefined ? {} : { chunkSize } });
  client.write(encodeLatin1(text));
  client.close();
  const lines = (await client.readAll()).split("\r\n").filter((line) => /^\d{3} /.test(line));
  await ended;
  // The id of a message is another one each time.
  const replies = lines.map((line) => line.replace(/queued as .*/, "queued"));
  return { replies, taken: door.taken.map(({ body }) => body) };
}

/** The message in BDAT commands of the given sizes, in a circle. */
function bdat(message: string, sizes: readonly number[]): string {
  let text = "";
  let at = 0;
  for (let i = 0; at < message.length; i++) {
    const size = Math.min(sizes[i % sizes.length]!, message.length - at);
    text += `BDAT ${size}\r\n${message.slice(at, at + size)}`;
    at += size;
  }
  return `${text}BDAT 0 LAST\r\n`;
}

const messageText = fc.array(
  fc.constantFrom(
    "\r\n",
    "\r\n.\r\n",
    ".",
    "a line",
    "QUIT\r\n",
    "RSET\r\n",
    "BDAT 5 LAST\r\n",
    "\r",
    "\n",
    "\0",
  ),
  { maxLength: 12 },
).map((parts) => parts.join(""));
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });

Deno.test("BDAT: the same octets come to the same end, however they are cut (RFC 3030 section 2)", async () => {
  await fc.assert(
    fc.asyncProperty(
      messageText,
      sizes,
      fc.integer({ min: 1, max: 40 }),
      async (message, sizes, chunkSize) => {
        const whole = await send(`${ENVELOPE}BDAT ${message.length} LAST\r\n${message}QUIT\r\n`);
        const cut = await send(`${ENVELOPE}${bdat(message, sizes)}QUIT\r\n`, chunkSize);
        assert.deepEqual(cut.taken, whole.taken);
        // The last but one is the answer to LAST; the last is that to QUIT, so nothing of the message was a command.
        assert.deepEqual(cut.replies.slice(-2), whole.replies.slice(-2));
        assert.match(cut.replies.at(-1)!, /^221 /);
        const isLines = !/\0|\r(?!\n)|(?<!\r)\n/.test(message);
        assert.deepEqual(whole.taken, isLines ? [message] : []);
        assert.match(whole.replies.at(-2)!, isLines ? /^250 / : /^550 5\.6\.0 /);
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("BDAT refused: no octet that was announced is a command", async () => {
  await fc.assert(
    fc.asyncProperty(
      messageText,
      sizes,
      fc.integer({ min: 1, max: 40 }),
      async (message, sizes, chunkSize) => {
        const text = `EHLO c.example\r\n${bdat(message, sizes)}NOOP\r\n`;
        const { replies, taken } = await send(text, chunkSize);
        assert.deepEqual(taken, []);
        const errors = replies.slice(2);
        // Too many mistakes end a session; until then each command gets its 503, and what lies between nothing.
        const last = errors.at(-1)!;
        assert.match(last, errors.length > 10 ? /^(421|250) / : /^250 /);
        assert.ok(errors.slice(0, -1).every((line) => line.startsWith("503 ")), errors.join("|"));
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("BDAT: the door takes block after block, and a giant chunk is never in memory as a whole", async () => {
  const { client, door, ended } = startSession();
  const line = "x".repeat(98) + "\r\n";
  client.write(`${ENVELOPE}BDAT 1000000 LAST\r\n`);
  for (let i = 0; i < 1000; i++) client.write(line.repeat(10));
  client.write("QUIT\r\n");
  client.close();
  await client.readAll();
  await ended;
  assert.equal(door.taken[0]?.body.length, 1_000_000);
});

Deno.test("BDAT: whoever goes away, or is sent away, leaves nothing at the door", async () => {
  for (const end of ["close", "reset", "shutdown"] as const) {
    const { client, door, ended, stop, log } = startSession();
    client.write(`${ENVELOPE}BDAT 5\r\nabc\r\nNOOP\r\n`);
    while (!(await client.readLine())!.startsWith("250 2.0.0 Ok"));
    if (end === "close") client.close();
    else if (end === "reset") client.reset();
    else stop.abort();
    await ended;
    assert.equal(door.taken.length, 0, end);
    assert.equal(log.of("session-error").length, 0, end);
  }
});
