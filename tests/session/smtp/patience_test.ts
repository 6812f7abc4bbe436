import assert from "node:assert/strict";
import { ClientRates, defaultRateLimits } from "../../../src/session/smtp/mod.ts";
import { FixedClock, live } from "../../support/fakes.ts";
import { startSession } from "./harness.ts";

const WRONG = "RCPT TO:<nobody@example.com>\r\n";

Deno.test("refusals one after the other are answered more and more slowly, up to a bound", async () => {
  const { client, clock, ended } = startSession({
    limits: { errorsBeforeDelay: 2, errorDelayMs: 100, errorDelayMaxMs: 1000 },
  });
  client.write(`EHLO c.example\r\nMAIL FROM:<a@c.example>\r\n${WRONG.repeat(8)}QUIT\r\n`);
  await client.readAll();
  await ended;
  assert.deepEqual(clock.slept, [100, 200, 400, 800, 1000, 1000]);
});

Deno.test("what is only temporary is not slowed down, nor is our own user", async () => {
  const busy = startSession({ limits: { errorsBeforeDelay: 0 } });
  busy.client.write(
    `EHLO c.example\r\nMAIL FROM:<a@c.example>\r\n${"RCPT TO:<full@example.com>\r\n".repeat(3)}QUIT\r\n`,
  );
  await busy.client.readAll();
  assert.deepEqual(busy.clock.slept, []);
  const user = startSession({
    service: "submission",
    plaintextAuth: true,
    conn: { remote: { host: "127.0.0.1", port: 1 } },
    limits: { errorsBeforeDelay: 0 },
  });
  const login = `AUTH PLAIN ${btoa("\0alice@example.com\0secret")}\r\n`;
  user.client.write(`EHLO c.example\r\n${login}MAIL FROM:<alice@example.com>\r\n${WRONG.repeat(3)}QUIT\r\n`);
  await user.client.readAll();
  assert.deepEqual(user.clock.slept, []);
});

/** Lets whatever has arrived be read before a sleep ends. */
class SlowClock extends FixedClock {
  override async sleep(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    await super.sleep(ms);
  }
}

Deno.test("whoever talks before the banner is refused (RFC 5321 section 4.3.1)", async () => {
  const early = startSession({ limits: { bannerDelayMs: 200 }, clock: new SlowClock() });
  early.client.write("EHLO c.example\r\n");
  assert.match(await early.client.readAll(), /^554 5\.5\.1 [^\r]*\r\n$/);
  await early.ended;
  assert.equal(early.log.of("early-talker").length, 1);
  assert.equal(early.log.of("session-end")[0]?.fields.reason, "early-talker");
});

Deno.test("whoever waits for the banner is served; what is said after it is not lost", async () => {
  const { client, clock, ended } = startSession({ limits: { bannerDelayMs: 200 }, clock: new SlowClock() });
  assert.match((await client.readLine())!, /^220 /);
  client.write("NOOP\r\nQUIT\r\n");
  assert.match(await client.readAll(), /^250 .*\r\n221 /);
  await ended;
  assert.deepEqual(clock.slept, [200]);
});

Deno.test("a client gets no more than its share of messages and recipients; it comes back with time", () => {
  const clock = new FixedClock();
  const rates = new ClientRates({
    clock,
    limits: live({ ...defaultRateLimits, messages: 2, recipients: 3, windowMs: 1000 }),
  });
  const take = (kind: "messages" | "recipients", address = "192.0.2.1") => rates.take(kind, address);
  assert.deepEqual([take("messages"), take("messages"), take("messages")], [true, true, false]);
  assert.deepEqual([1, 2, 3, 4].map(() => take("recipients")), [true, true, true, false]);
  assert.equal(take("messages", "192.0.2.2"), true);
  clock.set(clock.now() + 500);
  assert.deepEqual([take("messages"), take("messages")], [true, false]);
  // One customer, many addresses.
  assert.deepEqual(
    ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::", "2001:db8:0:1::"].map((host) =>
      take("messages", host)
    ),
    [true, true, false, true],
  );
  for (let i = 0; i < 5; i++) assert.equal(take("messages", "127.0.0.1"), true);
});

Deno.test("the clients kept in mind are bounded", () => {
  const limits = live({ ...defaultRateLimits, messages: 1, tracked: 2 });
  const rates = new ClientRates({ clock: new FixedClock(), limits });
  assert.equal(rates.take("messages", "192.0.2.1"), true);
  assert.equal(rates.take("messages", "192.0.2.1"), false);
  rates.take("messages", "192.0.2.2");
  rates.take("messages", "192.0.2.3");
  assert.equal(rates.take("messages", "192.0.2.1"), true, "forgotten in favour of the two others");
});

Deno.test("beyond its share a client hears 450 4.7.1 at MAIL and at RCPT", async () => {
  const limits = live({ ...defaultRateLimits, messages: 2, recipients: 1 });
  const rates = new ClientRates({ clock: new FixedClock(), limits });
  const { client, ended } = startSession({ rates });
  client.write(
    "EHLO c.example\r\nMAIL FROM:<a@c.example>\r\nRCPT TO:<alice@example.com>\r\nRCPT TO:<bob@example.com>\r\n",
  );
  client.write("RSET\r\nMAIL FROM:<a@c.example>\r\nRSET\r\nMAIL FROM:<a@c.example>\r\nQUIT\r\n");
  const replies = (await client.readAll()).split("\r\n").filter((line) => /^\d{3} /.test(line));
  await ended;
  assert.deepEqual(replies.slice(2).map((line) => line.slice(0, 9)), [
    "250 2.1.0",
    "250 2.1.5",
    "450 4.7.1",
    "250 2.0.0",
    "250 2.1.0",
    "250 2.0.0",
    "450 4.7.1",
    "221 2.0.0",
  ]);
});
