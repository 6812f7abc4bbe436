import assert from "node:assert/strict";
import { compileSieve } from "../../../src/delivery/sieve/mod.ts";
import { defaultFilterSettings } from "../../../src/delivery/filter/mod.ts";
import { StoreFull } from "../../../src/store/errors.ts";
import { ALICE, FilterHarness } from "./support.ts";

const DAY = 24 * 60 * 60 * 1000;
const MAIL = `From: bob@example.org
To: alice@example.com
Subject: Hello
Message-ID: <1@example.org>

Text.
`;

Deno.test("filter: without rules nobody is asked", async () => {
  const harness = new FilterHarness();
  await harness.mail(MAIL);
  assert.deepEqual(await harness.mailboxes(), { INBOX: ["Hello"] });
  assert.equal(harness.log.of("message-filtered").length, 0);
});

Deno.test("filter: each sender is answered once in a period, and for each handle (RFC 5230 section 4.2)", async () => {
  const harness = new FilterHarness();
  await harness.script('require "vacation"; vacation :days 2 :handle "one" "Away.";');
  await harness.mail(MAIL);
  await harness.mail(MAIL);
  await harness.mail(MAIL, { from: "Dave@example.org" });
  await harness.mail(MAIL, { from: "dave@example.org" });
  assert.deepEqual((await harness.sent()).map(({ to }) => to), ["bob@example.org", "Dave@example.org"]);
  await harness.clock.advance(2 * DAY + 1);
  await harness.mail(MAIL);
  assert.equal((await harness.sent()).length, 3);
  await harness.script('require "vacation"; vacation :days 2 :handle "two" "Away.";');
  await harness.mail(MAIL);
  assert.equal((await harness.sent()).length, 4);
});

Deno.test("filter: nobody is answered for what nobody wrote (RFC 3834 section 2, RFC 5230 section 4.6)", async () => {
  const harness = new FilterHarness();
  await harness.script('require "vacation"; vacation "Away.";');
  for (
    const field of [
      "Auto-Submitted: auto-replied",
      "Auto-Submitted: auto-generated (rejected)",
      "Precedence: bulk",
      "Precedence: list",
      "Precedence: junk",
      "List-Unsubscribe: <mailto:x@example.org>",
      "X-Auto-Response-Suppress: All",
    ]
  ) await harness.mail(`${field}\n${MAIL}`);
  for (
    const from of [
      "",
      "MAILER-DAEMON@example.org",
      "owner-list@example.org",
      "list-request@example.org",
      "noreply@example.org",
      "alice@example.com",
    ]
  ) await harness.mail(MAIL, { from });
  await harness.mail(MAIL.replace("To: alice", "To: carol"));
  assert.deepEqual(await harness.sent(), []);
  // Its counter-example: "no" is no automatic mail, and an alias is the owner.
  await harness.mail(
    `Auto-Submitted: no\n${MAIL.replace("To: alice", "Cc: x <ALLY")}`.replace(
      "example.com\n",
      "Example.COM>\n",
    ),
  );
  assert.equal((await harness.sent()).length, 1);
});

Deno.test("filter: an answer is in no stranger's name (RFC 5230 section 4.3)", async () => {
  for (
    const [given, shown] of [
      ["president@example.net", "Alice <alice@example.com>"],
      ["Ally <ally@example.com>", "Ally <ally@example.com>"],
    ] as const
  ) {
    const harness = new FilterHarness();
    await harness.script(`require "vacation"; vacation :from "${given}" "Away.";`);
    await harness.mail(MAIL);
    const [answer] = await harness.sent();
    assert.ok(answer!.text.includes(`\r\nFrom: ${shown}\r\n`), answer!.text);
  }
});

Deno.test("filter: an away note answers between its days, unless the message is discarded", async () => {
  const harness = new FilterHarness();
  const now = harness.clock.now();
  const note = { text: "Zur\u00fcck am Montag.", subject: "Weg", from: now + DAY, until: now + 3 * DAY };
  await harness.store.scripts.setAway(ALICE, note);
  await harness.mail(MAIL);
  assert.equal((await harness.sent()).length, 0);
  await harness.clock.advance(2 * DAY);
  await harness.mail(MAIL);
  await harness.mail(MAIL);
  const [answer, ...others] = await harness.sent();
  assert.equal(others.length, 0);
  assert.match(answer!.text, /Subject: Weg\r\n[^]*base64\r\n\r\nWnVyw7xjayBhbSBNb250YWcuDQo=\r\n$/);
  await harness.script("discard;");
  await harness.mail(MAIL, { from: "dave@example.org" });
  await harness.clock.advance(2 * DAY);
  await harness.store.scripts.activate(ALICE, null);
  await harness.mail(MAIL, { from: "eve@example.org" });
  assert.equal((await harness.sent()).length, 1);
});

Deno.test("filter: what was sent on but not stored here is sent on again when the sender tries again", async () => {
  const harness = new FilterHarness();
  await harness.script('require "copy"; redirect :copy "eve@example.net";');
  const { accept } = harness.store;
  let failures = 1;
  // As if the program had ended between the two commits.
  harness.store.accept = (delivery) => {
    if (delivery.local.length > 0 && failures-- > 0) return Promise.reject(new StoreFull("crash"));
    return accept.call(harness.store, delivery);
  };
  assert.match(String(await harness.mail(MAIL)), /^452/);
  assert.deepEqual(await harness.mailboxes(), {});
  assert.equal((await harness.sent()).length, 1);
  await harness.mail(MAIL);
  assert.deepEqual(await harness.mailboxes(), { INBOX: ["Hello"] });
  assert.equal((await harness.sent()).length, 2);
});

Deno.test("filter: what cannot be sent on is kept", async () => {
  const harness = new FilterHarness();
  await harness.script('redirect "nobody@example.com";');
  await harness.mail(MAIL);
  assert.deepEqual(await harness.mailboxes(), { INBOX: ["Hello"] });
  assert.equal(harness.log.of("redirect-failed").length, 1);
});

Deno.test("filter: a redirect to another account meets that one's filter, and a circle ends", async () => {
  const harness = new FilterHarness();
  await harness.script('redirect "carol@example.com";');
  await harness.script('redirect "alice@example.com";', "carol@example.com");
  await harness.mail(MAIL);
  assert.deepEqual(await harness.sent(), []);
  const all = [await harness.mailboxes(), await harness.mailboxes("carol@example.com")];
  assert.equal(all.flatMap((one) => Object.values(one)).flat().filter((text) => text === "Hello").length, 1);
});

Deno.test("filter: an account sends on so many messages a day", async () => {
  const settings = {
    ...defaultFilterSettings,
    filter: { ...defaultFilterSettings.filter, sentPerDay: 2 },
  };
  const harness = new FilterHarness({ settings });
  await harness.script('redirect "eve@example.net";');
  for (let i = 0; i < 4; i++) await harness.mail(MAIL);
  assert.equal((await harness.sent()).length, 2);
  const notice = "A problem with your mail filter";
  assert.deepEqual(await harness.mailboxes(), { INBOX: ["Hello", notice, "Hello"] });
  await harness.clock.advance(DAY + 1);
  await harness.mail(MAIL);
  assert.equal((await harness.sent()).length, 3);
});

Deno.test("filter: by LMTP each recipient has its own answer (RFC 2033, RFC 5429 section 2.1)", async () => {
  const harness = new FilterHarness();
  await harness.script('require "ereject"; ereject "No.";');
  const to = [ALICE, "carol@example.com"];
  const outcomes = await harness.mail(MAIL, { to, context: { origin: "lmtp" } });
  assert.deepEqual(
    (outcomes as { kind: string; reply: unknown }[]).map(({ kind, reply }) =>
      `${kind} ${reply}`.slice(0, 20)
    ),
    ["failed 550 5.7.1 No.", "stored 250 2.0.0 Acc"],
  );
  assert.deepEqual(await harness.sent(), []);
});

Deno.test("filter: who refuses among others is reported, but to no null sender and to no program", async () => {
  const harness = new FilterHarness();
  await harness.script('require "reject"; reject "No.";');
  const to = [ALICE, "carol@example.com"];
  await harness.mail(MAIL, { to, from: "" });
  await harness.mail(`List-Id: <x.example.org>\n${MAIL}`, { to });
  assert.deepEqual(await harness.sent(), []);
  await harness.mail(MAIL, { to });
  const [report] = await harness.sent();
  assert.deepEqual([report!.to, report!.from], ["bob@example.org", ""]);
  assert.match(report!.text, /Final-Recipient: rfc822; ?alice@example\.com[^]*5\.7\.1/);
  assert.equal((await harness.mailboxes("carol@example.com"))["INBOX"]?.length, 3);
});

Deno.test("filter: a report is not refused, for there is nobody to tell", async () => {
  const harness = new FilterHarness();
  await harness.script('require "reject"; reject "No.";');
  await harness.mail(MAIL, { from: "", context: { origin: "report" } });
  assert.deepEqual(await harness.mailboxes(), { INBOX: ["Hello"] });
});

Deno.test("filter: copies that do not fit are not made", async () => {
  const harness = new FilterHarness();
  const account = "small@example.com";
  await harness.script('require "fileinto"; keep; fileinto "Archive"; fileinto "Junk";', account);
  await harness.mail(`${MAIL}${"x".repeat(1200)}`, { to: account });
  const boxes = await harness.mailboxes(account);
  assert.equal(boxes["INBOX"]?.[0], "Hello");
  assert.equal(boxes["Archive"], undefined);
});

Deno.test("filter: duplicates are noted when the message is stored, for as long as the script says (RFC 7352)", async () => {
  const harness = new FilterHarness();
  await harness.script('require ["duplicate", "fileinto"]; if duplicate :seconds 60 { fileinto "Trash"; }');
  await harness.mail(MAIL);
  await harness.mail(MAIL.replace("Hello", "Again"));
  await harness.clock.advance(61_000);
  await harness.mail(MAIL.replace("Hello", "Later"));
  assert.deepEqual(await harness.mailboxes(), { INBOX: ["Hello", "Later"], Trash: ["Again"] });
});

Deno.test("filter: scripts include others, of the account and of the administrator (RFC 6609)", async () => {
  const named = new Map([["shared", compileSieve('require ["imap4flags"]; addflag "shared";')]]);
  const global = { before: null, after: compileSieve('require "imap4flags"; addflag "after";'), named };
  const harness = new FilterHarness({ global });
  const limits = { count: 9, bytes: 9999 };
  await harness.store.scripts.put(
    ALICE,
    { name: "part", text: 'require "fileinto"; fileinto "Archive";' },
    limits,
  );
  await harness.script('require "include"; include :personal "part"; include :global "shared"; keep;');
  await harness.mail(MAIL);
  // What is included now is what is stored now.
  await harness.store.scripts.put(
    ALICE,
    { name: "part", text: 'require "fileinto"; fileinto "Trash";' },
    limits,
  );
  await harness.mail(MAIL);
  const boxes = await harness.mailboxes();
  assert.deepEqual([boxes["Archive"]?.length, boxes["Trash"]?.length, boxes["INBOX"]?.length], [1, 1, 2]);
  await harness.store.scripts.put(ALICE, { name: "part", text: "nonsense" }, limits);
  await harness.mail(MAIL);
  assert.match((await harness.texts("INBOX")).at(-1)!, /Script "part": Line 1, column \d+/);
});

Deno.test("filter: a list is an annotation that any IMAP client can set (RFC 6134)", async () => {
  const harness = new FilterHarness();
  const value = new TextEncoder().encode("Bob@example.org\nx@example.net\n");
  const entry = "/private/vendor/mailden/addrbook/default";
  const scope = { account: ALICE, mailboxId: null };
  await harness.store.annotations.set(scope, [{ entry, value }], { count: 9 } as never);
  await harness.script(
    'require ["extlists", "fileinto"]; if address :list "from" ":addrbook:default" { fileinto "Archive"; }',
  );
  await harness.mail(MAIL);
  await harness.mail(MAIL.replace("bob@", "eve@"));
  assert.deepEqual(await harness.mailboxes(), { Archive: ["Hello"], INBOX: ["Hello"] });
});

Deno.test("filter: an edited message goes on as it was edited, and each version is stored once", async () => {
  const harness = new FilterHarness();
  await harness.script(`require ["editheader", "copy", "fileinto"];
    fileinto "Archive"; addheader "X-One" "1"; redirect :copy "eve@example.net"; fileinto "Trash"; keep;`);
  await harness.mail(`${MAIL}${"Long.\n".repeat(50_000)}`);
  const [original] = await harness.texts("Archive");
  const [edited] = await harness.texts("Trash");
  assert.ok(!original!.includes("X-One"));
  assert.equal(edited!.replace("X-One: 1\r\n", ""), original);
  const [sent] = await harness.sent();
  assert.ok(sent!.text.includes("\r\nX-One: 1\r\nFrom: bob@example.org\r\n"), sent!.text.slice(0, 500));
  assert.ok(sent!.text.endsWith("Long.\r\nLong.\r\n"));
});
