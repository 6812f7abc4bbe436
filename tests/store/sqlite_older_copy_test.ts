/** UIDVALIDITY never lies: not when an older copy of the database is put back either (RFC 3501 section 2.3.1.1). */
import assert from "node:assert/strict";
import { join } from "node:path";
import { append, mailboxOf, rowsOf } from "../contract/store/harness.ts";
import type { Store } from "../../src/store/mod.ts";
import { checkStore } from "../support/store_check.ts";
import { StoreFolder } from "./support.ts";

const ACCOUNT = "alice@example.com";

interface Known {
  readonly validity: ReadonlyMap<string, number>;
  readonly bodies: readonly number[];
  readonly mailboxes: readonly number[];
}

/** What clients know by now. */
async function known(store: Store): Promise<Known> {
  const mailboxes = await store.mailboxes.list(ACCOUNT);
  const rows = await Promise.all(mailboxes.map((mailbox) => rowsOf(store, mailbox)));
  return {
    validity: new Map(mailboxes.map(({ name, uidValidity }) => [name, uidValidity])),
    bodies: rows.flat().map(({ bodyId }) => bodyId),
    mailboxes: mailboxes.map(({ id }) => id),
  };
}

async function begin(folder: StoreFolder): Promise<Known> {
  return await folder.with(async (store) => {
    await store.accounts.ensure(ACCOUNT);
    await append(store, await mailboxOf(store, ACCOUNT, "INBOX"));
    return await known(store);
  });
}

Deno.test("an older copy that is put back gets a new UIDVALIDITY for every mailbox, and new ids", () =>
  StoreFolder.use(async (folder) => {
    const copy = join(folder.path, "copy.db");
    await begin(folder);
    await Deno.copyFile(folder.database, copy);
    const later = await folder.with(async (store) => {
      const inbox = await mailboxOf(store, ACCOUNT, "INBOX");
      for (let i = 0; i < 3; i++) await append(store, inbox);
      await store.mailboxes.create(ACCOUNT, "made later");
      return await known(store);
    });
    await Deno.copyFile(copy, folder.database);
    await folder.with(async (store) => {
      const inbox = await mailboxOf(store, ACCOUNT, "INBOX");
      assert.deepEqual((await rowsOf(store, inbox)).map((row) => row.uid), [1]);
      const highest = Math.max(...later.validity.values());
      for (const { uidValidity } of await store.mailboxes.list(ACCOUNT)) assert.ok(uidValidity > highest);
      assert.equal(await append(store, inbox), 2, "a UID that another message had, under a new UIDVALIDITY");
      const [, fresh] = await rowsOf(store, inbox);
      assert.ok(fresh!.bodyId > Math.max(...later.bodies), "EMAILID");
      const made = await store.mailboxes.create(ACCOUNT, "made anew");
      assert.ok(made.id > Math.max(...later.mailboxes), "MAILBOXID");
      assert.ok(made.uidValidity > highest);
    });
    folder.sql((db) => checkStore(db));
    const before = await folder.with(known);
    assert.deepEqual(await folder.with(known), before, "once is enough");
  }));

Deno.test("a database that is not older keeps its UIDVALIDITY: started again, moved without its mark, or with a broken one", () =>
  StoreFolder.use(async (folder) => {
    const before = await begin(folder);
    const mark = join(folder.path, "mailden.db-mark");
    assert.deepEqual(await folder.with(known), before);
    await Deno.remove(mark);
    assert.deepEqual(await folder.with(known), before);
    for (
      const text of ["", "{", "null", '{"bodies":"x"}', '{"bodies":1e300,"mailboxes":1,"uidValidity":1}']
    ) {
      await Deno.writeTextFile(mark, text);
      assert.deepEqual(await folder.with(known), before, text);
    }
  }));
