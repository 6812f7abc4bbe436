import assert from "node:assert/strict";
import { join } from "node:path";
import { concatBytes } from "../../src/core/bytes.ts";
import { StoreOpenError } from "../../src/store/mod.ts";
import { showTexts } from "../../src/store/shown_texts.ts";
import { Database } from "../../src/store/sqlite/database.ts";
import { migrate, MIGRATIONS, schemaVersion } from "../../src/store/sqlite/schema.ts";
import { append, mailboxOf, rowsOf, textOf } from "../contract/store/harness.ts";
import { checkStore } from "../support/store_check.ts";
import { StoreFolder } from "./support.ts";

const FIXTURES = join(import.meta.dirname!, "fixtures");
const ACCOUNT = "alice@example.com";

Deno.test("what was stored is there after closing and opening", () =>
  StoreFolder.use(async (folder) => {
    await folder.with(async (store) => {
      await store.accounts.ensure(ACCOUNT);
      await append(store, await mailboxOf(store, ACCOUNT, "INBOX"), {
        content: "kept",
        flags: ["\\Seen", "k"],
      });
    });
    await folder.with(async (store) => {
      const inbox = await mailboxOf(store, ACCOUNT, "INBOX");
      const [row] = await rowsOf(store, inbox);
      assert.deepEqual(row?.flags, ["\\Seen", "k"]);
      assert.equal(await textOf(store, row!.bodyId), "kept");
    });
    assert.equal(folder.count("messages"), 1);
  }));

Deno.test("the files are nobody else's to read", () =>
  StoreFolder.use(async (folder) => {
    await folder.with(async (store) => {
      await store.accounts.ensure(ACCOUNT);
      for (
        const name of [
          "mailden.db",
          "mailden.db-wal",
          "mailden.db-shm",
          "mailden.db-reserve",
          "mailden.db-mark",
          "mailden.lock",
        ]
      ) {
        const { mode } = await Deno.stat(join(folder.path, name));
        assert.equal((mode ?? 0) & 0o077, 0, name);
      }
    });
  }));

Deno.test("closing leaves no log behind", () =>
  StoreFolder.use(async (folder) => {
    await folder.with((store) => store.accounts.ensure(ACCOUNT));
    const names = [...Deno.readDirSync(folder.path)].map((entry) => entry.name).toSorted();
    assert.deepEqual(names, ["mailden.db", "mailden.db-mark", "mailden.db-reserve", "mailden.lock"]);
  }));

Deno.test("a second program is kept out until the first is done", () =>
  StoreFolder.use(async (folder) => {
    await folder.with(async () => {
      await assert.rejects(() => folder.open(), openError("Another Mailden uses"));
    });
    await folder.with((store) => store.accounts.list());
  }));

Deno.test("a database of a newer schema is refused and left alone", () =>
  StoreFolder.use(async (folder) => {
    await folder.with((store) => store.accounts.ensure(ACCOUNT));
    folder.sql((db) => db.exec("PRAGMA user_version = 999"));
    const before = await Deno.readFile(folder.database);
    await assert.rejects(() => folder.open(), openError("newer Mailden (schema 999"));
    assert.deepEqual(await Deno.readFile(folder.database), before);
  }));

Deno.test("a file that is not a database is refused", () =>
  StoreFolder.use(async (folder) => {
    await Deno.writeTextFile(folder.database, "This is no database. ".repeat(500));
    await assert.rejects(() => folder.open(), openError("is not a database"));
  }));

Deno.test("another program's database is refused", () =>
  StoreFolder.use(async (folder) => {
    folder.sql((db) => db.exec("CREATE TABLE theirs (x); PRAGMA application_id = 77"));
    await assert.rejects(() => folder.open(), openError("belongs to another program"));
  }));

Deno.test("a damaged database is refused", () =>
  StoreFolder.use(async (folder) => {
    await folder.with(async (store) => {
      await store.accounts.ensure(ACCOUNT);
      const inbox = await mailboxOf(store, ACCOUNT, "INBOX");
      await Promise.all(
        Array.from({ length: 50 }, () => append(store, inbox, { content: "x".repeat(3000) })),
      );
    });
    const file = await Deno.open(folder.database, { write: true, read: true });
    // The page headers in the middle of the file become noise; the first page, which is read first, stays.
    const { size } = await file.stat();
    for (let at = 20 * 4096; at < size; at += 4096) {
      await file.seek(at, Deno.SeekMode.Start);
      await file.write(new Uint8Array(64).fill(0xa5));
    }
    file.close();
    await assert.rejects(() => folder.open(), openError("is damaged"));
  }));

Deno.test("a database cut short is refused", () =>
  StoreFolder.use(async (folder) => {
    await folder.with((store) => store.accounts.ensure(ACCOUNT));
    await Deno.truncate(folder.database, 8 * 4096);
    await assert.rejects(() => folder.open(), openError("is damaged"));
  }));

Deno.test("a folder that cannot be made is a StoreOpenError", () =>
  StoreFolder.use(async (folder) => {
    await Deno.writeTextFile(join(folder.path, "file"), "");
    await assert.rejects(
      () => folder.open({ directory: join(folder.path, "file", "below") }),
      openError("cannot be used"),
    );
  }));

Deno.test("a database for which there is no room is a StoreOpenError", () =>
  StoreFolder.use(async (folder) => {
    await assert.rejects(() => folder.open({ maxBytes: 8 * 4096 }), openError("Free some disk space"));
  }));

for (const version of MIGRATIONS.keys()) {
  Deno.test(`a database of schema ${version + 1} is brought to the newest and works`, () =>
    StoreFolder.use(async (folder) => {
      const dump = await Deno.readTextFile(join(FIXTURES, `schema_${version + 1}.sql`));
      folder.sql((db) => db.exec(dump));
      await folder.with(checkFixture);
      if (version >= 1) await folder.with(checkFixtureFrom2);
      if (version >= 2) await folder.with(checkFixtureFrom3);
      folder.sql((db) => {
        assert.equal(db.prepare("PRAGMA user_version").get()?.["user_version"], MIGRATIONS.length);
        assert.equal(db.prepare("PRAGMA quick_check").get()?.["quick_check"], "ok");
        checkStore(db);
      });
    }));
}

/** What every fixture holds: the account, its mail, an entry in the queue. */
async function checkFixture(store: Awaited<ReturnType<StoreFolder["open"]>>): Promise<void> {
  const inbox = await mailboxOf(store, ACCOUNT, "INBOX");
  const rows = await rowsOf(store, inbox);
  assert.deepEqual(rows.map((row) => [row.uid, row.flags]), [[1, ["\\Seen", "Work"]], [3, []]]);
  assert.match(await textOf(store, rows[1]!.bodyId), /^Subject: three\r\n\r\n(Third\. ){4000}\r\n$/);
  assert.deepEqual((await store.messages.changesSince(inbox.id, 0)).vanished, [2]);
  assert.match(await store.accounts.credential(ACCOUNT) ?? "", /^\$scrypt\$/);
  assert.ok(await store.mailboxes.get(ACCOUNT, "Projects/Mailden") !== null);
  assert.equal((await store.spool.list({ held: true }))[0]?.recipients.length, 2);
  const queued = await store.spool.list();
  assert.deepEqual(
    [store.stats().queuedMessages, store.stats().queuedRecipients],
    [queued.length, queued.flatMap(({ recipients }) => recipients).length],
  );
  assert.equal(await append(store, inbox), 4);
  assert.deepEqual(await store.trace.ofMessage("none"), []);
  assert.equal(await store.facts.get("space", "none"), null);
}

/** What the fixtures from schema 2 on hold besides: wishes, traces, facts. */
async function checkFixtureFrom2(store: Awaited<ReturnType<StoreFolder["open"]>>): Promise<void> {
  const asked = await store.spool.get("asked");
  assert.deepEqual(asked?.wishes, { returns: "full", envelopeId: "E1", requireTls: true, binary: false });
  assert.deepEqual(asked?.recipients.map(({ dsn }) => dsn?.originalRecipient), [
    "rfc822;c@old.example",
    undefined,
  ]);
  const [accepted] = await store.trace.find("<1@example.com>");
  assert.deepEqual(await store.trace.ofMessage("asked"), [accepted]);
  assert.deepEqual((await store.trace.ofSession("s1")).map(({ event }) => event), ["session-begin"]);
  assert.deepEqual((await store.facts.list("tls-level")).map(({ value }) => value), ["verified"]);
  const expiresAt = 4_100_000_000_000;
  assert.equal(await store.facts.add("sent-today", { key: "alice@example.com", by: 1, expiresAt }), 3);
}

/** What the fixtures from schema 3 on hold besides: rights, annotations, a message with all of its keys. */
async function checkFixtureFrom3(store: Awaited<ReturnType<StoreFolder["open"]>>): Promise<void> {
  const projects = await mailboxOf(store, ACCOUNT, "Projects");
  assert.deepEqual([projects.deleted, projects.deletedBytes], [1, 117]);
  assert.deepEqual((await rowsOf(store, projects)).map((row) => row.savedAt), [1_767_323_045_000]);
  assert.deepEqual(await store.acl.get(projects.id), [
    { identifier: "-anyone", rights: "w" },
    { identifier: "bob@example.com", rights: "lr" },
  ]);
  const noted = await store.annotations.list({ account: ACCOUNT, mailboxId: projects.id });
  assert.deepEqual(noted.map(({ entry, value }) => [entry, value.length]), [
    ["/private/color", 2],
    ["/shared/comment", 4],
  ]);
  assert.equal((await store.annotations.list({ account: "bob@example.com", mailboxId: null })).length, 1);
  assert.deepEqual(await store.scripts.active(ACCOUNT), { name: "main", text: "keep;", version: 1 });
  assert.deepEqual(await store.scripts.standing(ACCOUNT), { active: 1, away: 3 });
  assert.equal((await store.scripts.away(ACCOUNT))?.text, "Away.");
}

Deno.test("what a migration fills in is what new mail gets", () =>
  StoreFolder.use(async (folder) => {
    const dump = await Deno.readTextFile(join(FIXTURES, "schema_2.sql"));
    folder.sql((db) => db.exec(dump));
    await folder.with(async (store) => {
      const inbox = await mailboxOf(store, ACCOUNT, "INBOX");
      assert.deepEqual((await rowsOf(store, inbox)).map((row) => row.savedAt), [null, null]);
      await append(store, inbox, { content: "From: a@example.com\r\nSubject: one\r\n\r\nFirst.\r\n" });
    });
    const [old, fresh] = folder.sql((db) =>
      db.prepare("SELECT * FROM sort_keys WHERE subject = 'ONE' ORDER BY body_id").all()
    );
    // Without an id of its own, each begins a thread of its own.
    assert.notEqual(old?.["thread"], fresh?.["thread"]);
    assert.deepEqual({ ...fresh, body_id: 0, thread: 0 }, { ...old, body_id: 0, thread: 0 });
    const heads = folder.sql((db) =>
      db.prepare("SELECT h.digest, s.* FROM heads h LEFT JOIN shown s ON s.body_id = h.body_id").all()
    );
    assert.ok(heads.length > 3);
    for (const { digest, body_id: _, ...shown } of heads) {
      const texts = showTexts(JSON.parse(String(digest)), { utf8: false });
      assert.deepEqual({ ...shown }, {
        header_size: texts.headerSize,
        envelope_size: texts.envelope.length,
        depends_on_utf8: texts.dependsOnUtf8 ? 1 : 0,
        texts: concatBytes([texts.envelope, texts.structure]),
      });
    }
  }));

Deno.test("a migration that fails leaves the version before it, whole", () =>
  StoreFolder.use((folder) => {
    const db = new Database(folder.database, { readOnly: false, cacheKiB: 100 });
    try {
      const steps = ["CREATE TABLE one (x)", "CREATE TABLE two (x); INSERT INTO nowhere VALUES (1)"];
      assert.throws(() => migrate(db, steps), /no such table: nowhere/);
      assert.equal(schemaVersion(db), 1);
      const tables = db.all("SELECT name FROM sqlite_schema").map((row) => row["name"]);
      assert.deepEqual(tables, ["one"]);
      migrate(db, [steps[0]!, "CREATE TABLE two (x)"]);
      assert.equal(schemaVersion(db), 2);
    } finally {
      db.close();
    }
    return Promise.resolve();
  }));

Deno.test("every fixture is the schema that it says", () => {
  for (const version of MIGRATIONS.keys()) {
    const made = new Database(":memory:", { readOnly: false, cacheKiB: 100 });
    migrate(made, MIGRATIONS.slice(0, version + 1));
    const kept = new Database(":memory:", { readOnly: false, cacheKiB: 100 });
    kept.exec(Deno.readTextFileSync(join(FIXTURES, `schema_${version + 1}.sql`)));
    assert.deepEqual(schemaOf(kept), schemaOf(made));
    made.close();
    kept.close();
  }
});

function schemaOf(db: Database): unknown[] {
  return db.all("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name");
}

function openError(text: string): (error: unknown) => boolean {
  return (error) => error instanceof StoreOpenError && error.message.includes(text);
}
