import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { FixedClock, RecordingLog } from "../support/fakes.ts";
import {
  ACCOUNT,
  body,
  deliver,
  find,
  header,
  indexed,
  SEARCH,
  text,
  until,
  whenReady,
} from "./indexed_store.ts";
import { StoreFolder } from "./support.ts";

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
