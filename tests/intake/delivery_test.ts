// What becomes of mail for our accounts: forwards, details (RFC 5233), quotas, duplicates.
import assert from "node:assert/strict";
import { type Address, formatAddress } from "../../src/core/address.ts";
import { TEST_NOW } from "../support/fakes.ts";
import { at, makeWorld, refusal, TEXT } from "./delivery_world.ts";

Deno.test("delivery: a forward leaves unchanged under a sender of ours, in the same commit", async () => {
  const world = await makeWorld();
  assert.deepEqual(await world.send(["away@here.test"]), ["queued"]);
  assert.deepEqual(await world.box("away"), []);
  const [queued, ...more] = await world.queue();
  assert.deepEqual(more, []);
  assert.deepEqual(queued!.to, ["Carol@there.test"]);
  assert.match(queued!.sender, /^SRS0=\w{8}=\w\w=there\.test=eve@here\.test$/);
  assert.match(queued!.text, /^Delivered-To: away@here\.test\r\nReceived: /);
  assert.ok(queued!.text.endsWith(`\r\n${TEXT}`));
});

Deno.test("delivery: the null sender and our own stay what they are", async () => {
  const world = await makeWorld();
  await world.send(["away@here.test"], { from: "" });
  await world.send(["out@here.test"], { from: "bob@here.test" });
  assert.deepEqual((await world.queue()).map(({ sender }) => sender), ["", "bob@here.test"]);
});

Deno.test("delivery: with a copy, and to accounts of ours, by the same commit", async () => {
  const world = await makeWorld();
  await world.send(["both@here.test"]);
  assert.equal((await world.box("both")).length, 1);
  assert.equal((await world.queue()).length, 1);
  await world.store.mailboxes.create("alice@here.test", "work");
  await world.send(["inside@also.test"], { text: TEXT.replace("<1@", "<2@") });
  assert.equal((await world.box("inside")).length, 0);
  assert.equal((await world.box("bob")).length, 1);
  assert.equal((await world.box("alice", "work")).length, 1);
  assert.equal((await world.queue()).length, 1);
});

Deno.test("delivery: with other recipients each forward goes by itself, and nobody reads who else was written to", async () => {
  const world = await makeWorld();
  assert.deepEqual(await world.send(["away@here.test", "both@here.test", "bob@here.test"]), [
    "queued",
    "queued",
    "stored",
  ]);
  const queue = await world.queue();
  // Both lead to the same person, in different spellings; each goes once.
  assert.deepEqual(queue.map(({ to }) => to.join()).sort(), ["Carol@there.test", "carol@there.test"]);
  for (const { text, sender } of queue) {
    assert.equal(text.match(/^Delivered-To: /gm)!.length, 1);
    assert.match(sender, /@here\.test$/);
  }
  for (const account of ["bob", "both"]) {
    const [text] = await world.box(account);
    assert.doesNotMatch(text!, /Delivered-To/);
  }
  // A member of a list likewise.
  const list = await makeWorld();
  await list.send(["team@here.test"]);
  assert.match((await list.queue())[0]!.text, /^Delivered-To: away@here\.test/m);
  assert.doesNotMatch((await list.box("bob"))[0]!, /Delivered-To/);
});

Deno.test("delivery: what has been forwarded before stays, and an alias refuses it (RFC 5321 section 6.3)", async () => {
  const world = await makeWorld();
  await world.send(["away@here.test"], { text: `Delivered-To: AWAY@here.test\r\n${TEXT}` });
  assert.equal((await world.box("away")).length, 1);
  const again = { text: `Delivered-To: out@here.test\r\n${TEXT}` };
  assert.equal(await refusal(() => world.send(["out@here.test"], again)), "554 5.4.6");
  assert.deepEqual(await world.queue(), []);
});

Deno.test("delivery: spam is never sent on", async () => {
  const world = await makeWorld();
  await world.send(["away@here.test"], { spam: true });
  assert.equal((await world.box("away")).length, 1);
  assert.equal(await refusal(() => world.send(["out@here.test"], { spam: true })), "550 5.7.1");
  assert.deepEqual(await world.queue(), []);
});

Deno.test("delivery: a scanner's field makes spam of a message, wherever it says so", async () => {
  const world = await makeWorld();
  const spam = `Subject: Buy\r\nX-Spam-Flag: YES\r\n${TEXT}`;
  assert.deepEqual(await world.send(["away@here.test", "team@here.test"], { text: spam }), [
    "stored",
    "stored",
  ]);
  assert.equal((await world.box("away")).length, 1);
  assert.equal((await world.box("bob")).length, 1);
  assert.equal(await refusal(() => world.send(["out@here.test"], { text: spam })), "550 5.7.1");
  assert.deepEqual(await world.queue(), []);
  await world.send(["out@here.test"], { text: spam.replace("YES", "NO") });
  assert.equal((await world.queue()).length, 1);
});

Deno.test("delivery: a bounce comes back through our address, a forged one does not", async () => {
  const world = await makeWorld();
  const { door } = world;
  const back = world.srs.forward(at("eve@there.test"), "here.test");
  const visitor = { sessionId: "s", address: "192.0.2.7", helo: "x", account: null, tls: false };
  const check = (to: Address) => refusal(() => door.checkRecipient(to, null, visitor));
  assert.equal(await check(back), "accepted");
  assert.equal(await check({ ...back, local: back.local.toUpperCase() }), "accepted");
  assert.equal(await check({ ...back, domain: "mx.here.test" }), "accepted");
  assert.equal(await check({ ...back, local: back.local.replace("eve", "dan") }), "550 5.1.1");
  assert.equal(await check({ ...back, domain: "there.test" }), "550 5.7.1");
  await world.send([formatAddress(back)], { from: "" });
  assert.deepEqual((await world.queue()).map(({ sender, to }) => [sender, ...to]), [["", "eve@there.test"]]);
});

Deno.test("delivery: a return address takes reports only, and none that we did not make, so that we are no open relay", async () => {
  const world = await makeWorld();
  const { door, srs, clock } = world;
  // Whoever reads a forwarded message knows these, and has chosen whom they lead to.
  const known = [
    srs.forward(at("victim@elsewhere.test"), "here.test"),
    srs.forward(at("SRS0=hash=aa=elsewhere.test=victim@first.test"), "here.test"),
    srs.forward(at("user%host@elsewhere.test"), "here.test"),
  ];
  const visitor = { sessionId: "s", address: "192.0.2.7", helo: "x", tls: false };
  const check = (to: Address, sender: Address | null, account: string | null = null) =>
    refusal(() => door.checkRecipient(to, sender, { ...visitor, account }));
  for (const address of known) {
    assert.equal(await check(address, null), "accepted");
    assert.equal(await check(address, at("spammer@there.test")), "550 5.7.1");
    assert.equal(await check(address, at("bob@here.test"), "bob@here.test"), "550 5.7.1");
    // The door looks again at the end, whatever was said at RCPT.
    assert.equal(await refusal(() => world.send([formatAddress(address)])), "550 5.7.1");
  }
  clock.set(TEST_NOW + 22 * 24 * 60 * 60_000);
  for (const address of known) assert.equal(await check(address, null), "550 5.1.1");
  assert.deepEqual(await world.queue(), []);
});

Deno.test("delivery: a return address whose domain has become ours leads to whoever has that name here", async () => {
  const world = await makeWorld();
  await world.send([formatAddress(world.srs.forward(at("bob@also.test"), "here.test"))], { from: "" });
  assert.equal((await world.box("bob")).length, 1);
  assert.deepEqual(await world.queue(), []);
});

Deno.test("delivery: a detail names a folder that is there, in any case, and never makes one (RFC 5233)", async () => {
  const world = await makeWorld();
  await world.store.mailboxes.create("alice@here.test", "Work");
  await world.send(["alice+wORK@here.test", "bob+work@here.test"]);
  assert.equal((await world.box("alice", "Work")).length, 1);
  assert.equal((await world.box("bob")).length, 1);
  assert.equal(await world.store.mailboxes.get("bob@here.test", "work"), null);
  // Nobody puts into an account's Sent what it never sent.
  await world.send(["alice+Sent@here.test"], { text: TEXT.replace("<1@", "<3@") });
  assert.equal((await world.box("alice", "Sent")).length, 0);
  assert.equal((await world.box("alice")).length, 1);
});

Deno.test("delivery: at the end of DATA those without room do not get it, and the sender hears of them", async () => {
  const world = await makeWorld();
  const large = `${TEXT}${"x".repeat(4200)}\r\n`;
  assert.equal(await refusal(() => world.send(["small@here.test"], { text: large })), "552 5.2.2");
  const half = `Subject: Half\r\n\r\n${"x".repeat(2000)}\r\n`;
  await world.send(["small@here.test"], { text: half });
  assert.equal(await refusal(() => world.send(["small@here.test"], { text: half })), "452 4.2.2");
  assert.deepEqual(await world.send(["small@here.test", "bob@here.test"], { text: half }), [
    "deferred",
    "stored",
  ]);
  const [report] = await world.queue();
  assert.deepEqual([report!.sender, ...report!.to], ["", "eve@there.test"]);
  assert.match(report!.text, /^Final-Recipient: rfc822; ?small@here\.test\r$/m);
  assert.match(report!.text, /^Status: 5\.2\.2\r$/m);
  // By LMTP each recipient has its own answer (RFC 2033 section 4.2).
  const before = (await world.queue()).length;
  assert.deepEqual(
    await world.send(["small@here.test", "bob@here.test"], { text: half, origin: "lmtp" }),
    ["deferred", "stored"],
  );
  assert.equal((await world.queue()).length, before);
});

Deno.test("delivery: of messages that come at once no more come in than fit, and the others of each get them", async () => {
  const world = await makeWorld();
  const text = `Subject: Many\r\n\r\n${"x".repeat(1000)}\r\n`;
  const many = (to: string[], origin: "smtp" | "lmtp") =>
    Promise.all(Array.from({ length: 6 }, () => world.send(to, { text, origin })));
  const ends = await many(["small@here.test", "bob@here.test"], "lmtp");
  const stored = ends.filter(([small]) => small === "stored").length;
  assert.deepEqual([stored, ends.filter(([, bob]) => bob === "stored").length], [3, 6]);
  assert.deepEqual(ends.filter(([small]) => small === "deferred").length, 3);
  const { bytes } = await world.store.accounts.usage("small@here.test");
  assert.ok(bytes <= 4000 + 1200, `${bytes} bytes, of which one message is our own warning`);
  assert.equal((await world.box("bob")).length, 6);
  assert.deepEqual(await world.queue(), []);

  // After DATA there is one answer for all: who had no room after all is reported.
  const other = await makeWorld();
  const sent = await Promise.all(
    Array.from({ length: 6 }, () => other.send(["small@here.test", "bob@here.test"], { text })),
  );
  assert.equal(sent.filter(([small]) => small === "deferred").length, 3);
  const reports = await other.queue();
  assert.equal(reports.length, 3);
  for (const { text } of reports) {
    assert.match(text, /^Final-Recipient: rfc822; ?small@here\.test\r$/m);
    assert.match(text, /^Status: 5\.2\.2\r$/m);
    assert.match(text, /^Subject: Many\r$/m);
  }

  const alone = await makeWorld();
  const one = await Promise.all(
    Array.from({ length: 6 }, () => refusal(() => alone.send(["small@here.test"], { text }))),
  );
  assert.deepEqual(one.toSorted(), [...Array(3).fill("452 4.2.2"), ...Array(3).fill("accepted")]);
});

Deno.test("delivery: a message that found no room is not taken for a duplicate when it comes again", async () => {
  const world = await makeWorld();
  const text = `Message-ID: <full@x>\r\n\r\n${"x".repeat(2500)}\r\n`;
  const ends = await Promise.all([
    world.send(["small@here.test"], { text: text.replace("full", "first") }),
    world.send(["small@here.test", "bob@here.test"], { text, origin: "lmtp" }),
  ]);
  assert.deepEqual(ends, [["stored"], ["deferred", "stored"]]);
  const { id } = (await world.store.mailboxes.get("small@here.test", "INBOX"))!;
  await world.store.messages.expunge(id, [[1, 2 ** 32 - 1]], { any: true });
  await world.send(["tiny@here.test"], { text });
  assert.equal((await world.box("small")).length, 1);
});

Deno.test("delivery: an account is warned once at each mark, and again after it was below", async () => {
  const world = await makeWorld();
  const fill = async (bytes: number) => {
    const { id } = (await world.store.mailboxes.get("small@here.test", "INBOX"))!;
    await world.store.messages.expunge(id, [[1, 2 ** 32 - 1]], { any: true });
    await world.send(["small@here.test"], { text: `X: y\r\n\r\n${"x".repeat(bytes)}` });
    return (await world.box("small")).filter((text) => /^Subject: Your mailbox is/m.test(text)).length;
  };
  assert.equal(await fill(1000), 0);
  assert.equal(await fill(3200), 1);
  assert.equal(await fill(1000), 0);
  assert.equal(await fill(3700), 1);
});

Deno.test("delivery: a warning is remembered by the commit of its letter, and a restart forgets neither", async () => {
  const world = await makeWorld();
  const warnings = async () =>
    (await world.box("small")).filter((text) => /^Subject: Your mailbox is/m.test(text)).length;
  const send = (length: number) =>
    world.send(["small@here.test"], { text: `X: y\r\n\r\n${"x".repeat(length)}` });
  const accept = world.store.accept.bind(world.store);
  // The letter cannot be stored: nor is it noted that it was sent.
  world.store.accept = (delivery) =>
    delivery.facts === undefined ? accept(delivery) : Promise.reject(new Error("A crash"));
  await send(3100);
  assert.equal(world.log.of("quota-warning-failed").length, 1);
  assert.equal(await world.store.facts.get("quota-warning", "small@here.test"), null);
  world.store.accept = accept;
  world.restart();
  await send(10);
  assert.equal(await warnings(), 1);
  assert.equal((await world.store.facts.get("quota-warning", "small@here.test"))?.value, "80");
  // The letter goes, so that there is room for another message.
  const { id } = (await world.store.mailboxes.get("small@here.test", "INBOX"))!;
  await world.store.messages.expunge(id, [[3, 3]], { any: true });
  assert.equal(await warnings(), 0);
  world.restart();
  await send(10);
  assert.equal(await warnings(), 0);
});

Deno.test("delivery: of many messages that come at once one brings the warning", async () => {
  const world = await makeWorld();
  const text = (length: number) => ({ text: `X: y\r\n\r\n${"x".repeat(length)}` });
  const warnings = async () =>
    (await world.box("small")).filter((text) => /^Subject: Your mailbox is/m.test(text)).length;
  await world.send(["small@here.test"], text(2300));
  assert.equal(await warnings(), 0);
  await Promise.all(Array.from({ length: 4 }, () => world.send(["small@here.test"], text(130))));
  assert.equal(await warnings(), 1);
});

Deno.test("delivery: a message that comes by two addresses of an account is there once, for a while", async () => {
  const world = await makeWorld();
  const inbox = async () => (await world.box("alice")).length;
  await Promise.all([world.send(["alice@here.test"]), world.send(["sales@here.test"])]);
  assert.equal(await inbox(), 1);
  // Somebody sent it again, or it is not the same.
  await world.send(["alice@here.test"]);
  await world.send(["sales@here.test"], { from: "dan@there.test" });
  await world.send(["sales@here.test"], { text: `${TEXT}more\r\n` });
  assert.equal(await inbox(), 4);
  // Nor is one of the same length that somebody sends in its place.
  await world.send(["sales@here.test"], {
    text: TEXT.replace("Hello\r\n", "Jello\r\n").replace("\r\nHello", "\r\nJello"),
  });
  assert.equal(await inbox(), 5);
  await world.send(["sales@here.test"], { text: "Subject: Without a Message-ID\r\n\r\n" });
  await world.send(["alice@here.test"], { text: "Subject: Without a Message-ID\r\n\r\n" });
  assert.equal(await inbox(), 7);
  world.clock.set(TEST_NOW + 11 * 60_000);
  await world.send(["sales@here.test"]);
  assert.equal(await inbox(), 8);
});

Deno.test("delivery: what the catch-all does not take is refused", async () => {
  const world = await makeWorld();
  assert.equal(await refusal(() => world.send(["anything@here.test"])), "accepted");
  for (const to of ["old@here.test", "spam-7@also.test", "OLD@here.test"]) {
    assert.equal(await refusal(() => world.send([to])), "550 5.1.1", to);
  }
});
