/** COMPRESS=DEFLATE (RFC 4978) from the client's side, over connections in memory. */
import assert from "node:assert/strict";
import { deflateRawSync } from "node:zlib";
import { concatBytes, decodeLatin1, encodeLatin1 } from "../../../src/core/bytes.ts";
import { ConnectionLostError } from "../../../src/core/errors.ts";
import { type ByteStream, DeflateStream } from "../../../src/session/imap/deflate_stream.ts";
import { CompressedClient } from "../../support/compressed_client.ts";
import { seededRandom } from "../../support/fakes.ts";
import { command, ImapHarness } from "./harness.ts";

async function compressed(harness: ImapHarness): Promise<CompressedClient> {
  const plain = await harness.login();
  assert.deepEqual(await command(plain, "COMPRESS DEFLATE"), ["OK Compressed from here on"]);
  return new CompressedClient(plain);
}

Deno.test("after the answer both directions are compressed (RFC 4978 section 3)", async () => {
  await using harness = new ImapHarness();
  const client = await compressed(harness);
  assert.deepEqual(await client.command("NOOP"), ["OK Nothing done"]);
  // It is on once, and announced no more.
  assert.deepEqual(await client.command("COMPRESS DEFLATE"), [
    "BAD [COMPRESSIONACTIVE] Compression is on already",
  ]);
  const [capability] = await client.command("CAPABILITY");
  assert.doesNotMatch(capability!, /COMPRESS/);
  assert.equal(harness.deps.sessions!.compressed, 1);
  const [bye] = await client.command("LOGOUT");
  assert.equal(bye, "* BYE Goodbye");
});

Deno.test("UNAUTHENTICATE is not announced under compression, and ends the session (RFC 8437 sections 3 and 4.1)", async () => {
  await using harness = new ImapHarness();
  const client = await compressed(harness);
  const [capability] = await client.command("CAPABILITY");
  assert.doesNotMatch(capability!, /UNAUTHENTICATE/);
  client.send("a UNAUTHENTICATE\r\nb LOGIN bob secret\r\n");
  assert.equal(await client.line(), "* BYE Connect anew to log in as somebody else");
  await client.ended();
});

Deno.test("its memory is given back when the session ends", async () => {
  const harness = new ImapHarness({ limits: { compressedSessions: 1 } });
  {
    await using _ = harness;
    const first = await compressed(harness);
    const second = await harness.login();
    assert.deepEqual(await command(second, "COMPRESS DEFLATE"), [
      "NO [LIMIT] Too many sessions are compressed",
    ]);
    await first.command("LOGOUT");
    await first.ended();
    await compressed(harness);
  }
  assert.equal(harness.deps.sessions!.compressed, 0);
});

Deno.test("what cannot be packed comes through whole, both ways", async () => {
  await using harness = new ImapHarness();
  const client = await compressed(harness);
  const noise = seededRandom(7).bytes(200_000);
  // A body without NUL and bare line ends, as a client sends it.
  const body = decodeLatin1(noise).replace(/[\0\r\n]/g, "x");
  const message = `Subject: noise\r\n\r\n${body}`;
  client.send(`a APPEND INBOX {${message.length}+}\r\n`);
  client.send(encodeLatin1(message));
  client.send("\r\n");
  assert.match((await client.answer("a")).at(-1)!, /^OK \[APPENDUID/);
  await client.command("SELECT INBOX");
  client.send("b FETCH 1 BODY.PEEK[]\r\n");
  assert.equal(await client.line(), `* 1 FETCH (BODY[] {${message.length}}`);
  assert.equal(decodeLatin1(await client.bytes(message.length)), message);
  assert.deepEqual(await client.answer("b"), [")", "OK Fetched"]);
});

Deno.test("IDLE tells at once: what is said is not held back to be packed with more (RFC 4978 section 4)", async () => {
  await using harness = new ImapHarness();
  await harness.append("INBOX", "Subject: one\r\n\r\nText\r\n");
  const client = await compressed(harness);
  await client.command("SELECT INBOX");
  client.send("a IDLE\r\n");
  assert.equal(await client.line(), "+ Idling");
  await harness.append("INBOX", "Subject: two\r\n\r\nText\r\n");
  assert.equal(await client.line(), "* 2 EXISTS");
  assert.equal(await client.line(), "* 2 RECENT");
  client.send("DONE\r\n");
  assert.deepEqual(await client.answer("a"), ["OK Idled"]);
});

Deno.test("commands behind COMPRESS could be meant either way, so it is refused and they are obeyed as they are", async () => {
  await using harness = new ImapHarness();
  const client = await harness.login();
  client.write("a COMPRESS DEFLATE\r\nb NOOP\r\n");
  assert.equal(await client.readLine(), "a BAD Wait for the answer to COMPRESS before you go on");
  assert.equal(await client.readLine(), "b OK Nothing done");
  assert.deepEqual(await command(client, "NOOP"), ["OK Nothing done"]);
});

Deno.test("bytes that are no deflate stream end the session, with a word", async () => {
  const harness = new ImapHarness();
  {
    await using _ = harness;
    const plain = await harness.login();
    await command(plain, "COMPRESS DEFLATE");
    plain.write(new Uint8Array(50).fill(255));
    const client = new CompressedClient(plain);
    assert.equal(await client.line(), "* BYE The compressed data is broken");
  }
  assert.deepEqual(harness.log.entries.filter(({ level }) => level === "error"), []);
});

Deno.test("whatever follows the end of the deflate stream is not read", async () => {
  await using harness = new ImapHarness();
  const plain = await harness.login();
  await command(plain, "COMPRESS DEFLATE");
  plain.write(deflateRawSync("a NOOP\r\n"));
  const client = new CompressedClient(plain);
  assert.deepEqual(await client.answer("a"), ["OK Nothing done"]);
  plain.write("b NOOP\r\n");
  plain.close();
  await client.ended();
});

/** Gives these packed bytes, all at once. */
function source(packed: Uint8Array): ByteStream {
  let rest: Uint8Array | null = packed;
  return {
    read: () => {
      const bytes = rest;
      rest = null;
      return Promise.resolve(bytes);
    },
    write: () => Promise.reject(new ConnectionLostError("Nobody writes here")),
  };
}

/** Of this thread alone: other tests run beside this one in the same process. */
function ownMemory(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

Deno.test("a bomb goes off in small pieces, and only as far as somebody reads", async () => {
  const size = 256 * 1024 * 1024;
  const bomb = deflateRawSync(new Uint8Array(size));
  const stream = new DeflateStream(source(bomb));
  const before = ownMemory();
  let largest = 0;
  for (let read = 0; read < 64; read++) {
    largest = Math.max(largest, (await stream.read(1000))!.length);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const grown = ownMemory() - before;
  stream.close();
  assert.ok(largest <= 64 * 1024, `One read gave ${largest} bytes`);
  assert.ok(grown < 32 * 1024 * 1024, `Grown by ${grown} bytes`);
});

Deno.test("a line that unpacks to megabytes is a line that is too long", async () => {
  await using harness = new ImapHarness();
  const client = await compressed(harness);
  client.send(`a NOOP ${"x".repeat(3_000_000)}\r\n`);
  assert.equal(await client.line(), null);
});

Deno.test("a client that stops reading stops the writer", async () => {
  let open: () => void = () => {};
  let written = 0;
  const stream = new DeflateStream({
    read: () => Promise.resolve(null),
    write: (bytes) => {
      written += bytes.length;
      return new Promise((resolve) => open = resolve);
    },
  });
  const noise = seededRandom(3).bytes(1024 * 1024);
  const writing = stream.write(noise);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(written < 100_000, `${written} bytes were written though the first write is not over`);
  let isDone = false;
  writing.then(() => isDone = true);
  while (!isDone) {
    open();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assert.ok(written >= noise.length && written < noise.length + 4096);
  stream.close();
});

Deno.test("however the packed bytes are cut, the commands are the same", async () => {
  await using harness = new ImapHarness();
  const plain = await harness.login("alice", { chunkSize: 1 });
  await command(plain, "COMPRESS DEFLATE");
  const client = new CompressedClient(plain);
  assert.deepEqual(await client.command("NOOP"), ["OK Nothing done"]);
  const many = concatBytes(Array.from({ length: 50 }, (_, i) => encodeLatin1(`n${i} NOOP\r\n`)));
  client.send(many);
  for (let i = 0; i < 50; i++) assert.equal(await client.line(), `n${i} OK Nothing done`);
});
