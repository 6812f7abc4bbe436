import assert from "node:assert/strict";
import { Refusal } from "../../../src/core/errors.ts";
import { TEST_TLS } from "../../support/fake_conn.ts";
import { startSession } from "./harness.ts";

/** The lines up to the last one of the next reply. */
async function readReply(client: { readLine(): Promise<string | null> }): Promise<string[]> {
  const lines: string[] = [];
  for (;;) {
    const line = await client.readLine();
    assert.ok(line !== null, `The server closed after ${lines}`);
    lines.push(line);
    if (line[3] !== "-") return lines;
  }
}

const LOGIN = "AUTH PLAIN " + btoa("\0alice@example.com\0wrong") + "\r\n";

Deno.test("a pipelined group is answered in one write (RFC 2920 section 3.2)", async () => {
  const { client, ended } = startSession();
  client.write("EHLO client.example\r\n");
  await readReply(client);
  await readReply(client);
  const before = client.writes.length;
  client.write(
    "MAIL FROM:<a@client.example>\r\nRCPT TO:<alice@example.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n",
  );
  for (const code of ["250", "250", "250", "354"]) assert.equal((await client.readLine())?.slice(0, 3), code);
  assert.equal(client.writes.length, before + 1);
  client.write("text\r\n.\r\nQUIT\r\n");
  await client.readAll();
  await ended;
  assert.equal(client.writes.length, before + 2);
});

Deno.test("replies do not wait for the rest of a half line", async () => {
  const { client, ended } = startSession();
  await client.readLine();
  client.write("NOOP\r\nNOO");
  assert.equal(await client.readLine(), "250 2.0.0 Ok");
  client.write("P\r\n");
  assert.equal(await client.readLine(), "250 2.0.0 Ok");
  client.close();
  await ended;
});

Deno.test("replies longer than their commands are not collected without limit", async () => {
  const { client, ended } = startSession();
  client.write("HELP\r\n".repeat(2000) + "QUIT\r\n");
  const text = await client.readAll();
  await ended;
  assert.equal(text.match(/^214 /gm)?.length, 2000);
  assert.ok(client.writes.every((write) => write.length < 20_000));
});

Deno.test("commands behind STARTTLS are an attack (CVE-2011-0411)", async () => {
  const { client, door, log, ended } = startSession();
  client.write("EHLO client.example\r\n");
  await readReply(client);
  await readReply(client);
  client.write("STARTTLS\r\nMAIL FROM:<evil@client.example>\r\n");
  assert.match(await client.readAll(), /^554 5\.5\.1 [^\r]*\r\n$/);
  await ended;
  assert.equal(log.of("starttls-injection").length, 1);
  assert.equal(door.taken.length, 0);
});

Deno.test("a TLS handshake that fails ends the session", async () => {
  const onStartTls = () => Promise.reject(new Error("No common cipher"));
  const { client, log, ended } = startSession({ conn: { onStartTls } });
  client.write("EHLO client.example\r\n");
  await readReply(client);
  await readReply(client);
  client.write("STARTTLS\r\n");
  assert.equal(await client.readAll(), "220 2.0.0 Ready to start TLS\r\n");
  await ended;
  assert.equal(log.of("session-end")[0]?.fields.reason, "tls-failed");
});

Deno.test("silence ends the session with 421 (RFC 5321 section 4.5.3.2.7)", async () => {
  const { client, log, ended } = startSession({ limits: { commandTimeoutMs: 10 } });
  assert.match(await client.readAll(), /^220 [^\r]*\r\n421 4\.4\.2 [^\r]*\r\n$/);
  await ended;
  assert.equal(log.of("session-end")[0]?.fields.reason, "timeout");
});

Deno.test("silence within the data ends the session, and nothing is taken", async () => {
  const { client, door, log, ended } = startSession({ limits: { dataTimeoutMs: 10 } });
  client.write("EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<alice@example.com>\r\nDATA\r\n");
  while (!(await client.readLine())?.startsWith("354"));
  client.write("half a message\r\n");
  assert.match(await client.readAll(), /^421 4\.4\.2 /);
  await ended;
  assert.equal(door.taken.length, 0);
  assert.equal(log.of("session-error").length, 0);
});

Deno.test("a connection that ends or breaks within the data leaves nothing behind", async () => {
  for (const end of ["close", "reset"] as const) {
    const { client, door, log, ended } = startSession();
    client.write("EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<alice@example.com>\r\nDATA\r\n");
    while (!(await client.readLine())?.startsWith("354"));
    client.write("half a message\r\n.");
    client[end]();
    await ended;
    assert.equal(door.taken.length, 0);
    assert.deepEqual(log.entries.filter(({ level }) => level === "error" || level === "warn"), []);
    assert.equal(log.of("session-end")[0]?.fields.reason, "connection-lost");
  }
});

Deno.test("a session does not last for ever", async () => {
  const { client, clock, ended } = startSession({ limits: { sessionMs: 60_000 } });
  await client.readLine();
  client.write("NOOP\r\n");
  await client.readLine();
  clock.set(clock.now() + 60_001);
  client.write("NOOP\r\n");
  assert.match(await client.readAll(), /421 4\.4\.2 /);
  await ended;
});

Deno.test("shutdown lets the running command finish, then says 421", async () => {
  const { client, door, stop, ended } = startSession();
  client.write("EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<alice@example.com>\r\nDATA\r\n");
  while (!(await client.readLine())?.startsWith("354"));
  stop.abort();
  client.write("text\r\n.\r\nNOOP\r\n");
  assert.match(await client.readAll(), /^250 2\.0\.0 [^\r]*\r\n421 4\.3\.2 [^\r]*\r\n$/);
  await ended;
  assert.equal(door.taken.length, 1);
});

Deno.test("shutdown wakes an idle session, also in the middle of a line", async () => {
  for (const said of ["", "NOO"]) {
    const { client, stop, ended } = startSession();
    await client.readLine();
    client.write(said);
    stop.abort();
    assert.match(await client.readAll(), /^421 4\.3\.2 /);
    await ended;
  }
});

Deno.test("each failed log-in waits longer", async () => {
  const { client, clock, log, ended } = startSession({
    service: "submission",
    conn: { tls: TEST_TLS },
    limits: { authTries: 6, authDelayMs: 1000, authDelayMaxMs: 5000 },
  });
  client.write("EHLO laptop\r\n" + LOGIN.repeat(6));
  await client.readAll();
  await ended;
  assert.deepEqual(clock.slept, [1000, 2000, 4000, 5000, 5000, 5000]);
  assert.equal(log.of("auth-failed").length, 6);
  assert.deepEqual(log.of("auth-failed")[0]?.fields, {
    session: "s1",
    service: "submission",
    user: "alice@example.com",
    client: "198.51.100.7",
  });
});

Deno.test("trouble of the authenticator is temporary and not a failed log-in", async () => {
  const troubles = [
    [Refusal.of(454, "4.7.0", "Too busy"), /454 4\.7\.0 Too busy/],
    [new Error("hidden detail"), /454 4\.7\.0 Log-in does not work/],
  ] as const;
  for (const [trouble, expected] of troubles) {
    const { client, log, ended } = startSession({
      service: "submission",
      conn: { tls: TEST_TLS },
      authenticate: () => Promise.reject(trouble),
    });
    client.write("EHLO laptop\r\n" + LOGIN + "QUIT\r\n");
    assert.match(await client.readAll(), expected);
    await ended;
    assert.equal(log.of("auth-failed").length, 0);
  }
});

Deno.test("the log tells what was refused and why, and ends with the sums", async () => {
  const { client, log, metrics, ended } = startSession();
  client.write("EHLO c.example\r\nMAIL FROM:<a@c.example>\r\nRCPT TO:<x@elsewhere.example>\r\nQUIT\r\n");
  await client.readAll();
  await ended;
  const refused = log.of("message-refused")[0]?.fields;
  assert.equal(refused?.command, "RCPT TO:<x@elsewhere.example>");
  assert.equal(refused?.reply, "550 5.7.1 Relaying denied");
  assert.equal(refused?.reason, "open relay try");
  assert.equal(refused?.session, "s1");
  assert.equal(metrics.counters.get("mailden_rejected_total{code=550,service=smtp}"), 1);
  const { reason, commands, transactions, refusals } = log.of("session-end")[0]!.fields;
  assert.deepEqual({ reason, commands, transactions, refusals }, {
    reason: "quit",
    commands: 4,
    transactions: 1,
    refusals: 1,
  });
});

Deno.test("a refusal at the end of the data is logged with the id of the message", async () => {
  const { client, log, ended } = startSession();
  client.write("EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<alice@example.com>\r\nDATA\r\n");
  while (!(await client.readLine())?.startsWith("354"));
  client.write("a\nb\r\n.\r\nQUIT\r\n");
  assert.match(await client.readAll(), /^550 5\.6\.0 /);
  await ended;
  const { message, reason } = log.of("message-refused")[0]!.fields;
  assert.equal(String(message).length, 20);
  assert.equal(reason, "Data with a bare LF");
});

Deno.test("octets that come behind the data survive when the door gives its memory away", async () => {
  const { client, door, ended } = startSession();
  const submit = door.submit.bind(door);
  door.submit = (envelope, message, context) => {
    async function* transferred() {
      for await (const chunk of message) {
        yield chunk.slice();
        structuredClone(null, { transfer: [chunk.buffer as ArrayBuffer] });
      }
    }
    return submit(envelope, transferred(), context);
  };
  client.write("EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<alice@example.com>\r\nDATA\r\n");
  while (!(await client.readLine())?.startsWith("354"));
  client.write("text\r\n.\r\nNOOP\r\nQUIT\r\n");
  assert.match(await client.readAll(), /^250 [^\r]*\r\n250 2\.0\.0 Ok\r\n221 /);
  await ended;
  assert.equal(door.taken[0]?.body, "text\r\n");
});
