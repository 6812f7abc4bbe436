// What becomes of mail for our accounts: forwards, details (RFC 5233), quotas, duplicates.
import assert from "node:assert/strict";
import { type Address, formatAddress } from "../../src/core/address.ts";
import { concatBytes, decodeLatin1, encodeLatin1 } from "../../src/core/bytes.ts";
import { Refusal } from "../../src/core/errors.ts";
import type { SubmitContext } from "../../src/core/ports.ts";
import {
  defaultIntakeLimits,
  type DirectorySpec,
  makeDirectory,
  makeDoor,
  openSrs,
} from "../../src/intake/mod.ts";
import { openMemoryStore } from "../../src/store/memory/mod.ts";
import {
  FixedClock,
  live,
  RecordingLog,
  RecordingMetrics,
  seededRandom,
  TEST_NOW,
} from "../support/fakes.ts";

const TEXT = "Message-ID: <1@there.test>\r\nSubject: Hello\r\n\r\nHello\r\n";

const SPEC: DirectorySpec = {
  plusSeparator: "+",
  domains: {
    "here.test": {
      accounts: {
        alice: { aliases: ["sales"] },
        bob: {},
        away: { forward: ["Carol@there.test"] },
        both: { forward: ["carol@there.test"], keepCopy: true },
        inside: { forward: ["bob", "alice+Work"] },
        small: { quota: 1000 },
      },
      aliases: { list: ["small", "bob"], out: ["carol@there.test"], team: ["away", "bob"] },
      catchAll: { to: "bob", except: ["old", "spam-*"] },
    },
    "also.test": { accounts: {}, sameAs: "here.test" },
  },
};

function at(text: string): Address {
  const split = text.lastIndexOf("@");
  return { local: text.slice(0, split), domain: text.slice(split + 1) };
}

async function makeWorld() {
  const clock = new FixedClock();
  const random = seededRandom();
  const store = openMemoryStore({ clock, random });
  const log = new RecordingLog();
  const directory = makeDirectory(SPEC);
  for (const { name } of directory.accounts()) await store.accounts.ensure(name);
  const srs = await openSrs(store.facts, { clock, random });
  const door = makeDoor({
    store,
    directory: live(directory),
    hostname: "mx.here.test",
    clock,
    random,
    log,
    metrics: new RecordingMetrics(),
    limits: live(defaultIntakeLimits),
    srs,
  });
  let count = 0;
  return {
    store,
    door,
    srs,
    clock,
    async send(
      to: readonly string[],
      options: Partial<SubmitContext> & { text?: string; from?: string } = {},
    ) {
      const { text = TEXT, from = "eve@there.test", ...context } = options;
      const outcomes = await door.submit(
        { sender: from === "" ? null : at(from), recipients: to.map(at), smtputf8: false, eightBit: false },
        [encodeLatin1(text)],
        {
          id: `m${++count}`,
          sessionId: "s",
          origin: "smtp",
          protocol: "ESMTP",
          client: { address: "192.0.2.7", helo: "there.test" },
          account: null,
          tls: null,
          ...context,
        },
      );
      return outcomes.map(({ kind }) => kind);
    },
    async box(account: string, mailbox = "INBOX"): Promise<string[]> {
      const found = (await store.mailboxes.get(`${account}@here.test`, mailbox))!;
      const texts: string[] = [];
      for await (const rows of store.messages.rows(found.id, [[1, 2 ** 32 - 1]])) {
        for (const { bodyId } of rows) texts.push(await this.body(bodyId));
      }
      return texts;
    },
    async body(id: number, start = 0): Promise<string> {
      const parts: Uint8Array[] = [];
      for await (const part of store.bodies.read(id, { start, end: Infinity })) parts.push(part);
      return decodeLatin1(concatBytes(parts));
    },
    async queue() {
      const messages = await store.spool.due(TEST_NOW + 1e9, 100);
      return await Promise.all(messages.map(async ({ sender, recipients, bodyId, skip }) => ({
        sender: formatAddress(sender),
        to: recipients.map(({ address }) => formatAddress(address)),
        text: await this.body(bodyId, skip),
      })));
    },
  };
}

async function refusal(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "accepted";
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return `${error.reply.code} ${error.reply.enhanced}`;
  }
}

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
  const large = `${TEXT}${"x".repeat(1200)}\r\n`;
  assert.equal(await refusal(() => world.send(["small@here.test"], { text: large })), "552 5.2.2");
  const half = `Subject: Half\r\n\r\n${"x".repeat(500)}\r\n`;
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

Deno.test("delivery: an account is warned once at each mark, and again after it was below", async () => {
  const world = await makeWorld();
  const fill = async (bytes: number) => {
    const { id } = (await world.store.mailboxes.get("small@here.test", "INBOX"))!;
    await world.store.messages.expunge(id, [[1, 2 ** 32 - 1]], { any: true });
    await world.send(["small@here.test"], { text: `X: y\r\n\r\n${"x".repeat(bytes)}` });
    return (await world.box("small")).filter((text) => /^Subject: Your mailbox is/m.test(text)).length;
  };
  assert.equal(await fill(300), 0);
  // The text that is kept has our trace fields, too; only the message itself is counted here.
  assert.equal(await fill(850), 1);
  assert.equal(await fill(300), 0);
  assert.equal(await fill(970), 1);
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
  await world.send(["sales@here.test"], { text: "Subject: Without a Message-ID\r\n\r\n" });
  await world.send(["alice@here.test"], { text: "Subject: Without a Message-ID\r\n\r\n" });
  assert.equal(await inbox(), 6);
  world.clock.set(TEST_NOW + 11 * 60_000);
  await world.send(["sales@here.test"]);
  assert.equal(await inbox(), 7);
});

Deno.test("delivery: what the catch-all does not take is refused", async () => {
  const world = await makeWorld();
  assert.equal(await refusal(() => world.send(["anything@here.test"])), "accepted");
  for (const to of ["old@here.test", "spam-7@also.test", "OLD@here.test"]) {
    assert.equal(await refusal(() => world.send([to])), "550 5.1.1", to);
  }
});
