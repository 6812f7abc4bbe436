import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { openMemoryStore } from "../../src/store/memory/mod.ts";
import type { SearchKey, Store } from "../../src/store/mod.ts";
import type { SqliteStoreOptions } from "../../src/store/sqlite/mod.ts";
import { FixedClock, ManualClock, RecordingLog, seededRandom } from "../support/fakes.ts";
import { StoreFolder } from "./support.ts";

const ACCOUNT = "alice@example.com";
const CORPUS = join(import.meta.dirname!, "../corpus/mime");
const SEARCH = { maxText: 64 * 1024, delayMs: 600_000 };

let runs = 0;

/** As `StoreFolder.open`, with an index, and chance of its own in each run. */
function indexed(changes: Partial<SqliteStoreOptions> = {}): Partial<SqliteStoreOptions> {
  return { search: SEARCH, random: seededRandom(1000 + runs++), ...changes };
}

type Step = () => Promise<unknown>;

/** The worker's own time cannot be awaited from outside: what the operator can see is all there is to see. */
async function until(isSo: () => boolean, step: Step = () => Promise.resolve()): Promise<void> {
  while (!isSo()) {
    await step();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Lets the indexer's pauses pass until all is in. */
async function whenReady(store: Store, folder: StoreFolder): Promise<void> {
  await until(() => store.searchIndex.status().state === "ready", () => folder.clock.advance(1000));
}

async function deliver(store: Store, message: string | Uint8Array, account = ACCOUNT): Promise<void> {
  const bytes = typeof message === "string"
    ? new TextEncoder().encode(message.replaceAll("\n", "\r\n"))
    : message;
  const stage = store.bodies.stage();
  await stage.write(bytes);
  const body = stage.seal();
  await store.accept({ id: crypto.randomUUID(), body, receivedAt: 0, local: [{ account }], queued: null });
}

async function find(store: Store, key: SearchKey): Promise<number[]> {
  const inbox = await store.mailboxes.get(ACCOUNT, "INBOX");
  return await store.messages.search(inbox!.id, key);
}

const text = (words: string): SearchKey => ({ kind: "text", text: words });
const body = (words: string): SearchKey => ({ kind: "body", text: words });
const header = (field: string, words: string): SearchKey => ({ kind: "header", field, text: words });

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

// ---- The file ----

const LETTER = "From: carol@example.org\nSubject: letter\n\nsome remarkable words\n";

async function fill(folder: StoreFolder, count = 120): Promise<void> {
  await folder.with(async (store) => {
    for (let i = 1; i <= count; i++) await deliver(store, LETTER.replace("words", `words number${i}`));
    await store.searchIndex.rebuild();
    await whenReady(store, folder);
  }, indexed());
}

/** What was found right after the start, and again when the index had been looked after; and what was logged of it. */
async function reopen(folder: StoreFolder, expected = [77]): Promise<string[]> {
  const log = new RecordingLog();
  await folder.with(async (store) => {
    assert.deepEqual(await find(store, text("number77")), expected);
    await whenReady(store, folder);
    assert.deepEqual(await find(store, text("number77")), expected);
    assert.deepEqual(await find(store, header("from", "nobody")), []);
  }, indexed({ log }));
  assert.equal(log.entries.filter(({ level }) => level === "error").length, 0);
  return log.entries.filter(({ event }) => event === "search-index-rebuilt").map(({ fields }) =>
    String(fields.reason)
  );
}

Deno.test("search index: a good one is used again", async () => {
  await StoreFolder.use(async (folder) => {
    await fill(folder);
    assert.deepEqual(await reopen(folder), []);
    const mode = (await Deno.stat(join(folder.path, "search.db"))).mode! & 0o777;
    assert.equal(mode, 0o600);
  });
});

const HARM: Readonly<Record<string, (path: string) => void>> = {
  "was deleted": (path) => Deno.removeSync(path),
  "is empty": (path) => Deno.truncateSync(path, 0),
  "was cut in the middle": (path) => Deno.truncateSync(path, Math.floor(Deno.statSync(path).size / 2)),
  "was cut within a page": (path) => Deno.truncateSync(path, Deno.statSync(path).size - 1000),
  "is something else": (path) => Deno.writeTextFileSync(path, "Not a database at all. ".repeat(1000)),
  "has lost its pages": (path) => overwrite(path, 4096, Deno.statSync(path).size - 4096),
  "has lost a page": (path) => overwrite(path, 4096 * Math.floor(Deno.statSync(path).size / 8192), 4096),
  "is of another version": (path) => sql(path, "PRAGMA user_version = 999"),
  "was made with other letters": (path) => sql(path, "UPDATE state SET value = 'other' WHERE key = 'engine'"),
  "has lost a table": (path) => sql(path, "DROP TABLE body_grams"),
  "is a folder's worth ahead": (path) => sql(path, "UPDATE state SET value = 100000 WHERE key = 'mark'"),
  "knows other messages": (path) => sql(path, "UPDATE state SET value = '120 1 1' WHERE key = 'sample'"),
};

function overwrite(path: string, at: number, length: number): void {
  using file = Deno.openSync(path, { write: true });
  file.seekSync(at, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array(length).map((_, i) => (i * 197) & 255));
}

function sql(path: string, statement: string): void {
  const db = new DatabaseSync(path);
  db.exec(statement);
  db.close();
}

Deno.test("search index: one that was harmed is built anew, and nothing is missed meanwhile", async (t) => {
  await StoreFolder.use(async (whole) => {
    await fill(whole);
    for (const [what, harm] of Object.entries(HARM)) {
      await t.step(what, () =>
        StoreFolder.use(async (folder) => {
          for (const name of ["mailden.db", "search.db"]) {
            await Deno.copyFile(join(whole.path, name), join(folder.path, name));
          }
          harm(join(folder.path, "search.db"));
          assert.equal((await reopen(folder)).length, 1);
        }));
    }
  });
});

Deno.test("search index: one that was built anew is good from then on", async () => {
  await StoreFolder.use(async (folder) => {
    await fill(folder);
    await Deno.truncate(join(folder.path, "search.db"), 40_000);
    assert.equal((await reopen(folder)).length, 1);
    assert.deepEqual(await reopen(folder), []);
  });
});

Deno.test("search index: a database that was restored from a backup gets an index of its own", async () => {
  await StoreFolder.use(async (folder) => {
    await fill(folder, 60);
    await Deno.copyFile(folder.database, `${folder.path}/backup.db`);
    await fill(folder, 60);
    await Deno.rename(`${folder.path}/backup.db`, folder.database);
    // By this the store itself sees to it that no id is given twice; it may be lost, too.
    await Deno.remove(`${folder.database}-mark`);
    await folder.with((store) => deliver(store, LETTER.replace("words", "number77")));
    assert.equal((await reopen(folder, [61])).length, 1);
  });
});

Deno.test("search index: damage that a search meets is mended while the server runs", async () => {
  await StoreFolder.use(async (folder) => {
    await fill(folder);
    const log = new RecordingLog();
    await folder.with(async (store) => {
      await whenReady(store, folder);
      const path = join(folder.path, "search.db");
      overwrite(path, 4096, Deno.statSync(path).size - 4096);
      assert.deepEqual(await find(store, text("number77")), [77]);
      while (log.of("search-index-rebuilt").length === 0) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await whenReady(store, folder);
      assert.deepEqual(await find(store, text("number77")), [77]);
    }, indexed({ log, clock: new FixedClock() }));
  });
});

Deno.test("search index: without it, it is removed, or left alone by what only passes", async () => {
  await StoreFolder.use(async (folder) => {
    await fill(folder, 5);
    const path = join(folder.path, "search.db");
    await folder.with(async (store) => {
      assert.equal(store.searchIndex.status().state, "off");
      await deliver(store, LETTER);
    });
    assert.ok((await Deno.stat(path)).isFile);
    await folder.with(async (store) => {
      assert.deepEqual(await find(store, text("number3")), [3]);
      assert.equal(store.stats().unindexedBodies, 0);
    }, { search: null });
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
  });
});

Deno.test("search index: a few new messages wait for the delay, many do not", async () => {
  await StoreFolder.use((folder) =>
    folder.with(async (store) => {
      await whenReady(store, folder);
      await deliver(store, LETTER);
      assert.equal(store.searchIndex.status().state, "behind");
      await folder.clock.advance(SEARCH.delayMs);
      await whenReady(store, folder);
      assert.equal(store.searchIndex.status().indexed, 1);
      await Promise.all(Array.from({ length: 600 }, () => deliver(store, LETTER)));
      // No time has passed.
      await until(() => store.searchIndex.status().indexed >= 40);
    }, indexed())
  );
});

Deno.test("search index: a folder where it cannot be written costs speed and nothing else", async () => {
  await StoreFolder.use(async (folder) => {
    await Deno.mkdir(join(folder.path, "search.db", "in the way"), { recursive: true });
    const log = new RecordingLog();
    await folder.with(async (store) => {
      await deliver(store, LETTER);
      await until(() => !(store.searchIndex.status().state !== "failed"));
      assert.deepEqual(await find(store, text("remarkable")), [1]);
      assert.match(store.searchIndex.status().problem!, /\w/);
      assert.equal(store.stats().trouble, null);
    }, indexed({ log }));
    assert.equal(log.of("search-index-failed").length, 1);
  });
});

Deno.test("search index: a search that is given up ends", async () => {
  await StoreFolder.use((folder) =>
    folder.with(async (store) => {
      for (let i = 0; i < 20; i++) await deliver(store, LETTER.replace("words", "words ".repeat(20_000)));
      await store.searchIndex.rebuild();
      await whenReady(store, folder);
      const inbox = await store.mailboxes.get(ACCOUNT, "INBOX");
      const giveUp = new AbortController();
      const key = { kind: "or" as const, keys: ["zq", "qz", "xq"].map(body) };
      const search = store.messages.search(inbox!.id, key, { signal: giveUp.signal });
      giveUp.abort(new Error("Enough"));
      await assert.rejects(search, /Enough/);
      assert.deepEqual(await find(store, body("nowhere")), []);
    }, indexed())
  );
});
