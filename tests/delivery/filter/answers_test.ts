/** What goes out because a message came in: vacation (RFC 5230, 6131, 3834), away notes, notices (RFC 5435, 5436). */
import assert from "node:assert/strict";
import { defaultFilterSettings } from "../../../src/delivery/filter/mod.ts";
import { watchStages } from "../../support/open_stages.ts";
import { ALICE, FilterHarness } from "./support.ts";

const DAY = 24 * 60 * 60 * 1000;
const MAIL = `From: bob@example.org
To: alice@example.com
Subject: Hello
Message-ID: <1@example.org>

Text.
`;

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

Deno.test("filter: answers are counted apart as they stand in the script, not as variables make them (RFC 5230 section 4.2)", async () => {
  const harness = new FilterHarness();
  await harness.script(`require ["vacation", "variables"];
    if header :matches "subject" "*" { vacation :subject "About \${1}" "I am away: \${1}"; }`);
  await harness.mail(MAIL);
  await harness.mail(MAIL.replace("Hello", "Once more"));
  assert.equal((await harness.sent()).length, 1);
  const other = new FilterHarness();
  await other.script(`require "vacation";
    if header :contains "subject" "hello" { vacation "One."; } else { vacation "Two."; }`);
  await other.mail(MAIL);
  await other.mail(MAIL.replace("Hello", "Once more"));
  await other.mail(MAIL);
  assert.equal((await other.sent()).length, 2);
});

Deno.test("filter: an answer has a subject whatever it answers (RFC 5230 section 5.3)", async () => {
  for (
    const [given, shown] of [["Subject: Hello\n", "Auto: Hello"], ["", "Automated reply"]] as const
  ) {
    const harness = new FilterHarness();
    await harness.script('require "vacation"; vacation "Away.";');
    await harness.mail(MAIL.replace("Subject: Hello\n", given));
    const [answer] = await harness.sent();
    assert.ok(answer!.text.includes(`\r\nSubject: ${shown}\r\n`), answer!.text);
  }
});

Deno.test("filter: who is reached by a catch-all is named by that address (RFC 5230 section 4.5)", async () => {
  const harness = new FilterHarness();
  await harness.script('require "vacation"; vacation "Away.";', "dan@minus.example");
  const mail = MAIL.replace("alice@example.com", "whoever@minus.example");
  await harness.mail(mail, { to: "whoever@minus.example" });
  const other = mail.replace("<1@", "<2@");
  await harness.mail(other, { to: "somebody@minus.example", from: "eve@example.org" });
  assert.deepEqual((await harness.sent()).map(({ to }) => to), ["bob@example.org"]);
});

Deno.test("filter: an answer looks at the header as the script has made it (RFC 5293 section 7)", async () => {
  const harness = new FilterHarness();
  await harness.script(`require ["vacation", "editheader"];
    deleteheader "Precedence"; deleteheader "Subject"; addheader "Subject" "Other"; vacation "Away.";`);
  await harness.mail(`Precedence: bulk\n${MAIL}`);
  const [answer] = await harness.sent();
  assert.match(answer!.text, /\r\nSubject: Auto: Other\r\n/);
});

Deno.test("filter: answers without a period are as many as an account may send a day (RFC 6131 section 4)", async () => {
  const settings = { ...defaultFilterSettings, filter: { ...defaultFilterSettings.filter, sentPerDay: 2 } };
  const harness = new FilterHarness({ settings });
  await harness.script('require "vacation-seconds"; vacation :seconds 0 "Received.";');
  for (let i = 0; i < 4; i++) await harness.mail(MAIL);
  assert.equal((await harness.sent()).length, 2);
});

Deno.test("filter: a notice goes to all whom its URI names, and never about automatic mail (RFC 5436 section 2.7)", async () => {
  const harness = new FilterHarness();
  await harness.script(
    'require "enotify"; notify "mailto:eve@example.net,fay@example.net?cc=gus@example.net&bcc=x@example.net";',
  );
  await harness.mail(`Auto-Submitted: auto-generated\n${MAIL}`);
  assert.deepEqual(await harness.sent(), []);
  await harness.mail(`Auto-Submitted: no (really)\n${MAIL}`);
  const [notice] = await harness.sent();
  assert.equal(notice!.to, "eve@example.net, fay@example.net, gus@example.net");
  const header = notice!.text.split("\r\n\r\n")[0]!;
  assert.match(
    header,
    /\r\nTo: <eve@example\.net>,\r\n <fay@example\.net>\r\nCc: <gus@example\.net>\r\nSubject: Hello\r\n/,
  );
  assert.match(header, /\r\nAuto-Submitted: auto-notified; owner-email="alice@example\.com"(?:\r\n|$)/);
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

Deno.test("filter: the answer and its mark are one commit, so that one that cannot be stored is given to the next message", async () => {
  const harness = new FilterHarness();
  await harness.script('require "vacation"; vacation "Away.";');
  const { store } = harness;
  const accept = store.accept.bind(store);
  let isBroken = true;
  store.accept = (delivery) => {
    const isAnswer = delivery.queued !== null;
    return isAnswer && isBroken ? Promise.reject(new Error("The disk is full")) : accept(delivery);
  };
  await harness.mail(MAIL);
  assert.equal(harness.log.of("vacation-sent-failed").length, 1);
  assert.deepEqual(await harness.sent(), []);
  isBroken = false;
  // Two at once are answered once.
  await Promise.all([harness.mail(MAIL), harness.mail(MAIL)]);
  await harness.mail(MAIL);
  assert.equal((await harness.sent()).length, 1);
});

Deno.test("filter: a copy that cannot be filed leaves nothing behind, and counts against the quota in messages (RFC 8580)", async () => {
  const harness = new FilterHarness();
  const open = watchStages(harness.store.bodies);
  const script = 'require ["vacation", "fcc"]; vacation :fcc "Sent" "Away.";';
  await harness.script(script, "few@example.com");
  await harness.mail(MAIL.replace("To: alice", "To: few"), { to: "few@example.com" });
  assert.equal((await harness.sent()).length, 1);
  assert.deepEqual(Object.keys(await harness.mailboxes("few@example.com")), ["INBOX"]);
  assert.equal(harness.log.of("sieve-copy-failed").length, 1);
  assert.equal(open.size, 0);
});

Deno.test("filter: the name of a sender that a script gives is written so that every host takes it (RFC 2047)", async () => {
  const harness = new FilterHarness();
  await harness.script(
    'require ["vacation", "enotify"]; vacation :from "J\u00fcrgen \\"J\\" <alice@example.com>" "Away.";' +
      'notify :from "J\u00fcrgen <ally@example.com>" "mailto:eve@example.net";',
  );
  await harness.mail(MAIL);
  for (const { text } of await harness.sent()) {
    const [header] = text.split("\r\n\r\n");
    assert.match(header!, /^[\x20-\x7e\r\n\t]+$/);
    assert.match(header!, /\r\nFrom: =\?utf-8\?[^\r\n]+ <(?:alice|ally)@example\.com>\r\n/i);
  }
  assert.equal((await harness.sent()).length, 2);
});
