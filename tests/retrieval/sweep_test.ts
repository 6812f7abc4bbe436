import assert from "node:assert/strict";
import { Refusal } from "../../src/core/errors.ts";
import { StumblingBlocks } from "../../src/retrieval/stumbling.ts";
import { FixedClock } from "../support/fakes.ts";
import { look } from "./look.ts";
import { type Scripted, scripted, SPEC } from "./scripted.ts";
import { imapData, imapServer, letter, pop3Data, pop3Server } from "./servers.ts";

const POP3 = { ...SPEC, protocol: "pop3" as const };
const DELETE = { kind: "delete" as const };
const DAY = 86_400_000;

const names = ({ taken }: Scripted) => taken.map(({ text }) => /Subject: (\S+)/.exec(text)?.[1]);

Deno.test("retrieval: imap: each message once, byte by byte, with Return-Path as its sender", async () => {
  const data = imapData([{ uid: 3, text: letter("a") }, { uid: 7, text: letter("b", ".\nx\ry\r\n") }]);
  const world = scripted({ clock: new FixedClock(), script: imapServer(data), chunkSize: 1 });
  assert.deepEqual(await look(world, SPEC), {
    fetched: 2,
    known: 0,
    left: 0,
    deleted: 0,
    more: false,
    problem: null,
  });
  assert.deepEqual(names(world), ["a", "b"]);
  const [, second] = world.taken;
  assert.equal(second!.sender, "list@elsewhere.test");
  assert.ok(!second!.text.includes("Return-Path"));
  assert.ok(second!.text.endsWith("\r\n\r\n.\r\nx\r\ny\r\n"), "every line ends in CR LF");
  assert.equal(second!.context.origin, "retrieval");
  assert.deepEqual(second!.context.place, { account: "alice@example.test", mailbox: "INBOX", filters: true });
  data.mails.push({ uid: 9, text: letter("c") });
  assert.equal((await look(world, SPEC)).fetched, 1);
  assert.equal((await look(world, SPEC)).fetched, 0);
  assert.deepEqual(names(world), ["a", "b", "c"]);
  // Nothing there is changed.
  assert.ok(data.asked.some((command) => command === 'EXAMINE "INBOX"'));
  assert.ok(!data.asked.some((command) => /^SELECT|STORE|EXPUNGE/.test(command)));
});

Deno.test("retrieval: pop3: each message once, dots and all; ids that went long ago are forgotten", async () => {
  const data = pop3Data([{ uid: "x", text: letter("a", ".\r\n..\r\n") }, { uid: "y", text: letter("b") }]);
  const clock = new FixedClock();
  const world = scripted({ clock, script: pop3Server(data), chunkSize: 1 });
  assert.equal((await look(world, POP3)).fetched, 2);
  assert.ok(world.taken[0]!.text.endsWith("\r\n\r\n.\r\n..\r\n"));
  data.mails.shift();
  data.mails.push({ uid: "z", text: letter("c") });
  assert.equal((await look(world, POP3)).fetched, 1);
  assert.deepEqual(names(world), ["a", "b", "c"]);
  const marked = async () =>
    (await world.deps.facts.list(world.taken[0]!.context.facts![0]!.space)).map(({ key }) => key);
  assert.deepEqual(await marked(), ["uid x", "uid y", "uid z"]);
  clock.set(clock.now() + 30 * DAY);
  await look(world, POP3);
  assert.deepEqual(await marked(), ["uid y", "uid z"]);
});

Deno.test("retrieval: imap: a new UIDVALIDITY fetches only what was not fetched before", async () => {
  const data = imapData([{ uid: 3, text: letter("a") }, { uid: 7, text: letter("b") }]);
  const world = scripted({ clock: new FixedClock(), script: imapServer(data) });
  await look(world, SPEC);
  data.validity = 2;
  data.mails = [{ uid: 1, text: letter("b") }, { uid: 2, text: letter("new") }, {
    uid: 3,
    text: letter("a"),
  }];
  data.asked.length = 0;
  assert.deepEqual(await look(world, SPEC), {
    fetched: 1,
    known: 2,
    left: 0,
    deleted: 0,
    more: false,
    problem: null,
  });
  assert.deepEqual(names(world), ["a", "b", "new"]);
  assert.equal(data.asked.filter((command) => command.endsWith("(UID BODY.PEEK[])")).length, 1);
  // Two that look alike are two, as long as the numbers hold.
  data.mails.push({ uid: 4, text: letter("a") });
  assert.equal((await look(world, SPEC)).fetched, 1);
});

Deno.test("retrieval: pop3: new ids for all fetch only what was not fetched before, round by round", async () => {
  const mails = ["a", "b", "c", "d"].map((name) => ({ uid: name, text: letter(name) }));
  const data = pop3Data(mails);
  const world = scripted({ clock: new FixedClock(), script: pop3Server(data) });
  await look(world, POP3);
  data.mails = [...mails.map(({ text }, i) => ({ uid: `n${i}`, text })), { uid: "n9", text: letter("new") }];
  world.settings = { ...world.settings, messagesPerRound: 2 };
  let more = true;
  for (let rounds = 0; more && rounds < 9; rounds++) more = (await look(world, POP3)).more;
  assert.equal(more, false);
  assert.deepEqual(names(world), ["a", "b", "c", "d", "new"]);
});

for (const [spec, what] of [[SPEC, "imap"], [POP3, "pop3"]] as const) {
  const start = (names: readonly string[], settings = {}) => {
    const clock = new FixedClock();
    const imap = imapData(names.map((name, i) => ({ uid: i + 1, text: letter(name) })));
    const pop3 = pop3Data(names.map((name) => ({ uid: name, text: letter(name) })));
    const script = spec.protocol === "imap" ? imapServer(imap) : pop3Server(pop3);
    const world = scripted({ clock, script, settings });
    return { world, clock, left: () => (spec.protocol === "imap" ? imap : pop3).mails.length };
  };

  Deno.test(`retrieval: ${what}: deleted there when it is here, or so many days later`, async () => {
    const { world, left } = start(["a", "b"]);
    assert.equal((await look(world, { ...spec, keep: DELETE })).deleted, 2);
    assert.equal(left(), 0);

    const later = start(["a", "b"]);
    const keep = { kind: "delete-after" as const, ms: 14 * DAY };
    assert.equal((await look(later.world, { ...spec, keep })).deleted, 0);
    later.clock.set(later.clock.now() + 14 * DAY - 1);
    assert.equal((await look(later.world, { ...spec, keep })).deleted, 0);
    later.clock.set(later.clock.now() + 1);
    assert.deepEqual(await look(later.world, { ...spec, keep }), {
      fetched: 0,
      known: 0,
      left: 0,
      deleted: 2,
      more: false,
      problem: null,
    });
    assert.equal(later.left(), 0);
  });

  Deno.test(`retrieval: ${what}: what is refused for good is asked for once, and never deleted`, async () => {
    const { world, left } = start(["a"]);
    world.refuse = Refusal.of(554, "5.4.6", "Mail loop");
    assert.equal((await look(world, { ...spec, keep: DELETE })).left, 1);
    world.refuse = null;
    assert.deepEqual(await look(world, { ...spec, keep: DELETE }), {
      fetched: 0,
      known: 0,
      left: 0,
      deleted: 0,
      more: false,
      problem: null,
    });
    assert.equal(left(), 1);
  });

  Deno.test(`retrieval: ${what}: what cannot be stored now is fetched later, and not deleted before`, async () => {
    const { world, left } = start(["a"]);
    world.refuse = Refusal.of(452, "4.3.1", "The disk is full");
    await assert.rejects(look(world, { ...spec, keep: DELETE }), /cannot be stored now: The disk is full/);
    assert.equal(left(), 1);
    world.refuse = null;
    assert.equal((await look(world, { ...spec, keep: DELETE })).fetched, 1);
    assert.equal(left(), 0);
  });

  Deno.test(`retrieval: ${what}: too large is left there, and fetched when it may be`, async () => {
    const { world } = start(["a", "b"]);
    const deps = { ...world.deps, messageSize: { current: 20 } };
    assert.equal((await look({ ...world, deps }, spec)).left, 2);
    assert.equal((await look(world, spec)).fetched, 2);
  });

  Deno.test(`retrieval: ${what}: others have their turn after so many messages`, async () => {
    const { world } = start(["a", "b", "c"], { messagesPerRound: 2 });
    assert.equal((await look(world, spec)).more, true);
    assert.equal(world.taken.length, 2);
    assert.equal((await look(world, spec)).more, false);
    assert.deepEqual(names(world), ["a", "b", "c"]);
  });

  Deno.test(`retrieval: ${what}: others have their turn after so long, and each round has a message`, async () => {
    const { world } = start(["a", "b", "c"], { roundTimeMs: 0 });
    for (const [i, more] of [true, true, false].entries()) {
      assert.equal((await look(world, spec)).more, more);
      assert.equal(world.taken.length, i + 1);
    }
  });
}

Deno.test("retrieval: imap: a message that breaks the connection does not keep the others from coming", async () => {
  const data = imapData([{ uid: 1, text: letter("bad") }, { uid: 2, text: letter("good") }]);
  const world = scripted({ clock: new FixedClock(), script: imapServer(data) });
  data.answers.set(/^UID FETCH 1 \(UID BODY/, (peer) => {
    peer.write("* 1 FETCH (UID 1 BODY[] {500}\r\nhalf");
    peer.close();
    peer.reset();
  });
  const blocks = new StumblingBlocks(world.deps.clock);
  await assert.rejects(look(world, SPEC, { blocks }));
  await assert.rejects(look(world, SPEC, { blocks }));
  assert.equal((await look(world, SPEC, { blocks })).fetched + world.taken.length, 2);
  assert.deepEqual(names(world), ["good"]);
  data.answers.clear();
  // A fresh start knows nothing of it.
  assert.equal((await look(world, SPEC)).fetched, 1);
  assert.deepEqual(names(world), ["good", "bad"]);
});

Deno.test("retrieval: imap: a message that goes in the meantime is no trouble", async () => {
  const data = imapData([{ uid: 1, text: letter("a") }, { uid: 2, text: letter("b") }]);
  data.answers.set(/^UID FETCH 1 \(UID BODY/, (peer, tag) => peer.write(`${tag} OK nothing\r\n`));
  const world = scripted({ clock: new FixedClock(), script: imapServer(data) });
  assert.equal((await look(world, SPEC)).fetched, 1);
  assert.deepEqual(names(world), ["b"]);
});
