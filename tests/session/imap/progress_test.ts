/** INPROGRESS (RFC 9585): who waits long hears so every ten seconds, and never in the middle of something else. */
import assert from "node:assert/strict";
import type { Conn } from "../../../src/core/ports.ts";
import { serveImap } from "../../../src/session/imap/mod.ts";
import type { MessageStore, SearchOptions, Store } from "../../../src/store/mod.ts";
import { connPair, TEST_TLS } from "../../support/fake_conn.ts";
import { command, ImapHarness } from "./harness.ts";

type Slow = "copy" | "move" | "search";

/** A store in which this waits until it is let go. */
function slow(name: Slow, gate: Promise<void>): (store: Store) => Store {
  return (store) => {
    const { messages } = store;
    const quick = messages[name].bind(messages) as (...args: unknown[]) => Promise<unknown>;
    const late = async (...args: unknown[]) => {
      await gate;
      return await quick(...args);
    };
    Object.assign(messages, { [name]: late } as Partial<MessageStore>);
    return store;
  };
}

for (
  const [name, text, tagged] of [
    ["copy", "COPY 1 Drafts", /^slow OK \[COPYUID /],
    ["move", "UID MOVE 1 Drafts", /^\* OK \[COPYUID /],
    ["search", "SEARCH RETURN (COUNT) ALL", /^\* ESEARCH \(TAG "slow"\) COUNT 1$/],
    ["search", "UID SORT RETURN (UPDATE) (DATE) UTF-8 ALL", /^slow OK/],
  ] as const
) {
  Deno.test(`${text} that takes long says so every ten seconds (RFC 9585 section 4), a short one never`, async () => {
    const gate = Promise.withResolvers<void>();
    await using harness = new ImapHarness({
      wrapStore: (store) => {
        const late = slow(name, gate.promise)(store);
        return text.includes("SORT") ? sortingSlowly(late, gate.promise) : late;
      },
    });
    await harness.append("INBOX", "Subject: One\r\n\r\n");
    const client = await harness.login();
    await command(client, "SELECT INBOX");
    client.write(`slow ${text}\r\n`);
    const first = client.readLine();
    await harness.clock.advance(0);
    await harness.clock.advance(10_000);
    assert.match((await first)!, /^\* OK \[INPROGRESS \("slow" NIL NIL\)\] /);
    const second = client.readLine();
    await harness.clock.advance(10_000);
    assert.match((await second)!, /^\* OK \[INPROGRESS \("slow" NIL NIL\)\] /);
    gate.resolve();
    assert.match((await client.readLine())!, tagged);
    assert.match((await command(client, "NOOP")).at(-1)!, /^OK /);
  });
}

function sortingSlowly(store: Store, gate: Promise<void>): Store {
  const sort = store.messages.sort.bind(store.messages);
  return Object.assign(store, {
    messages: Object.assign(store.messages, {
      sort: async (...args: Parameters<typeof sort>) => {
        await gate;
        return await sort(...args);
      },
    }),
  });
}

Deno.test("ESEARCH over mailboxes of others tells of each how far it has come (RFC 9585 section 3, RFC 7377)", async () => {
  const begun: { readonly options: SearchOptions; readonly end: () => void }[] = [];
  await using harness = new ImapHarness({
    wrapStore: (store) => {
      const search = (_id: number, _key: unknown, options: SearchOptions = {}): Promise<number[]> => {
        const { promise, resolve } = Promise.withResolvers<number[]>();
        begun.push({ options, end: () => resolve([7]) });
        return promise;
      };
      return Object.assign(store, { messages: Object.assign(store.messages, { search }) });
    },
  });
  const owner = await harness.login("alice");
  await command(owner, "CREATE Team");
  await command(owner, "SETACL INBOX bob@example.com lr");
  await command(owner, "SETACL Team bob@example.com lr");
  const client = await harness.login("bob");
  client.write("all ESEARCH IN (subtree Shared) RETURN (COUNT) TEXT needle\r\n");
  const lines: string[] = [];
  const readUntil = async (end: RegExp) => {
    for (;;) {
      lines.push((await client.readLine())!.replace(/UIDVALIDITY \d+/, "UIDVALIDITY"));
      if (end.test(lines.at(-1)!)) return;
    }
  };
  for (const place of [0, 1]) {
    while (begun.length <= place) await new Promise((resolve) => setTimeout(resolve, 1));
    begun[place]!.options.onProgress!(3 + place, 10);
    const told = readUntil(/INPROGRESS/);
    await harness.clock.advance(0);
    await harness.clock.advance(10_000);
    await told;
    begun[place]!.end();
  }
  await readUntil(/^all /);
  assert.deepEqual(lines, [
    '* OK [INPROGRESS ("all" 3 10)] Still at it',
    '* ESEARCH (TAG "all" MAILBOX Shared/alice@example.com/INBOX UIDVALIDITY) UID COUNT 1',
    '* OK [INPROGRESS ("all" 4 10)] Still at it',
    '* ESEARCH (TAG "all" MAILBOX Shared/alice@example.com/Team UIDVALIDITY) UID COUNT 1',
    "all OK Searched",
  ]);
});

/** As a real connection: one write at a time, and the client takes what it is sent only when it is let to. */
function slowReader(
  inner: Conn,
): { readonly conn: Conn; readonly stall: () => void; readonly go: () => void } {
  let gate = Promise.withResolvers<void>();
  gate.resolve();
  let isWriting = false;
  const write = async (bytes: Uint8Array) => {
    if (isWriting) throw new Error("Write one at a time: a write is under way");
    isWriting = true;
    try {
      await gate.promise;
      await inner.write(bytes);
    } finally {
      isWriting = false;
    }
  };
  const conn = new Proxy(inner, {
    get(target, name) {
      if (name === "write") return write;
      const member = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  return { conn, stall: () => gate = Promise.withResolvers<void>(), go: () => gate.resolve() };
}

Deno.test("what a long search says never meets another write, however slowly the client reads", async () => {
  const gate = Promise.withResolvers<void>();
  await using harness = new ImapHarness({ wrapStore: slow("search", gate.promise) });
  await harness.append("INBOX", "Subject: One\r\n\r\n");
  const { server, client } = connPair({ tls: TEST_TLS });
  const { conn, stall, go } = slowReader(server);
  const ended = serveImap(conn, harness.deps);
  await client.readLine();
  await command(client, "LOGIN alice secret");
  await command(client, "SELECT INBOX");
  stall();
  // The answer to NOOP goes out after a second of the search, and is not read; the progress comes at ten, twenty and thirty.
  client.write("a NOOP\r\nb SEARCH ALL\r\n");
  for (let second = 0; second <= 35; second++) await harness.clock.advance(1000);
  gate.resolve();
  await harness.clock.advance(0);
  go();
  const lines: string[] = [];
  for (let line = await client.readLine(); line !== null; line = await client.readLine()) {
    lines.push(line);
    if (line.startsWith("b ")) break;
  }
  const progress = lines.filter((line) => line.includes("INPROGRESS"));
  assert.ok(progress.length >= 1, "Nothing was said of the progress");
  assert.deepEqual(lines.filter((line) => !line.includes("INPROGRESS")), [
    "a OK Nothing done",
    "* SEARCH 1",
    "b OK Searched",
  ]);
  client.close();
  await ended;
});
