import assert from "node:assert/strict";
import { join } from "node:path";
import { Database } from "../../src/store/sqlite/database.ts";
import { Reserve } from "../../src/store/sqlite/writer/reserve.ts";
import { StoreFolder } from "./support.ts";

Deno.test("room is kept back, given away on a full disk, and kept again", () =>
  StoreFolder.use(async (folder) => {
    const path = join(folder.path, "reserve");
    const db = new Database(folder.database, { readOnly: false, cacheKiB: 100 });
    db.exec("PRAGMA journal_mode = WAL");
    const reserve = new Reserve(path);
    assert.equal(reserve.hasRoom(db), true);
    const { size } = await Deno.stat(path);
    assert.ok(size > 4 * 1024 * 1024);
    reserve.use(db);
    await assert.rejects(() => Deno.stat(path));
    assert.equal(reserve.hasRoom(db), true);
    assert.equal((await Deno.stat(path)).size, size);
    db.close();
    new Reserve(path);
    await assert.rejects(() => Deno.stat(path), "the next start may need it");
  }));

Deno.test("with nothing kept back there is room only when the database has free pages", () =>
  StoreFolder.use((folder) => {
    const db = new Database(folder.database, { readOnly: false, cacheKiB: 100 });
    const reserve = new Reserve(join(folder.path, "no", "such", "folder"));
    assert.equal(reserve.hasRoom(db), false);
    reserve.use(db);
    db.exec("CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(10000000)); DELETE FROM t");
    assert.equal(reserve.hasRoom(db), true);
    db.close();
    return Promise.resolve();
  }));
