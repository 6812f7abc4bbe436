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

Deno.test("filter: a circle ends also where a script takes away the traces of it (RFC 5293 section 6)", async () => {
  const harness = new FilterHarness();
  const script = (to: string) =>
    `require "editheader"; deleteheader "Delivered-To"; deleteheader "Received"; redirect "${to}";`;
  await harness.script(script("carol@example.com"));
  await harness.script(script("alice@example.com"), "carol@example.com");
  await harness.mail("Subject: Round\n\nText.\n");
  assert.deepEqual((await harness.mailboxes())["INBOX"]?.filter((subject) => subject === "Round"), ["Round"]);
  assert.equal(
    harness.log.of("message-accepted").filter(({ fields }) => fields.origin === "redirect").length,
    2,
  );
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

Deno.test("filter: the time of a duplicate runs from the first, or with :last from the last (RFC 7352 section 3)", async () => {
  for (const [tag, inTrash] of [["", 1], [":last ", 2]] as const) {
    const harness = new FilterHarness();
    await harness.script(
      `require ["duplicate", "fileinto"]; if duplicate ${tag}:seconds 60 { fileinto "Trash"; }`,
    );
    for (let i = 0; i < 3; i++) {
      await harness.mail(MAIL);
      await harness.clock.advance(40_000);
    }
    assert.equal((await harness.mailboxes())["Trash"]?.length, inTrash, tag);
  }
});

Deno.test("filter: a mailbox that is made for a use has it (RFC 8579 section 4)", async () => {
  const harness = new FilterHarness();
  await harness.store.accounts.ensure(ALICE);
  const archive = await harness.store.mailboxes.get(ALICE, "Archive");
  await harness.store.mailboxes.remove(ALICE, archive!.name);
  await harness.script(
    'require ["fileinto", "special-use", "mailbox"]; fileinto :specialuse "\\\\Archive" :create "Old/Mail";',
  );
  await harness.mail(MAIL);
  await harness.mail(MAIL);
  assert.deepEqual(await harness.mailboxes(), { "Old/Mail": ["Hello", "Hello"] });
  assert.equal((await harness.store.mailboxes.get(ALICE, "Old/Mail"))?.role, "archive");
});

Deno.test("filter: details are what the domain has for details (RFC 5233 section 4)", async () => {
  const harness = new FilterHarness();
  const account = "dan@minus.example";
  await harness.script(
    'require ["envelope", "subaddress", "variables", "fileinto", "mailbox"]; ' +
      'if envelope :matches :detail "to" "*" { fileinto :create "${1}"; }',
    account,
  );
  await harness.mail(MAIL, { to: "dan-work@minus.example" });
  await harness.mail(MAIL.replace("<1@", "<2@"), { to: "dan+play@minus.example" });
  assert.deepEqual(await harness.mailboxes(account), { INBOX: ["Hello"], work: ["Hello"] });
});

Deno.test("filter: a message that is edited between two keeps is kept once (RFC 5293 section 7)", async () => {
  const harness = new FilterHarness();
  await harness.script(
    'require ["editheader", "imap4flags", "fileinto"]; keep :flags "a"; addheader "X-Flavor" "vanilla"; ' +
      'fileinto :flags "b" "INBOX";',
  );
  await harness.mail(MAIL);
  assert.deepEqual(await harness.mailboxes(), { INBOX: ["Hello (b)"] });
});

Deno.test("filter: a list is redirected to, member by member (RFC 6134 section 2.6)", async () => {
  const harness = new FilterHarness();
  const entry = "/private/vendor/mailden/addrbook/family";
  const value = new TextEncoder().encode("eve@example.net\nfay@example.net\n");
  await harness.store.annotations.set({ account: ALICE, mailboxId: null }, [{ entry, value }], {
    count: 9,
    bytes: 999,
  });
  await harness.script('require "extlists"; redirect :list ":addrbook:family";');
  await harness.mail(MAIL);
  assert.deepEqual((await harness.sent()).map(({ to }) => to), ["eve@example.net", "fay@example.net"]);
  assert.deepEqual(await harness.mailboxes(), {});
});

Deno.test("filter: what is enclosed here goes on as it came (RFC 5703 section 6)", async () => {
  const harness = new FilterHarness();
  await harness.script(
    'require ["enclose", "copy"]; enclose :subject "Beware" "Look out."; redirect :copy "eve@example.net";',
  );
  await harness.mail(MAIL);
  assert.deepEqual(await harness.mailboxes(), { INBOX: ["Beware"] });
  const [sent] = await harness.sent();
  assert.match(sent!.text, /\r\nSubject: Hello\r\n/);
  assert.ok(!sent!.text.includes("Beware"));
});

Deno.test("filter: what is known to be spam tests as spam (RFC 5235)", async () => {
  const harness = new FilterHarness();
  await harness.script('require ["spamtest", "fileinto"]; if spamtest "10" { fileinto "Junk"; }');
  await harness.mail(MAIL, { context: { spam: true } });
  await harness.mail(MAIL);
  assert.deepEqual(await harness.mailboxes(), { Junk: ["Hello"], INBOX: ["Hello"] });
});

Deno.test("filter: the owner is told of failing scripts once a day, and what failed is kept", async () => {
  const harness = new FilterHarness();
  await harness.script('require "variables"; redirect "${nobody}";');
  for (let i = 0; i < 3; i++) await harness.mail(MAIL);
  const notice = "A problem with your mail filter";
  assert.deepEqual(await harness.mailboxes(), { INBOX: ["Hello", notice, "Hello", "Hello"] });
  await harness.clock.advance(DAY + 1);
  await harness.mail(MAIL);
  assert.equal((await harness.mailboxes())["INBOX"]!.filter((text) => text === notice).length, 2);
  assert.match((await harness.texts("INBOX"))[1]!, /Line 1, column 22: redirect needs a mail address/);
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
