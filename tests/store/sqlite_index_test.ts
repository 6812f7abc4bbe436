import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { openMemoryStore } from "../../src/store/memory/mod.ts";
import type { SearchKey, Store } from "../../src/store/mod.ts";
import { ManualClock, seededRandom } from "../support/fakes.ts";
import { ACCOUNT, body, deliver, find, header, indexed, text, whenReady } from "./indexed_store.ts";
import { StoreFolder } from "./support.ts";

const CORPUS = join(import.meta.dirname!, "../corpus/mime");

// ---- The same messages in a store with an index and in one without ----

/** Words that are hard to compare: cases that change their length, marks, scripts without spaces, pairs of code units. */
const WORDS = [
  "Straße",
  "STRASSE",
  "İstanbul",
  "ISTANBUL",
  "Σίσυφος",
  "ΣΊΣΥΦΟΣ",
  "Café",
  "Cafe\u0301",
  "日本語の文章",
  "한국어 문장",
  "ภาษาไทย",
  "שלום עולם",
  "مرحبا",
  "Привет мир",
  "ﬁligree",
  "①②③",
  "𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
  "𠀀𠀁𠀂",
  "😀👍",
  "a\u0323\u0300\u0301\u0302z",
  "\u0345ᾳ",
  "foo_bar-baz",
  "user+tag@example.com",
  "ABC123DEF456GHI789JKL",
  "naïve",
  "ǆ Ǆ",
  "ŉ",
  "aaaa",
  "x".repeat(60),
  "\ufffd",
  '"quoted" * OR NOT',
];
const word = fc.constantFrom(...WORDS);
const words = fc.array(word, { minLength: 1, maxLength: 5 }).map((list) => list.join(" "));

const message = fc.record({
  from: words,
  subject: words,
  text: fc.array(words, { maxLength: 6 }),
  form: fc.nat(3),
})
  .map(({ from, subject, text, form }) => {
    const content = text.join("\n");
    const head = `From: ${encoded(from)} <a@example.org>\nSubject: ${encoded(subject)}\n`;
    switch (form) {
      case 0:
        return `${head}\n${content}\n`;
      case 1:
        return `${head}Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n${
          base64(content)
        }\n`;
      case 2:
        return `${head}Content-Type: multipart/mixed; boundary=b\n\n--b\n\n${content}\n--b\nContent-Type: message/rfc822\n\n` +
          `Subject: ${encoded(from)}\n\n${subject}\n--b--\n`;
      default:
        return `${head}Content-Type: text/plain; charset=utf-16le\nContent-Transfer-Encoding: base64\n\n${
          bytesToBase64(new Uint8Array(Uint16Array.from(content, (c) => c.charCodeAt(0)).buffer))
        }\n`;
    }
  });

function bytesToBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function base64(content: string): string {
  return bytesToBase64(new TextEncoder().encode(content));
}

function encoded(content: string): string {
  return `=?utf-8?b?${base64(content)}?=`;
}

/** A piece of something that was written, in another case perhaps; or anything at all. */
const needle = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(words, fc.nat(), fc.nat(12), fc.nat(2)).map(piece) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom("", "a", "content", "example.org", "From: ", "\r\n", "text") },
);

function piece([from, at, length, form]: [string, number, number, number]): string {
  const cut = from.slice(at % from.length).slice(0, length + 1);
  return form === 0 ? cut : form === 1 ? cut.toLowerCase() : cut.toUpperCase();
}

const { key: searchKey } = fc.letrec<{ key: SearchKey; leaf: SearchKey }>((tie) => ({
  leaf: fc.oneof(
    { weight: 3, arbitrary: needle.map(text) },
    { weight: 3, arbitrary: needle.map(body) },
    {
      weight: 3,
      arbitrary: fc.tuple(fc.constantFrom("from", "subject", "to", "content-type"), needle)
        .map(([field, words]) => header(field, words)),
    },
    { weight: 1, arbitrary: fc.nat(40).map((to): SearchKey => ({ kind: "uid", uids: [[3, to + 3]] })) },
    { weight: 1, arbitrary: fc.nat(400).map((bytes): SearchKey => ({ kind: "larger", bytes })) },
  ),
  key: fc.oneof(
    { weight: 4, arbitrary: tie("leaf") },
    { weight: 1, arbitrary: tie("leaf").map((key): SearchKey => ({ kind: "not", key })) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom("and" as const, "or" as const),
        keys: fc.array(tie("key"), { maxLength: 3, depthIdentifier: "key" }),
      }),
    },
  ),
}));

async function corpus(): Promise<Uint8Array[]> {
  const messages: Uint8Array[] = [];
  for await (const { name } of Deno.readDir(CORPUS)) {
    if (name.endsWith(".eml")) messages.push(await Deno.readFile(join(CORPUS, name)));
  }
  return messages;
}

interface Pair {
  readonly folder: StoreFolder;
  readonly store: Store;
  /** Delivers to both stores. */
  readonly both: (messages: readonly (string | Uint8Array)[]) => Promise<void>;
  readonly expunge: (uid: number) => Promise<void>;
  /** Any search finds the same in both. */
  readonly agree: (runs: number) => Promise<void>;
}

/** Runs a test with a store that has an index and one that has none. */
async function comparing(work: (pair: Pair) => Promise<void>): Promise<void> {
  const plain = openMemoryStore({ clock: new ManualClock(), random: seededRandom() });
  await StoreFolder.use((folder) =>
    folder.with((store) => {
      const inBoth = async (act: (one: Store) => Promise<unknown>) => {
        for (const one of [store, plain]) await act(one);
      };
      return work({
        folder,
        store,
        both: async (messages) => {
          for (const made of messages) await inBoth((one) => deliver(one, made));
        },
        expunge: (uid) =>
          inBoth(async (one) => {
            const inbox = await one.mailboxes.get(ACCOUNT, "INBOX");
            await one.messages.expunge(inbox!.id, [[uid, uid]], { any: true });
          }),
        agree: (numRuns) =>
          fc.assert(
            fc.asyncProperty(searchKey, async (key) => {
              assert.deepEqual(await find(store, key), await find(plain, key));
            }),
            { numRuns },
          ),
      });
    }, indexed())
  );
  await plain.close();
}

Deno.test("search index: finds what is found without it, in every script and form of message", async () => {
  await comparing(async ({ folder, store, both, agree }) => {
    await both(await corpus());
    await both(fc.sample(message, 60));
    await store.searchIndex.rebuild();
    await whenReady(store, folder);
    await agree(500);
  });
});

Deno.test("search index: finds the same wherever the index is, while it moves, and after an expunge", async () => {
  await comparing(async ({ folder, store, both, expunge, agree }) => {
    await both(fc.sample(message, 30));
    await store.searchIndex.rebuild();
    await whenReady(store, folder);
    await both(fc.sample(message, 20));
    assert.equal(store.stats().unindexedBodies, 20);
    await agree(150);
    await expunge(7);
    await expunge(45);
    const rebuilding = store.searchIndex.rebuild();
    await agree(100);
    await rebuilding;
    await agree(100);
    await whenReady(store, folder);
    await agree(50);
  });
});

Deno.test("search index: new mail and mail that went are seen at once", async () => {
  await StoreFolder.use((folder) =>
    folder.with(async (store) => {
      await deliver(store, "From: a@example.org\nSubject: first\n\napple\n");
      await deliver(store, "From: a@example.org\nSubject: second\n\napple\n");
      await store.searchIndex.rebuild();
      await whenReady(store, folder);
      assert.deepEqual(await find(store, body("apple")), [1, 2]);
      await deliver(store, "From: b@example.org\nSubject: third\n\napple\n");
      assert.deepEqual(await find(store, body("APP")), [1, 2, 3]);
      assert.deepEqual(await find(store, header("from", "b@")), [3]);
      const inbox = await store.mailboxes.get(ACCOUNT, "INBOX");
      await store.messages.expunge(inbox!.id, [[1, 1]], { any: true });
      assert.deepEqual(await find(store, body("apple")), [2, 3]);
      assert.deepEqual(await find(store, { kind: "not", key: header("subject", "second") }), [3]);
    }, indexed())
  );
});

Deno.test("search index: a message longer than the index takes is looked into", async () => {
  await StoreFolder.use((folder) =>
    folder.with(async (store) => {
      await deliver(store, `Subject: long\n\n${"early words\n".repeat(40_000)}late needle\n`);
      await store.searchIndex.rebuild();
      await whenReady(store, folder);
      assert.deepEqual(await find(store, body("late needle")), [1]);
      assert.deepEqual(await find(store, body("early")), [1]);
      assert.deepEqual(await find(store, body("neither")), []);
    }, indexed())
  );
});

Deno.test("search index: a body that is staged while the index passes it is found when it has come", async () => {
  await StoreFolder.use((folder) =>
    folder.with(async (store) => {
      const stage = store.bodies.stage();
      const filler = new TextEncoder().encode("filler of a long message\r\n".repeat(40_000));
      await stage.write(new TextEncoder().encode("Subject: slow\r\n\r\n"));
      await stage.write(filler);
      await deliver(store, "Subject: quick\n\nquick fox\n");
      await store.searchIndex.rebuild();
      await whenReady(store, folder);
      await stage.write(new TextEncoder().encode("slow fox\r\n"));
      const inbox = await store.mailboxes.get(ACCOUNT, "INBOX");
      await store.messages.append({ mailboxId: inbox!.id, body: stage.seal(), flags: [], internalDate: 0 });
      assert.deepEqual(await find(store, body("fox")), [1, 2]);
      assert.deepEqual(await find(store, header("subject", "slow")), [2]);
    }, indexed())
  );
});
