/** Searches that take long: their limit, their progress, and clients that do not wait for them. */
import assert from "node:assert/strict";
import type { SearchOptions, Store } from "../../../src/store/mod.ts";
import { answer, ImapHarness } from "./harness.ts";

/** The same object with one member replaced; all others still find their own `this`. */
function withMember<T extends object>(target: T, name: keyof T, value: unknown): T {
  return new Proxy(target, {
    get(_, asked) {
      if (asked === name) return value;
      const member = Reflect.get(target, asked);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** A store whose searches end only when they are told to. */
function endless(onSearch: (options: SearchOptions) => void): (store: Store) => Store {
  const search = (_id: number, _key: unknown, options: SearchOptions = {}): Promise<number[]> => {
    const ended = Promise.withResolvers<number[]>();
    options.signal?.addEventListener("abort", () => ended.reject(options.signal!.reason));
    onSearch(options);
    return ended.promise;
  };
  return (store) => withMember(store, "messages", withMember(store.messages, "search", search));
}

async function begin(limits: { readonly searchTimeMs?: number } = {}) {
  const begun = Promise.withResolvers<SearchOptions>();
  const harness = new ImapHarness({ limits, wrapStore: endless(begun.resolve) });
  await harness.store.accounts.ensure("alice@example.com");
  const client = await harness.login();
  client.write("s SELECT INBOX\r\n");
  await answer(client, "s");
  client.write("a SEARCH RETURN (SAVE COUNT) TEXT needle\r\n");
  return { harness, client, options: await begun.promise };
}

Deno.test("a search beyond its time ends with NO [LIMIT], and the session goes on", async () => {
  const { harness, client } = await begin({ searchTimeMs: 5000 });
  await using _ = harness;
  await harness.clock.advance(5000);
  assert.deepEqual(await answer(client, "a"), [
    "NO [LIMIT] The search took longer than 5 seconds: narrow it down",
  ]);
  client.write("b NOOP\r\n");
  assert.match((await answer(client, "b")).at(-1)!, /^OK /);
});

Deno.test("a long search tells how far it has come (RFC 9585 section 3)", async () => {
  const { harness, client, options } = await begin();
  await using _ = harness;
  options.onProgress!(175, 1000);
  await harness.clock.advance(10_000);
  assert.equal(await client.readLine(), '* OK [INPROGRESS ("a" 175 1000)] Still at it');
});

Deno.test("a search whose client has gone ends quietly", async () => {
  const { harness, client, options } = await begin();
  await using _ = harness;
  const ended = new Promise((resolve) => options.signal!.addEventListener("abort", resolve));
  await harness.clock.advance(1000);
  client.close();
  await ended;
  assert.deepEqual(harness.log.entries.filter(({ level }) => level === "error"), []);
});

Deno.test("the time is that of the command, however many mailboxes it searches", async () => {
  let searches = 0;
  const begun: (() => void)[] = [];
  const slow = (_id: number, _key: unknown, options: SearchOptions = {}): Promise<number[]> => {
    const ended = Promise.withResolvers<number[]>();
    options.signal?.addEventListener("abort", () => ended.reject(options.signal!.reason));
    searches++;
    begun.push(() => ended.resolve([]));
    return ended.promise;
  };
  const harness = new ImapHarness({
    limits: { searchTimeMs: 5000 },
    wrapStore: (store) => withMember(store, "messages", withMember(store.messages, "search", slow)),
  });
  await using _ = harness;
  const client = await harness.login();
  client.write("a ESEARCH IN (personal) TEXT needle\r\n");
  // Each of them is done in time, but not all.
  for (const count of [1, 2, 3]) {
    while (begun.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
    await harness.clock.advance(2000);
    if (count < 3) begun[count - 1]!();
  }
  assert.match((await answer(client, "a")).at(-1)!, /^NO \[LIMIT\]/);
  assert.equal(searches, 3);
});

Deno.test("a result that takes too long to be kept up to date is given up, not the session (RFC 5267 section 4.3.1)", async () => {
  const endless: SearchOptions[] = [];
  let isSlow = false;
  const harness = new ImapHarness({
    limits: { searchTimeMs: 5000 },
    wrapStore: (store) => {
      const search = (...[id, key, options = {}]: Parameters<typeof store.messages.search>) => {
        if (!isSlow) return store.messages.search(id, key, options);
        const ended = Promise.withResolvers<number[]>();
        options.signal?.addEventListener("abort", () => ended.reject(options.signal!.reason));
        endless.push(options);
        return ended.promise;
      };
      return withMember(store, "messages", withMember(store.messages, "search", search));
    },
  });
  await using _ = harness;
  await harness.append("INBOX", "Subject: one\r\n\r\n");
  const client = await harness.login();
  client.write("s SELECT INBOX\r\n");
  await answer(client, "s");
  client.write("a SEARCH RETURN (UPDATE) TEXT needle UNSEEN\r\nb SEARCH RETURN (UPDATE) SUBJECT one\r\n");
  await answer(client, "a");
  await answer(client, "b");
  isSlow = true;
  // Flags cannot change what the second depends on, so only the first is asked again.
  client.write("c STORE 1 +FLAGS.SILENT (\\Flagged)\r\n");
  while (endless.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await harness.clock.advance(5000);
  assert.deepEqual(await answer(client, "c"), [
    '* NO [NOUPDATE "a"] That result takes too long to be kept up to date',
    "OK Flags stored",
  ]);
  assert.equal(endless.length, 1);
  client.write('d CANCELUPDATE "a"\r\ne CANCELUPDATE "b"\r\n');
  assert.match((await answer(client, "d")).at(-1)!, /^BAD /);
  assert.match((await answer(client, "e")).at(-1)!, /^OK /);
});
