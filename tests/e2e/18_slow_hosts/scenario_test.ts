//   alice --587--> Mailden --> four hosts that hang at some step, one where nobody listens: 200 letters wait for them
//                          --> a live host, and bob's mailbox: their letters do not wait
import assert from "node:assert/strict";
import type { Mailden } from "../../support/mailden.ts";
import type { LogLine } from "../../support/program.ts";
import { sampleMessage, type SmtpClient } from "../../support/smtp_client.ts";
import { type SinkStep, SmtpSink } from "../../support/smtp_sink.ts";
import { makeWorld, waitForMessages, type World } from "../world.ts";

const ALICE = "alice@one.test";
const BOB = "bob@one.test";
const WAITING = 200;
const LETTERS = 20;
/** Where each host says nothing more; the last one hangs at another step on each connection. */
const HANGS: Readonly<Record<string, readonly SinkStep[]>> = {
  "mute.test": ["connect"],
  "mail.test": ["mail"],
  "final.test": ["final"],
  "mixed.test": ["ehlo", "rcpt", "data"],
};
const DEAD = "dead.test";

function point(world: World, domain: string, host: string): void {
  world.dns.set(domain, { MX: [{ preference: 10, exchange: `mx.${domain}` }] });
  world.dns.set(`mx.${domain}`, { A: [host] });
}

async function startHangingHosts(world: World): Promise<SmtpSink[]> {
  const sinks: SmtpSink[] = [];
  for (const [domain, steps] of Object.entries(HANGS)) {
    const host = world.address();
    point(world, domain, host);
    const behaviour = (connection: number) => ({ hang: steps[connection % steps.length]! });
    sinks.push(await SmtpSink.start({ host, port: world.smtpPort, behaviour }));
  }
  return sinks;
}

async function send(smtp: SmtpClient, to: string, subject: string): Promise<void> {
  const message = sampleMessage({ from: ALICE, to, subject });
  assert.equal((await smtp.send({ from: ALICE, to, message })).code, 250);
}

/** Each letter arrives before the next one is sent. */
async function lettersArrive(smtp: SmtpClient, to: string, arrived: (count: number) => Promise<unknown>) {
  for (let count = 1; count <= LETTERS; count++) {
    await send(smtp, to, `Letter ${count}`);
    await arrived(count);
  }
}

Deno.test("e2e: hosts that hang or are dead, with 200 letters waiting for them, slow nobody else", async () => {
  await using world = await makeWorld();
  const hanging = await startHangingHosts(world);
  try {
    point(world, DEAD, world.address());
    const host = world.address();
    point(world, "live.test", host);
    await using live = await SmtpSink.start({ host, port: world.smtpPort });
    await using one = await world.mailden({
      host: world.address(),
      hostname: "mx.one.test",
      accounts: { [ALICE]: "a", [BOB]: "b" },
    });
    await using smtp = await one.submission(ALICE);
    const domains = [...Object.keys(HANGS), DEAD];
    for (let i = 0; i < WAITING; i++) {
      await send(smtp, `carol@${domains[i % domains.length]}`, `Waiting ${i}`);
    }
    for (const sink of hanging) await sink.waitForConnections(1);
    await one.waitForLog("delivery-host-failed");

    await using bob = await one.imap(BOB);
    await using second = await one.submission(ALICE);
    await Promise.all([
      lettersArrive(smtp, "dave@live.test", (count) => live.waitForAccepted(count)),
      lettersArrive(second, BOB, (count) => waitForMessages(bob, count)),
    ]);
    // That was while they hung: none of them was given up, and none of theirs is gone.
    const isGivenUp = ({ event, host }: LogLine) =>
      event === "delivery-host-failed" && !String(host).includes(DEAD);
    assert.deepEqual(one.log.filter(isGivenUp), []);
    for (const sink of hanging) assert.equal(sink.accepted.length, 0);
    const { stdout } = await one.command(["queue", "list", "--json", "--limit", "1000"]);
    assert.equal(stdout.trim().split("\n").length, WAITING);
  } finally {
    await Promise.all(hanging.map((sink) => sink.close()));
  }
});

/** Far more than the buffers of the sockets hold. */
const LARGE_MESSAGES = 12;
const LARGE_BYTES = 2_000_000;

async function fill(server: Mailden, to: string): Promise<void> {
  await using smtp = await server.smtp();
  const text = `${"x".repeat(76)}\r\n`.repeat(LARGE_BYTES / 78);
  for (let i = 0; i < LARGE_MESSAGES; i++) {
    const message = sampleMessage({ to, text });
    assert.equal((await smtp.send({ from: "carol@foreign.test", to, message })).code, 250);
  }
}

/**
 * Asks for everything on a plain socket and reads no more, so that the kernel's buffers fill up. The session ends as soon as
 * the server has got rid of it all.
 */
async function stopReading(server: Mailden): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: server.host, port: server.ports.imap });
  await conn.write(new TextEncoder().encode(`a LOGIN ${ALICE} a\r\nb EXAMINE INBOX\r\n`));
  await readUntil(conn, "\nb OK");
  await conn.write(new TextEncoder().encode("c FETCH 1:* (UID BODY.PEEK[])\r\nd LOGOUT\r\n"));
  return conn;
}

/** Reads until this text has come; how many bytes that took. */
async function readUntil(conn: Deno.TcpConn, text: string): Promise<number> {
  const buffer = new Uint8Array(65536);
  const decoder = new TextDecoder("latin1");
  let count = 0;
  for (let tail = ""; !tail.includes(text);) {
    const read = await conn.read(buffer);
    assert.ok(read !== null, `The server closed before ${text}`);
    count += read;
    tail = tail.slice(-text.length) + decoder.decode(buffer.subarray(0, read));
  }
  return count;
}

Deno.test("e2e: IMAP clients that stop reading do not delay anybody's mail, their own account's least of all", async () => {
  await using world = await makeWorld();
  const host = world.address();
  point(world, "live.test", host);
  await using live = await SmtpSink.start({ host, port: world.smtpPort });
  await using one = await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { [ALICE]: "a", [BOB]: "b" },
    config: { plaintext_auth: "loopback" },
  });
  await fill(one, ALICE);
  const stuck = await Promise.all(Array.from({ length: 3 }, () => stopReading(one)));
  try {
    await using bob = await one.imap(BOB);
    await using alice = await one.imap(ALICE);
    await using first = await one.submission(ALICE);
    await using second = await one.submission(ALICE);
    await using third = await one.submission(ALICE);
    await Promise.all([
      lettersArrive(first, BOB, (count) => waitForMessages(bob, count)),
      lettersArrive(second, ALICE, (count) => waitForMessages(alice, LARGE_MESSAGES + count)),
      lettersArrive(third, "dave@live.test", (count) => live.waitForAccepted(count)),
    ]);
    // They were neither served to the end meanwhile nor thrown out: one that reads on gets the rest.
    const isEnd = ({ event, protocol }: LogLine) => event === "session-end" && protocol === "imap";
    assert.equal(one.log.filter(isEnd).length, 0, "A client that does not read was served to the end");
    assert.ok(await readUntil(stuck[0]!, "\nd OK") > LARGE_MESSAGES * LARGE_BYTES);
    await one.waitForLog(isEnd);
  } finally {
    for (const conn of stuck) conn.close();
  }
});
