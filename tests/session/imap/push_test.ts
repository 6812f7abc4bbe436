/** What is pushed, and what it costs: RFC 2177, RFC 5465. */
import assert from "node:assert/strict";
import { ChangeBus } from "../../../src/store/bus.ts";
import type { Store } from "../../../src/store/mod.ts";
import { command, ImapHarness } from "./harness.ts";

const MESSAGE = "Subject: one\r\n\r\nText\r\n";

for (
  const [title, begin] of [["IDLE", "IDLE"], ["NOTIFY", "NOTIFY SET (selected (MessageNew MessageExpunge))"]]
) {
  Deno.test(`${title} tells new mail at the commit, and does not look for it from time to time`, async () => {
    await using harness = new ImapHarness();
    const client = await harness.login();
    await command(client, "SELECT INBOX");
    client.write(`t ${begin}\r\n`);
    await client.readLine();
    const { sleepers } = harness.clock;
    for (let i = 1; i <= 20; i++) {
      await harness.append("INBOX", MESSAGE);
      // The clock stands still, and nobody begins to wait for it: `deno task bench --rows push` tells how long this takes.
      assert.equal(await client.readLine(), `* ${i} EXISTS`);
      assert.equal(await client.readLine(), `* ${i} RECENT`);
    }
    assert.equal(harness.clock.sleepers, sleepers);
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

/** A store of which one method fails the next time that it is asked for. */
class Faulty {
  #armed: string | null = null;

  arm(method: string): void {
    this.#armed = method;
  }

  get isArmed(): boolean {
    return this.#armed !== null;
  }

  wrap(store: Store): Store {
    return this.#over(store, (part) => this.#over(part, (value) => value));
  }

  #over<T extends object>(target: T, part: (value: object) => object): T {
    return new Proxy(target, {
      get: (_, name) => {
        const value = Reflect.get(target, name);
        if (typeof value !== "function") return value instanceof Object ? part(value) : value;
        return (...args: unknown[]) => {
          if (name !== this.#armed) return value.apply(target, args);
          this.#armed = null;
          throw new Error("The store does not answer now");
        };
      },
    });
  }
}

const FAULTS = [
  {
    what: "a mailbox that could not be looked at",
    notify: "(mailboxes (Junk Sent) (MessageNew MessageExpunge))",
    method: "byId",
    doing: (harness: ImapHarness) => [harness.append("Junk", MESSAGE), harness.append("Sent", MESSAGE)],
    told: [/^\* STATUS Junk \(MESSAGES 1 /, /^\* STATUS Sent \(MESSAGES 1 /],
  },
  {
    what: "a subscription",
    notify: "(personal (SubscriptionChange))",
    method: "list",
    doing: ({ store }: ImapHarness) => [store.mailboxes.subscribe("alice@example.com", "Work", true)],
    told: [/^\* LIST \(.*\\Subscribed.*\) "\/" Work$/],
  },
  {
    what: "flags, when new messages could not be read",
    notify: "(selected (MessageNew (RFC822.SIZE) MessageExpunge FlagChange))",
    method: "rows",
    doing: (harness: ImapHarness, inbox: number) => [
      harness.append("INBOX", MESSAGE),
      harness.store.messages.setFlags(inbox, [[1, 1]], { kind: "add", flags: ["\\Flagged"] }),
    ],
    told: [/^\* 1 FETCH \(.*FLAGS \(.*\\Flagged/],
  },
];

for (const { what, notify, method, doing, told } of FAULTS) {
  Deno.test(`what a fault of the store has kept back is told with the next command: ${what}`, async () => {
    const faulty = new Faulty();
    await using harness = new ImapHarness({ wrapStore: (store) => faulty.wrap(store) });
    const watcher = await harness.login();
    await harness.append("INBOX", MESSAGE);
    const inbox = (await harness.store.mailboxes.get("alice@example.com", "INBOX"))!.id;
    await command(watcher, "SELECT INBOX");
    await command(watcher, `NOTIFY SET ${notify}`);
    faulty.arm(method);
    await Promise.all(doing(harness, inbox));
    const lines: string[] = [];
    // The session may have tried already, or try for the first time now.
    for (let attempt = 0; attempt < 3; attempt++) lines.push(...await command(watcher, "NOOP"));
    assert.ok(!faulty.isArmed, "Nothing failed");
    for (const line of told) {
      assert.ok(lines.some((one) => line.test(one)), `${line} in\n${lines.join("\n")}`);
    }
  });
}
