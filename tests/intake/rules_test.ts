// What the door does with what the accounts' rules say (core/filter.ts), and with what leaves again.
import assert from "node:assert/strict";
import fc from "fast-check";
import { type FilterDecision, type FilterRequest, UNEDITED } from "../../src/core/filter.ts";
import { encodeUtf8 } from "../../src/core/bytes.ts";
import { reply } from "../../src/core/reply.ts";
import { watchStages } from "../support/open_stages.ts";
import { at, makeWorld, refusal, TEXT } from "./delivery_world.ts";

const KEEP: FilterDecision = {
  local: [{ mailbox: "INBOX", flags: [], message: UNEDITED }],
  redirects: [],
  refusal: null,
  afterwards: null,
};
const REDIRECT: FilterDecision = {
  ...KEEP,
  local: [],
  redirects: [{ to: at("dan@there.test"), message: UNEDITED }],
};

function refused(text: string): FilterDecision {
  return { ...KEEP, local: [], refusal: { reply: reply(550, "5.7.1", text), mayReport: true } };
}

/** By the local part of the account; the others have no rules. */
function rules(
  decisions: Record<string, FilterDecision | ((request: FilterRequest) => Promise<FilterDecision>)>,
) {
  const nameOf = (account: string) => account.slice(0, account.indexOf("@"));
  return {
    filter: {
      hasRules: (account: string) => nameOf(account) in decisions,
      judge: (request: FilterRequest) => {
        const found = decisions[nameOf(request.account)]!;
        return typeof found === "function" ? found(request) : Promise.resolve(found);
      },
    },
  };
}

Deno.test("rules: who refuses by LMTP has an answer of their own, also when nobody takes it (RFC 2033 section 4.2)", async () => {
  const world = await makeWorld(rules({ alice: refused("Not I"), bob: refused("Nor I") }));
  assert.deepEqual(await world.replies(["alice@here.test", "bob@here.test"], { origin: "lmtp" }), [
    "550 5.7.1 Not I",
    "550 5.7.1 Nor I",
  ]);
  assert.equal(world.log.of("message-accepted").length, 0);
  assert.deepEqual(await world.send(["alice@here.test", "small@here.test"], { origin: "lmtp" }), [
    "failed",
    "stored",
  ]);
  assert.deepEqual(await world.queue(), []);
});

Deno.test("rules: when nobody takes it and somebody may later, the sender's server is to try again", async () => {
  const world = await makeWorld(rules({ bob: refused("Not I") }));
  const half = { text: `Subject: Half\r\n\r\n${"x".repeat(2200)}\r\n` };
  await world.send(["small@here.test"], half);
  assert.equal(await refusal(() => world.send(["bob@here.test"], half)), "550 5.7.1");
  assert.equal(await refusal(() => world.send(["bob@here.test", "small@here.test"], half)), "452 4.2.2");
  assert.deepEqual(await world.queue(), []);
});

Deno.test("rules: one report names all who do not have what others took", async () => {
  const world = await makeWorld(rules({ bob: refused("Not I") }));
  const half = { text: `Subject: Half\r\n\r\n${"x".repeat(2200)}\r\n` };
  await world.send(["small@here.test"], half);
  assert.deepEqual(await world.send(["bob@here.test", "small@here.test", "alice@here.test"], half), [
    "stored",
    "deferred",
    "stored",
  ]);
  const [report, ...more] = await world.queue();
  assert.equal(more.length, 0);
  assert.match(report!.text, /^Final-Recipient: rfc822; ?bob@here\.test\r$/m);
  assert.match(report!.text, /^Final-Recipient: rfc822; ?small@here\.test\r$/m);
  assert.match(report!.text, /^Subject: Half\r$/m);
});

Deno.test("rules: a report on what was redirected names the address that was written to (RFC 3461 section 5.2.7.1)", async () => {
  const world = await makeWorld(rules({ alice: REDIRECT }));
  const dsn = {
    returns: null,
    envelopeId: null,
    recipients: [{ notify: ["failure" as const], originalRecipient: null }],
  };
  await world.send(["sales@here.test"], { dsn });
  const [queued] = await world.queue();
  assert.deepEqual(queued!.to, ["dan@there.test"]);
  assert.deepEqual(queued!.wishes, [{ notify: ["failure"], originalRecipient: "rfc822;sales@here.test" }]);
  assert.match(queued!.sender, /^SRS0=\w{8}=\w\w=there\.test=eve@here\.test$/);
});

Deno.test("rules: spam is not redirected but kept", async () => {
  const world = await makeWorld(rules({ alice: REDIRECT }));
  await world.send(["alice@here.test"], { text: `X-Spam-Flag: Yes\r\n${TEXT}` });
  assert.equal((await world.box("alice")).length, 1);
  assert.deepEqual(await world.queue(), []);
});

Deno.test("rules: a place of one account's mail is none for those to whom it forwards, and their rules are asked", async () => {
  const world = await makeWorld(rules({ bob: KEEP, inside: REDIRECT }));
  const place = { account: "inside@here.test", mailbox: "Fetched", filters: false };
  await world.send(["inside@here.test"], { origin: "retrieval", place });
  assert.equal((await world.box("bob")).length, 1);
  assert.equal((await world.box("alice")).length, 1);
  assert.deepEqual(world.log.of("message-filtered").map(({ fields }) => fields.account), ["bob@here.test"]);
  await world.send(["alice@here.test"], {
    origin: "retrieval",
    place: { ...place, account: "alice@here.test" },
    text: TEXT.replace("<1@", "<2@"),
  });
  assert.equal((await world.box("alice", "Fetched")).length, 1);
});

Deno.test("rules: what is as large as a message may be is still sent on", async () => {
  const world = await makeWorld({ ...rules({ alice: REDIRECT }), messageSize: 2000 });
  const text = `${TEXT}${"x".repeat(2000 - TEXT.length)}`;
  await world.send(["alice@here.test", "away@here.test"], { text });
  assert.equal((await world.queue()).length, 2);
  assert.equal(await refusal(() => world.send(["alice@here.test"], { text: `${text}x` })), "552 5.3.4");
});

Deno.test("rules: what an account changed for itself, the others have as it came", async () => {
  const header = encodeUtf8("Subject: Changed\r\n\r\n");
  const changed = { header, body: null };
  const world = await makeWorld(rules({
    alice: { ...KEEP, local: [{ mailbox: "INBOX", flags: [], message: changed }] },
    bob: { ...REDIRECT, redirects: [{ to: at("dan@there.test"), message: { header: null, body: header } }] },
  }));
  await world.send(["alice@here.test", "bob@here.test", "both@here.test"]);
  assert.ok((await world.box("alice"))[0]!.endsWith("\r\nSubject: Changed\r\n\r\nHello\r\n"));
  assert.ok((await world.box("both"))[0]!.endsWith(`\r\n${TEXT}`));
  const queue = await world.queue();
  const to = (address: string) => queue.find(({ to }) => to.includes(address))!.text;
  assert.ok(to("dan@there.test").endsWith("\r\nSubject: Hello\r\n\r\nSubject: Changed\r\n\r\n"));
  assert.ok(to("carol@there.test").endsWith(`\r\n${TEXT}`));
});

/** Also what no signature should need: no line end at the end, bytes of any kind, lines of dots. */
const part = fc.constantFrom(
  "\r\n",
  "\n",
  ".",
  "..",
  " ",
  "\t",
  "x",
  "=20",
  "\xe9",
  "\x00",
  "From ",
  "Received: x",
);

Deno.test("forwards and redirects: not a byte below our trace fields changes (RFC 6376 section 3.4)", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 60 }), async (parts) => {
      const text = `DKIM-Signature: v=1; b=abc\r\n\tdef\r\n${TEXT}${parts.join("")}`;
      // Shared with the sender's commit; apart; redirected; an alias.
      const world = await makeWorld(rules({ alice: REDIRECT }));
      await world.send(["away@here.test"], { text });
      await world.send(["both@here.test", "alice@here.test"], { text });
      await world.send(["out@here.test"], { text });
      const queue = await world.queue();
      assert.equal(queue.length, 4);
      for (const copy of queue) {
        const trace = copy.text.slice(0, copy.text.length - text.length);
        assert.equal(copy.text.slice(trace.length), text);
        assert.match(trace, /^((Delivered-To|Received): [^\r]*\r\n(\t[^\r]*\r\n)*){2,3}$/);
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("rules: when it cannot be stored, nothing of what was staged for it is kept", async () => {
  const changed = { header: encodeUtf8("Subject: Changed\r\n\r\n"), body: null };
  const decision = { ...KEEP, local: [{ mailbox: "INBOX", flags: [], message: changed }] };
  const world = await makeWorld(rules({ alice: decision }));
  const open = watchStages(world.store.bodies);
  world.store.accept = () => Promise.reject(new Error("The disk is gone"));
  // The forward fails before the message itself is to be stored.
  await assert.rejects(world.send(["alice@here.test", "both@here.test"]), /The disk is gone/);
  assert.equal(open.size, 0);
});
