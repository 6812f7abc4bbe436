import assert from "node:assert/strict";
import type { Address } from "../../src/core/address.ts";
import { formatAddress } from "../../src/core/address.ts";
import { concatBytes, decodeLatin1, encodeLatin1 } from "../../src/core/bytes.ts";
import type { Envelope } from "../../src/core/envelope.ts";
import { Refusal } from "../../src/core/errors.ts";
import type { SubmitContext } from "../../src/core/ports.ts";
import {
  defaultIntakeLimits,
  type Door,
  type IntakeLimits,
  makeDirectory,
  makeDoor,
  type Visitor,
} from "../../src/intake/mod.ts";
import { openMemoryStore } from "../../src/store/memory/mod.ts";
import type { Store } from "../../src/store/mod.ts";
import {
  FixedClock,
  live,
  RecordingLog,
  RecordingMetrics,
  seededRandom,
  TEST_NOW,
} from "../support/fakes.ts";

const DIRECTORY = makeDirectory({
  domains: {
    "here.test": {
      accounts: { alice: { aliases: ["sales"] }, bob: { quota: 1000 }, dora: { quotaMessages: 1 } },
      aliases: { all: ["alice", "bob"], both: ["alice", "carol@there.test"], out: ["Carol@there.test"] },
    },
  },
});

interface World {
  readonly store: Store;
  readonly door: Door;
  readonly log: RecordingLog;
  readonly metrics: RecordingMetrics;
  /** The bodies in an account's INBOX. */
  inbox(account: string): Promise<string[]>;
}

function makeWorld(limits: Partial<IntakeLimits> = {}): World {
  const clock = new FixedClock();
  const random = seededRandom();
  const store = openMemoryStore({ clock, random });
  const log = new RecordingLog();
  const metrics = new RecordingMetrics();
  const door = makeDoor({
    store,
    directory: live(DIRECTORY),
    hostname: "mx.here.test",
    clock,
    random,
    log,
    metrics,
    limits: live({ ...defaultIntakeLimits, ...limits }),
  });
  return { store, door, log, metrics, inbox: (account) => readInbox(store, account) };
}

async function readInbox(store: Store, account: string): Promise<string[]> {
  const mailbox = await store.mailboxes.get(account, "INBOX");
  const texts: string[] = [];
  if (mailbox === null) return texts;
  for await (const rows of store.messages.rows(mailbox.id, [[1, 2 ** 32 - 1]])) {
    for (const row of rows) texts.push(await readBody(store, row.bodyId));
  }
  return texts;
}

async function readBody(store: Store, bodyId: number, start = 0): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of store.bodies.read(bodyId, { start, end: Infinity })) parts.push(part);
  return decodeLatin1(concatBytes(parts));
}

function address(text: string): Address {
  const at = text.lastIndexOf("@");
  return { local: text.slice(0, at), domain: text.slice(at + 1) };
}

function envelope(to: readonly string[], options: Partial<Envelope> = {}): Envelope {
  return {
    sender: address("eve@there.test"),
    recipients: to.map(address),
    smtputf8: false,
    eightBit: false,
    ...options,
  };
}

const CONTEXT: SubmitContext = {
  id: "m1",
  sessionId: "s1",
  origin: "smtp",
  protocol: "ESMTP",
  client: { address: "192.0.2.7", helo: "mx.there.test" },
  account: null,
  tls: null,
};

const ALICE: Partial<SubmitContext> = { origin: "submission", account: "alice@here.test" };
const FROM_ALICE = { sender: address("alice@here.test") };

const TEXT = "From: eve@there.test\r\nSubject: Hello\r\n\r\nHello\r\n";

function submit(
  { door }: World,
  to: readonly string[],
  options: { envelope?: Partial<Envelope>; context?: Partial<SubmitContext>; text?: string; size?: number } =
    {},
) {
  return door.submit(
    envelope(to, options.envelope),
    pieces(options.text ?? TEXT, options.size),
    { ...CONTEXT, ...options.context },
  );
}

async function* pieces(text: string, size = 10): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += size) yield encodeLatin1(text.slice(at, at + size));
}

function visitor(options: Partial<Visitor> = {}): Visitor {
  return {
    sessionId: "s1",
    address: "192.0.2.7",
    helo: "mx.there.test",
    account: null,
    tls: false,
    ...options,
  };
}

async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return `${error.reply.code} ${error.reply.enhanced}`;
  }
  return "accepted";
}

Deno.test("door: a message from outside is stored once for each account, stamped", async () => {
  const world = makeWorld();
  const outcomes = await submit(world, ["all@here.test", "ALICE@here.test", "sales@here.test"]);
  assert.deepEqual(outcomes.map(({ kind, reply }) => `${kind} ${reply.code}`), [
    "stored 250",
    "stored 250",
    "stored 250",
  ]);
  const [text, ...more] = await world.inbox("alice@here.test");
  assert.deepEqual(more, []);
  assert.match(
    text!,
    /^Return-Path: <eve@there\.test>\r\nReceived: from mx\.there\.test \(\[192\.0\.2\.7\]\)\r\n/,
  );
  assert.ok(text!.endsWith(TEXT));
  assert.deepEqual(await world.inbox("bob@here.test"), [text]);
  assert.equal(await world.store.spool.nextDueAt(), null);
});

Deno.test("door: local and remote recipients come into being in one step, and the relayed copy has no Return-Path", async () => {
  const world = makeWorld();
  const outcomes = await submit(world, ["both@here.test", "dan@far.test", "Carol@there.test"], {
    envelope: FROM_ALICE,
    context: ALICE,
    text: TEXT.replace("eve@there.test", "alice@here.test"),
  });
  assert.deepEqual(outcomes.map(({ kind }) => kind), ["queued", "queued", "queued"]);
  const [queued] = await world.store.spool.due(TEST_NOW, 10);
  assert.deepEqual(queued!.recipients.map((one) => formatAddress(one.address)), [
    "carol@there.test",
    "dan@far.test",
    // The case of an outside local part is the other domain's business.
    "Carol@there.test",
  ]);
  const relayed = await readBody(world.store, queued!.bodyId, queued!.skip);
  assert.match(relayed, /^Received: /);
  assert.ok(!relayed.includes("Return-Path"));
  assert.equal((await world.inbox("alice@here.test")).length, 1);
});

Deno.test("door: a submission gets the Date and Message-ID that it lacks, and no other", async () => {
  const table: readonly [string, Partial<SubmitContext>, boolean, boolean][] = [
    ["Subject: x\r\n\r\n", ALICE, true, true],
    ["Date: x\r\n\r\nMessage-ID: in the body\r\n", ALICE, false, true],
    ["message-id: <x>\r\ndate: y\r\n\r\n", ALICE, false, false],
    ["Subject: x\r\n\r\n", {}, false, false],
  ];
  for (const [text, context, date, messageId] of table) {
    const world = makeWorld();
    const options = context === ALICE ? { envelope: FROM_ALICE } : {};
    await submit(world, ["alice@here.test"], { ...options, context, text });
    const [stored] = await world.inbox("alice@here.test");
    assert.equal(/^Date: Fri, 02 Jan 2026/m.test(stored!), date, text);
    assert.equal(/^Message-ID: <m1@mx\.here\.test>/m.test(stored!), messageId, text);
  }
});

interface RefusedRow {
  readonly what: string;
  readonly to?: readonly string[];
  readonly envelope?: Partial<Envelope>;
  readonly context?: Partial<SubmitContext>;
  readonly text?: string;
  readonly limits?: Partial<IntakeLimits>;
  readonly expected: string;
}

const received = (count: number) => "Received: x\r\n".repeat(count) + "\r\n";

const REFUSED: readonly RefusedRow[] = [
  { what: "a relay for strangers", to: ["dan@far.test"], expected: "550 5.7.1" },
  { what: "an unknown user", to: ["nobody@here.test"], expected: "550 5.1.1" },
  {
    what: "a mix in which one recipient is gone",
    to: ["alice@here.test", "nobody@here.test"],
    expected: "451 4.3.0",
  },
  { what: "nobody at all", to: [], expected: "554 5.5.1" },
  {
    what: "somebody else's address as sender",
    envelope: { sender: address("bob@here.test") },
    context: ALICE,
    expected: "553 5.7.1",
  },
  {
    what: "an outside sender of an account",
    context: ALICE,
    expected: "553 5.7.1",
  },
  { what: "a message that is too large", limits: { messageSize: TEXT.length - 1 }, expected: "552 5.3.4" },
  { what: "a message that just fits", limits: { messageSize: TEXT.length }, expected: "accepted" },
  {
    what: "a header that is too large",
    text: `X: ${"y".repeat(100)}\r\n\r\n`,
    limits: { headerSize: 104 },
    expected: "552 5.3.4",
  },
  {
    what: "a header that just fits",
    text: `X: ${"y".repeat(100)}\r\n\r\n`,
    limits: { headerSize: 105 },
    expected: "accepted",
  },
  { what: "a loop", text: received(51), expected: "554 5.4.6" },
  { what: "a message that came far", text: received(50), expected: "accepted" },
  { what: "Received fields in the body", text: `X: y\r\n\r\n${received(60)}`, expected: "accepted" },
];

for (const row of REFUSED) {
  Deno.test(`door: ${row.what}: ${row.expected}`, async () => {
    const world = makeWorld(row.limits);
    let read = 0;
    async function* watched() {
      for await (const piece of pieces(row.text ?? TEXT)) {
        read += piece.length;
        yield piece;
      }
    }
    const result = await refusal(() =>
      world.door.submit(
        envelope(row.to ?? ["alice@here.test"], row.envelope),
        watched(),
        { ...CONTEXT, ...row.context },
      )
    );
    assert.equal(result, row.expected);
    // The stream is read to its end whatever happens.
    assert.equal(read, (row.text ?? TEXT).length);
    const accepted = row.expected === "accepted";
    assert.equal((await world.inbox("alice@here.test")).length, accepted ? 1 : 0);
    assert.equal(world.log.of("message-accepted").length, accepted ? 1 : 0);
    assert.equal(world.log.of("intake-refused").length, accepted ? 0 : 1);
  });
}

Deno.test("door: an origin that hears of each recipient may have some that fail", async () => {
  const world = makeWorld();
  const outcomes = await submit(world, ["alice@here.test", "nobody@here.test", "dan@far.test"], {
    context: { origin: "lmtp" },
  });
  assert.deepEqual(outcomes.map(({ kind, reply }) => `${kind} ${reply.code}`), [
    "stored 250",
    "failed 550",
    "failed 550",
  ]);
});

Deno.test("door: our own rooms may send to other domains", async () => {
  for (const origin of ["report", "redirect", "local"] as const) {
    const world = makeWorld();
    const [outcome] = await submit(world, ["dan@far.test"], {
      envelope: { sender: null },
      context: { origin, client: null },
    });
    assert.equal(outcome!.kind, "queued");
  }
});

Deno.test("door: when the stream breaks, nothing is stored", async () => {
  const world = makeWorld();
  async function* broken() {
    yield encodeLatin1(TEXT);
    throw new Error("The client is gone");
  }
  await assert.rejects(world.door.submit(envelope(["alice@here.test"]), broken(), CONTEXT), /client is gone/);
  assert.deepEqual(await world.inbox("alice@here.test"), []);
});

Deno.test("door: when the store cannot take it, the rest is still read and the error passed on", async () => {
  const world = makeWorld();
  const full = Refusal.of(452, "4.3.1", "Disk full");
  const stage = world.store.bodies.stage.bind(world.store.bodies);
  world.store.bodies.stage = () => Object.assign(stage(), { write: () => Promise.reject(full) });
  let read = 0;
  async function* watched() {
    for await (const piece of pieces(TEXT)) {
      read += piece.length;
      yield piece;
    }
  }
  const result = await refusal(() => world.door.submit(envelope(["alice@here.test"]), watched(), CONTEXT));
  assert.equal(result, "452 4.3.1");
  assert.equal(read, TEXT.length);
});

Deno.test("door: the queue learns what the next host must know", async () => {
  const table: readonly [Partial<Envelope>, string, boolean, boolean][] = [
    [{}, "X: y\r\n\r\nplain\r\n", false, false],
    [{ eightBit: true }, "X: y\r\n\r\nplain\r\n", true, false],
    [{}, "X: y\r\n\r\ncaf\xc3\xa9\r\n", true, false],
    // Asked for, but nothing needs it.
    [{ smtputf8: true }, "X: y\r\n\r\ncaf\xc3\xa9\r\n", true, false],
    [{ smtputf8: true }, "X: caf\xc3\xa9\r\n\r\n", true, true],
    [{ smtputf8: true, recipients: [{ local: "jürgen", domain: "far.test" }] }, "X: y\r\n\r\n", false, true],
  ];
  for (const [options, text, eightBit, smtputf8] of table) {
    const world = makeWorld();
    await submit(world, ["dan@far.test"], { envelope: { ...FROM_ALICE, ...options }, context: ALICE, text });
    const [queued] = await world.store.spool.due(TEST_NOW, 1);
    assert.deepEqual([queued!.eightBit, queued!.smtputf8], [eightBit, smtputf8], text);
  }
});

Deno.test("door: one line tells of the message, and it is counted", async () => {
  const world = makeWorld();
  await submit(world, ["both@here.test"], {
    envelope: FROM_ALICE,
    context: ALICE,
    text: "Message-ID: <x@y>\r\n\r\n",
  });
  const [entry] = world.log.of("message-accepted");
  assert.equal(entry!.fields["message"], "m1");
  assert.equal(entry!.fields["session"], "s1");
  assert.equal(entry!.fields["from"], "alice@here.test");
  assert.deepEqual(entry!.fields["recipients"], ["both@here.test"]);
  assert.equal(entry!.fields["messageId"], "<x@y>");
  assert.equal(world.metrics.counters.get("mailden_messages_in_total{origin=submission}"), 1);
});

Deno.test("door: at MAIL, an account sends as itself only", async () => {
  const { door } = makeWorld();
  const table: readonly [string | null, string | null, string][] = [
    ["alice@here.test", "alice@here.test", "accepted"],
    ["alice@here.test", "sales@here.test", "accepted"],
    ["alice@here.test", "all@here.test", "accepted"],
    ["alice@here.test", "bob@here.test", "553 5.7.1"],
    ["alice@here.test", "alice@there.test", "553 5.7.1"],
    ["alice@here.test", null, "accepted"],
    [null, "bob@here.test", "accepted"],
    [null, null, "accepted"],
  ];
  for (const [account, sender, expected] of table) {
    const from = sender === null ? null : address(sender);
    assert.equal(await refusal(() => door.checkSender(from, visitor({ account }))), expected);
  }
});

Deno.test("door: at RCPT, everybody reaches our users and our users reach everybody", async () => {
  const { door } = makeWorld();
  const table: readonly [string | null, string, string][] = [
    [null, "alice@here.test", "accepted"],
    [null, "nobody@here.test", "550 5.1.1"],
    [null, "postmaster@here.test", "accepted"],
    // RFC 5321 section 4.5.1: the session completes <Postmaster> with our name.
    [null, "Postmaster@mx.here.test", "accepted"],
    [null, "alice@mx.here.test", "550 5.7.1"],
    [null, "dan@far.test", "550 5.7.1"],
    [null, "out@here.test", "accepted"],
    ["alice@here.test", "dan@far.test", "accepted"],
    ["alice@here.test", "nobody@here.test", "550 5.1.1"],
  ];
  for (const [account, to, expected] of table) {
    const result = await refusal(() => door.checkRecipient(address(to), null, visitor({ account })));
    assert.equal(result, expected, `${account} to ${to}`);
  }
});

Deno.test("door: an account with as many messages as it may have takes no more", async () => {
  const world = makeWorld();
  const dora = address("dora@here.test");
  assert.equal(await refusal(() => world.door.checkRecipient(dora, null, visitor())), "accepted");
  await submit(world, ["dora@here.test"], { text: "X: y\r\n\r\nz" });
  assert.equal(await refusal(() => world.door.checkRecipient(dora, null, visitor())), "452 4.2.2");
});

Deno.test("door: a mailbox that is full takes no more, and does not keep the rest of a list waiting", async () => {
  const world = makeWorld();
  const bob = address("bob@here.test");
  assert.equal(await refusal(() => world.door.checkRecipient(bob, null, visitor())), "accepted");
  await submit(world, ["bob@here.test"], { text: `X: y\r\n\r\n${"z".repeat(700)}` });
  assert.equal(await refusal(() => world.door.checkRecipient(bob, null, visitor())), "452 4.2.2");
  assert.equal(
    await refusal(() => world.door.checkRecipient(address("all@here.test"), null, visitor())),
    "accepted",
  );
  assert.equal(await refusal(() => submit(world, ["bob@here.test"], { context: { id: "m2" } })), "452 4.2.2");
  assert.equal((await submit(world, ["all@here.test"], { context: { id: "m3" } }))[0]!.kind, "stored");
  assert.equal((await world.inbox("alice@here.test")).length, 1);
  const [first, warning, ...more] = await world.inbox("bob@here.test");
  assert.match(first!, /zzz$/);
  assert.match(warning!, /^Subject: Your mailbox is \d+ % full\r$/m);
  assert.deepEqual(more, []);
});
