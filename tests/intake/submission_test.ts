/** What our own users may send: their name in From, no Bcc, so many recipients a day; and where RCPT leads. */
import assert from "node:assert/strict";
import type { Address } from "../../src/core/address.ts";
import { concatBytes, decodeUtf8, encodeUtf8 } from "../../src/core/bytes.ts";
import { Refusal } from "../../src/core/errors.ts";
import type { SubmitContext } from "../../src/core/ports.ts";
import {
  defaultIntakeLimits,
  defaultSubmissionSettings,
  makeDirectory,
  makeDoor,
  type SubmissionSettings,
  type Visitor,
} from "../../src/intake/mod.ts";
import { openMemoryStore } from "../../src/store/memory/mod.ts";
import type { Store } from "../../src/store/mod.ts";
import { FixedClock, live, RecordingLog, RecordingMetrics, seededRandom } from "../support/fakes.ts";

const DIRECTORY = makeDirectory({
  domains: {
    "here.test": {
      accounts: {
        alice: { aliases: ["sales", "50%off"] },
        bob: { recipientsPerDay: 2, newRecipientsPerDay: null },
        boss: { quota: 1000 },
      },
      aliases: { team: ["alice", "bob"], "wow!": ["alice"] },
      catchAll: "boss",
    },
  },
});
const DAY_MS = 24 * 60 * 60 * 1000;

function makeWorld(
  settings: Partial<SubmissionSettings> = {},
  shared: { store?: Store; clock?: FixedClock } = {},
) {
  const clock = shared.clock ?? new FixedClock();
  const random = seededRandom();
  const store = shared.store ?? openMemoryStore({ clock, random });
  const [log, metrics] = [new RecordingLog(), new RecordingMetrics()];
  const door = makeDoor({
    store,
    directory: live(DIRECTORY),
    hostname: "mx.here.test",
    clock,
    random,
    log,
    metrics,
    limits: live(defaultIntakeLimits),
    submission: live({ ...defaultSubmissionSettings, ...settings }),
  });
  return { clock, store, log, metrics, door };
}

type World = ReturnType<typeof makeWorld>;

function address(text: string): Address {
  const at = text.lastIndexOf("@");
  return { local: text.slice(0, at), domain: text.slice(at + 1) };
}

const ALICE = "alice@here.test";
const CONTEXT: SubmitContext = {
  id: "m1",
  sessionId: "s1",
  origin: "submission",
  protocol: "ESMTPSA",
  client: { address: "192.0.2.7", helo: "laptop" },
  account: ALICE,
  tls: null,
};

/** The stored message, or the reply of the refusal. */
async function submit(
  { door, store }: World,
  header: string,
  options: { sender?: string | null; context?: Partial<SubmitContext> } = {},
): Promise<string> {
  const { sender = ALICE } = options;
  const envelope = {
    sender: sender === null ? null : address(sender),
    recipients: [address(ALICE)],
    smtputf8: false,
    eightBit: false,
  };
  try {
    const bytes = encodeUtf8(`${header}\r\nBcc: text of the body\r\n`);
    await door.submit(envelope, [bytes], { ...CONTEXT, ...options.context });
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error.reply.toString();
  }
  return (await inbox(store, ALICE)).at(-1)!;
}

async function inbox(store: Store, account: string): Promise<string[]> {
  const mailbox = await store.mailboxes.get(account, "INBOX");
  const texts: string[] = [];
  if (mailbox === null) return texts;
  for await (const rows of store.messages.rows(mailbox.id, [[1, 2 ** 32 - 1]])) {
    for (const { bodyId } of rows) {
      const parts: Uint8Array[] = [];
      for await (const part of store.bodies.read(bodyId)) parts.push(part);
      texts.push(decodeUtf8(concatBytes(parts)));
    }
  }
  return texts;
}

Deno.test("submission: whoever stands in From and Sender is the account (RFC 6409 section 6)", async () => {
  const table: readonly [string, RegExp][] = [
    ["From: alice@here.test\r\n", /^Return-Path/],
    ["From: Alice <ALICE@HERE.test>\r\n", /^Return-Path/],
    ['From: "eve@far.test" (boss@far.test) <sales@here.test>\r\n', /^Return-Path/],
    ["From: team@here.test\r\nSender: alice@here.test\r\n", /^Return-Path/],
    ["From: =?utf-8?q?eve=40far=2Etest?= <alice@here.test>\r\n", /^Return-Path/],
    ["From: us: alice@here.test, sales@here.test;\r\n", /^Return-Path/],
    ["From: bob@here.test\r\n", /^550 5\.7\.1 The address in the From field is not yours/],
    ["From: eve@far.test\r\n", /^550 5\.7\.1/],
    ["From: alice@here.test <eve@far.test>\r\n", /^550 5\.7\.1/],
    ["From: alice@here.test, eve@far.test\r\n", /^550 5\.7\.1/],
    ["From: <alice@here.test>\r\n ,<eve@far.test>\r\n", /^550 5\.7\.1/],
    ["From: alice\r\n", /^550 5\.7\.1/],
    ["From: alice@here.test\r\nSender: eve@far.test\r\n", /^550 5\.7\.1 The address in the Sender field/],
    ["From: alice@here.test\r\nFrom: eve@far.test\r\n", /^554 5\.6\.0 .*more than one From/],
    ["From: alice@here.test\r\nfrom : alice@here.test\r\n", /^554 5\.6\.0/],
    ["From: alice@here.test\r\nSender: alice@here.test\r\nSender: x@y.test\r\n", /^554 5\.6\.0/],
    ["From:\r\n", /^554 5\.6\.0 .*no address/],
    ["From: nobody:;\r\n", /^554 5\.6\.0/],
    [`From: ${"alice@here.test,".repeat(60)}\r\n`, /^554 5\.6\.0 .*too many/],
    [`From: ${"x".repeat(20_000)}\r\n`, /^554 5\.6\.0 .*too long/],
  ];
  for (const [header, expected] of table) {
    assert.match(await submit(makeWorld(), header), expected, header.slice(0, 100));
  }
});

Deno.test("submission: a message without From gets the sender's address, and one without either is refused", async () => {
  const stored = await submit(makeWorld(), "Subject: x\r\n");
  assert.match(stored, /^From: alice@here\.test\r\nDate: .*\r\nMessage-ID: .*\r\nSubject: x\r\n\r\n/m);
  assert.match(await submit(makeWorld(), "Subject: x\r\n", { sender: null }), /^554 5\.6\.0 .*no From/);
  assert.match(await submit(makeWorld(), "From: alice@here.test\r\n", { sender: null }), /^Return-Path: <>/);
});

Deno.test("submission: from elsewhere, from our own rooms, and where it is switched off nothing is checked", async () => {
  const other = { sender: "eve@far.test" };
  const from = "From: eve@far.test\r\n";
  for (const origin of ["smtp", "lmtp", "report", "redirect"] as const) {
    const stored = await submit(makeWorld(), from, { ...other, context: { origin, account: null } });
    assert.match(stored, /^Return-Path/, origin);
  }
  assert.match(await submit(makeWorld({ checkFrom: false }), from), /^Return-Path/);
  const unsigned = await submit(makeWorld(), "X: y\r\n", {
    ...other,
    context: { origin: "smtp", account: null },
  });
  assert.doesNotMatch(unsigned, /^From:/m);
});

Deno.test("submission: Bcc is taken out of the header, on the way in only", async () => {
  const header = "From: alice@here.test\r\nBcc: secret@far.test,\r\n more@far.test\r\nTo: bob@here.test\r\n";
  const stored = await submit(makeWorld(), header);
  assert.match(stored, /From: alice@here\.test\r\nTo: bob@here\.test\r\n\r\nBcc: text of the body\r\n$/);
  const relayed = await submit(makeWorld(), header, { context: { origin: "smtp", account: null } });
  assert.match(relayed, /Bcc: secret/);
});

// ---- RCPT ----

function visitor(account: string | null, more: Partial<Visitor> = {}): Visitor {
  return { sessionId: "s1", address: "192.0.2.7", helo: "laptop", account, tls: true, ...more };
}

async function rcpt({ door }: World, to: string, who: Visitor): Promise<string> {
  try {
    await door.checkRecipient(address(to), address("x@y.test"), who);
    return "ok";
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error.reply.toString();
  }
}

Deno.test("rcpt: routes of old in addresses lead nowhere, and names that look so are names", async () => {
  const world = makeWorld();
  const stranger = visitor(null);
  const user = visitor(ALICE);
  const table: readonly [string, Visitor, RegExp][] = [
    ["victim%far.test@here.test", stranger, /^550 5\.7\.1 .*no routes/],
    ["far.test!victim@here.test", stranger, /^550 5\.7\.1/],
    ["victim%far.test@here.test", user, /^550 5\.7\.1/],
    ["50%off@here.test", stranger, /^ok/],
    ["WOW!@here.test", stranger, /^ok/],
    ["anybody@here.test", stranger, /^ok/],
    // What it means elsewhere is their business.
    ["a%b@far.test", user, /^ok/],
    ["a%b@far.test", stranger, /^550 5\.7\.1/],
    ["alice@here.test", { ...stranger, routed: true }, /^ok/],
    ["friend@far.test", { ...user, routed: true }, /^550 5\.7\.1 .*no routes/],
    ["friend@far.test", { ...stranger, routed: true }, /^550 5\.7\.1/],
  ];
  for (const [to, who, expected] of table) assert.match(await rcpt(world, to, who), expected, to);
});

Deno.test("rcpt: a declared size that does not fit now, and one that never will", async () => {
  const world = makeWorld();
  const declared = (declaredSize: number) => rcpt(world, "boss@here.test", visitor(null, { declaredSize }));
  // Our trace fields come on top of what is declared.
  assert.equal(await declared(700), "ok");
  assert.match(await declared(701), /^552 5\.2\.2/);
  await world.store.accounts.ensure("boss@here.test");
  const [mailbox] = await world.store.mailboxes.list("boss@here.test");
  const stage = world.store.bodies.stage();
  await stage.write(new Uint8Array(600));
  await world.store.messages.append({
    mailboxId: mailbox!.id,
    body: stage.seal(),
    flags: [],
    internalDate: 0,
  });
  assert.equal(await declared(100), "ok");
  assert.match(await declared(101), /^452 4\.2\.2/);
  assert.match(await declared(5000), /^552 5\.2\.2/);
  assert.equal(await rcpt(world, "boss@here.test", visitor(null)), "ok");
});

// ---- Caps ----

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("caps: recipients elsewhere in 24 hours, for each account; local ones do not count", async () => {
  const world = makeWorld({ recipientsPerDay: 3, newRecipientsPerDay: null });
  const alice = visitor(ALICE);
  for (const to of ["a@far.test", "bob@here.test", "b@far.test", "bob@here.test", "a@far.test"]) {
    assert.equal(await rcpt(world, to, alice), "ok", to);
  }
  assert.match(
    await rcpt(world, "c@far.test", alice),
    /^450 4\.7\.1 You have reached your limit of 3 recipients in 24 hours; try again after 2026-01-03 03:04 UTC/,
  );
  assert.equal(await rcpt(world, "bob@here.test", alice), "ok");
  // bob has a cap of his own.
  const bob = visitor("bob@here.test");
  assert.equal(await rcpt(world, "a@far.test", bob), "ok");
  assert.equal(await rcpt(world, "b@far.test", bob), "ok");
  assert.match(await rcpt(world, "c@far.test", bob), /^450 4\.7\.1 .* 2 recipients/);
  await world.clock.sleep(DAY_MS);
  assert.equal(await rcpt(world, "c@far.test", alice), "ok");
});

Deno.test("caps: addresses never written to before; known ones go on", async () => {
  const world = makeWorld({ newRecipientsPerDay: 2 });
  const alice = visitor(ALICE);
  for (const to of ["old@far.test", "OLD@far.test", "b@far.test"]) {
    assert.equal(await rcpt(world, to, alice), "ok", to);
  }
  assert.match(await rcpt(world, "c@far.test", alice), /^450 4\.7\.1 .* 2 new recipients/);
  assert.equal(await rcpt(world, "b@far.test", alice), "ok");
  await world.clock.sleep(DAY_MS);
  assert.equal(await rcpt(world, "c@far.test", alice), "ok");
});

Deno.test("caps: a hundred connections at once get no more than one", async () => {
  const world = makeWorld({ recipientsPerDay: 10, newRecipientsPerDay: null });
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => rcpt(world, `r${i}@far.test`, visitor(ALICE))),
  );
  assert.equal(answers.filter((answer) => answer === "ok").length, 10);
});

Deno.test("caps: a restart forgets nothing", async () => {
  const world = makeWorld({ recipientsPerDay: 3, newRecipientsPerDay: 2 });
  await rcpt(world, "a@far.test", visitor(ALICE));
  await rcpt(world, "b@far.test", visitor(ALICE));
  await settle();
  const after = makeWorld({ recipientsPerDay: 3, newRecipientsPerDay: 2 }, world);
  assert.match(await rcpt(after, "c@far.test", visitor(ALICE)), /new recipients/);
  assert.equal(await rcpt(after, "a@far.test", visitor(ALICE)), "ok");
  assert.match(await rcpt(after, "a@far.test", visitor(ALICE)), /limit of 3 recipients/);
});

Deno.test("caps: one notice to the account and one to the postmaster, once a day and across a restart", async () => {
  const world = makeWorld({ recipientsPerDay: 1, newRecipientsPerDay: 1 });
  const spam = async (on: World) => {
    for (let i = 0; i < 5; i++) await rcpt(on, `r${i}@far.test`, visitor(ALICE));
    await settle();
  };
  await spam(world);
  const [notice] = await inbox(world.store, ALICE);
  // The domain's catch-all is its postmaster.
  const [told] = await inbox(world.store, "boss@here.test");
  assert.match(notice!, /^Return-Path: <>\r\n/);
  assert.match(notice!, /^To: alice@here\.test\r\nSubject: Sending limit reached\r\n/m);
  assert.match(notice!, /^Auto-Submitted: auto-generated\r\n/m);
  assert.match(told!, /^To: postmaster@mx\.here\.test\r\n/m);
  assert.match(told!, /The account alice@here\.test has sent to 1 recipients/);
  assert.equal(world.log.of("sending-cap-reached").length, 1);
  const counts = async () => [
    (await inbox(world.store, ALICE)).length,
    (await inbox(world.store, "boss@here.test")).length,
  ];
  await spam(makeWorld({ recipientsPerDay: 1 }, world));
  assert.deepEqual(await counts(), [1, 1]);
  await world.clock.sleep(DAY_MS);
  await spam(world);
  assert.deepEqual(await counts(), [2, 2]);
});
