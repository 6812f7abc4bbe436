/** What is pushed, and what it costs: RFC 2177, RFC 5465. */
import assert from "node:assert/strict";
import { ChangeBus } from "../../../src/store/bus.ts";
import { command, ImapHarness } from "./harness.ts";

const MESSAGE = "Subject: one\r\n\r\nText\r\n";

for (
  const [title, begin] of [["IDLE", "IDLE"], ["NOTIFY", "NOTIFY SET (selected (MessageNew MessageExpunge))"]]
) {
  Deno.test(`${title} tells new mail within 50 ms of the commit`, async () => {
    await using harness = new ImapHarness();
    const client = await harness.login();
    await command(client, "SELECT INBOX");
    client.write(`t ${begin}\r\n`);
    await client.readLine();
    const times: number[] = [];
    for (let i = 1; i <= 20; i++) {
      await harness.append("INBOX", MESSAGE);
      const committed = performance.now();
      assert.equal(await client.readLine(), `* ${i} EXISTS`);
      times.push(performance.now() - committed);
      assert.equal(await client.readLine(), `* ${i} RECENT`);
    }
    // The median: a machine that is busy with something else is no fault of the server's.
    assert.ok(times.sort((a, b) => a - b)[10]! < 50, `It took ${times}`);
  });
}

Deno.test("news of a thousand changes wait as one", async () => {
  await using harness = new ImapHarness();
  const watcher = await harness.login();
  await command(watcher, "NOTIFY SET (mailboxes Junk (MessageNew MessageExpunge FlagChange))");
  const other = await harness.login();
  await harness.append("Junk", MESSAGE);
  assert.match((await watcher.readLine())!, /^\* STATUS Junk \(MESSAGES 1 /);
  await command(other, "SELECT Junk");
  // All of these come together, before the watcher's session has its turn.
  const { id } = (await harness.store.mailboxes.get("alice@example.com", "Junk"))!;
  for (let i = 0; i < 1000; i++) {
    (harness.store.bus as ChangeBus).tellMailbox({ mailboxId: id, highestModseq: 2 + i });
  }
  await harness.append("Junk", MESSAGE);
  assert.match((await watcher.readLine())!, /^\* STATUS Junk \(MESSAGES 2 /);
  const rest = await command(watcher, "NOOP");
  assert.deepEqual(rest, ["OK Nothing done"]);
});

Deno.test("news of annotations that nobody takes end in an overflow, not in memory (RFC 5465 section 5.8)", async () => {
  await using harness = new ImapHarness({ limits: { notifyBacklog: 5 } });
  const watcher = await harness.login();
  await command(watcher, "NOTIFY SET (personal (MailboxMetadataChange))");
  const { id } = (await harness.store.mailboxes.get("alice@example.com", "Junk"))!;
  for (let i = 0; i < 100; i++) {
    (harness.store.bus as ChangeBus).tellAccount({
      account: "alice@example.com",
      what: "annotations",
      mailboxId: id,
      entries: [`/private/vendor/x/${i}`],
    });
  }
  for (let i = 0; i < 5; i++) {
    assert.equal(await watcher.readLine(), `* METADATA Junk /private/vendor/x/${i}`);
  }
  assert.match((await watcher.readLine())!, /^\* OK \[NOTIFICATIONOVERFLOW\]/);
  await harness.store.mailboxes.create("alice@example.com", "more");
  assert.deepEqual(await command(watcher, "NOOP"), ["OK Nothing done"]);
});

Deno.test("a session that ends stops watching", async () => {
  const watched = { now: 0 };
  {
    await using harness = new ImapHarness({
      wrapStore: (store) => ({
        ...store,
        mailboxes: store.mailboxes,
        messages: store.messages,
        accounts: store.accounts,
        bodies: store.bodies,
        accept: (delivery) => store.accept(delivery),
        stats: () => store.stats(),
        close: () => store.close(),
        bus: {
          watchMailbox: (id, listener) => counted(watched, store.bus.watchMailbox(id, listener)),
          watchAccount: (account, listener) => counted(watched, store.bus.watchAccount(account, listener)),
          watchSpool: (listener) => store.bus.watchSpool(listener),
        },
      }),
    });
    const client = await harness.login();
    await command(client, "SELECT INBOX");
    assert.equal(watched.now, 1);
    await command(
      client,
      "NOTIFY SET (personal (MessageNew MessageExpunge)) (selected (MessageNew MessageExpunge))",
    );
    assert.equal(watched.now, 8);
    await command(client, "NOTIFY SET (mailboxes Junk (MailboxName))");
    // Besides Junk and the account, what becomes of `anyone`, since it might be another's.
    assert.equal(watched.now, 4);
    await command(client, "UNSELECT");
    assert.equal(watched.now, 3);
    await command(client, "UNAUTHENTICATE");
    assert.equal(watched.now, 0);
    await command(client, "LOGIN alice secret");
    await command(client, "NOTIFY SET (personal (MailboxName))");
    assert.equal(watched.now, 7);
  }
  assert.equal(watched.now, 0);
});

function counted(watched: { now: number }, stop: () => void): () => void {
  watched.now++;
  return () => {
    watched.now--;
    stop();
  };
}
