/** What becomes of the store when the disk or one of its workers fails: nothing is promised any more, and nobody waits for ever. */
import assert from "node:assert/strict";
import { Refusal } from "../../src/core/errors.ts";
import { StoreDamaged } from "../../src/store/errors.ts";
import type { MessageRow, Store } from "../../src/store/mod.ts";
import { Database } from "../../src/store/sqlite/database.ts";
import { openForWriting } from "../../src/store/sqlite/open.ts";
import { unpackError } from "../../src/store/sqlite/packed_error.ts";
import type { Batch } from "../../src/store/sqlite/protocol.ts";
import { BatchRunner, CommitUncertain } from "../../src/store/sqlite/writer/batch.ts";
import { Reserve } from "../../src/store/sqlite/writer/reserve.ts";
import { accept, bytesOf, mailboxOf, rowsOf } from "../contract/store/harness.ts";
import { RecordingLog } from "../support/fakes.ts";
import { StoreFolder } from "./support.ts";

const ACCOUNT = "a@example.com";

function deliver(store: Store, content: string): Promise<void> {
  return accept(store, { id: content, content, local: [{ account: ACCOUNT }] });
}

async function inboxRows(store: Store): Promise<MessageRow[]> {
  return await rowsOf(store, await mailboxOf(store, ACCOUNT, "INBOX"));
}

/** Runs work while the workers that are made meanwhile can be got at, the writer first. */
async function withWorkers<T>(work: (workers: readonly Worker[]) => Promise<T>): Promise<T> {
  const Original = globalThis.Worker;
  const workers: Worker[] = [];
  globalThis.Worker = class extends Original {
    constructor(specifier: string | URL, options?: WorkerOptions) {
      super(specifier, options);
      workers.push(this);
    }
  };
  try {
    return await work(workers);
  } finally {
    globalThis.Worker = Original;
  }
}

/** No worker can read this: it dies of it. */
function poison(worker: Worker): void {
  worker.postMessage(null);
}

for (const [place, name] of [[0, "writer"], [1, "reader"]] as const) {
  Deno.test(`when the ${name} dies, whoever waits for it is told, the owner is told once, and nothing hangs`, () =>
    withWorkers((workers) =>
      StoreFolder.use(async (folder) => {
        const failures: Error[] = [];
        const store = await folder.open({ onFailure: (error) => failures.push(error) });
        await deliver(store, "Subject: before\r\n\r\n");
        assert.equal(store.stats().trouble, null);
        const failed = new Promise<void>((resolve) => {
          const timer = setInterval(() => {
            if (failures.length === 0) return;
            clearInterval(timer);
            resolve();
          }, 1);
        });
        poison(workers[place]!);
        const use = (): Promise<unknown> =>
          name === "writer" ? deliver(store, "Subject: after\r\n\r\n") : store.accounts.list();
        const waiting = assert.rejects(use(), new RegExp(`store ${name} stopped`));
        await failed;
        await waiting;
        await assert.rejects(use(), new RegExp(`store ${name} stopped`));
        assert.equal(failures.length, 1);
        assert.match(store.stats().trouble ?? "", new RegExp(`store ${name} stopped`));
        await store.close();
        await folder.with(async (again) => {
          assert.equal((await inboxRows(again)).length, 1);
        });
      })
    ));
}

/** A database whose commits fail with this code. */
class FailingDatabase extends Database {
  code: number | null = null;
  override run(sql: string, ...values: never[]): number {
    if (sql !== "COMMIT" || this.code === null) return super.run(sql, ...values);
    throw Object.assign(new Error("disk I/O error"), { errcode: this.code });
  }
}

const COMMIT_ERRORS = [
  { name: "SQLITE_IOERR_FSYNC", code: 10 | 4 << 8, becomes: CommitUncertain },
  { name: "SQLITE_IOERR_DIR_FSYNC", code: 10 | 5 << 8, becomes: CommitUncertain },
  { name: "SQLITE_CORRUPT", code: 11, becomes: CommitUncertain },
  { name: "SQLITE_IOERR_WRITE", code: 10 | 3 << 8, becomes: StoreDamaged },
  { name: "SQLITE_FULL", code: 13, becomes: Refusal },
  { name: "SQLITE_IOERR_SHMSIZE", code: 10 | 19 << 8, becomes: Refusal },
];

for (const { name, code, becomes } of COMMIT_ERRORS) {
  Deno.test(`a commit that fails with ${name} acknowledges nothing (${becomes.name})`, () =>
    StoreFolder.use(async (folder) => {
      openForWriting(folder.database, null).close();
      const db = new FailingDatabase(folder.database, { readOnly: false, cacheKiB: 100 });
      try {
        const runner = new BatchRunner(db, {
          reserve: new Reserve(`${folder.database}-reserve`),
          keepsExpunged: true,
          seconds: () => 0,
        });
        const batch: Batch = {
          batch: 1,
          now: 1,
          writes: [
            { kind: "ensureAccount", args: { account: "a@example.com" } },
            { kind: "ensureAccount", args: { account: "b@example.com" } },
          ],
        };
        db.code = code;
        if (becomes === CommitUncertain) assert.throws(() => runner.run(batch), CommitUncertain);
        else {
          const reply = runner.run(batch);
          assert.equal(reply.commits, 0);
          for (const outcome of reply.outcomes) {
            assert.ok(!outcome.ok);
            assert.ok(unpackError(outcome.error) instanceof becomes);
          }
          // What failed left nothing behind, and the next one works.
          db.code = null;
          assert.deepEqual(runner.run(batch).outcomes.map((outcome) => outcome.ok), [true, true]);
        }
      } finally {
        db.close();
      }
      await folder.with(async (store) => {
        assert.equal((await store.accounts.list()).length, becomes === CommitUncertain ? 0 : 2);
      });
    }));
}

Deno.test("damage met while running fails what needs the damaged place, is told once, and shows in the figures", () =>
  StoreFolder.use(async (folder) => {
    const bodyOf = async (store: Store) => (await inboxRows(store))[0]!.bodyId;
    await folder.with((store) => deliver(store, "Subject: one\r\n\r\nbody\r\n"));
    const root = folder.sql((db) =>
      Number(db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'chunks'").get()!["rootpage"])
    );
    const log = new RecordingLog();
    await folder.with(async (store) => {
      using file = await Deno.open(folder.database, { write: true });
      await file.seek((root - 1) * 4096, Deno.SeekMode.Start);
      await file.write(new Uint8Array(200).fill(0xff));
      for (let i = 0; i < 2; i++) {
        await assert.rejects(async () => await bytesOf(store, await bodyOf(store)), StoreDamaged);
      }
      assert.match(store.stats().trouble ?? "", /damaged/);
      assert.equal(log.of("store-damaged").length, 1);
      assert.equal((await inboxRows(store)).length, 1);
    }, { log });
  }));

Deno.test("a disk that does not answer shows in the figures", () =>
  withWorkers((workers) =>
    StoreFolder.use(async (folder) => {
      const store = await folder.open();
      // A writer that is stuck in the system: what is sent to it stays unanswered.
      const writer = workers[0]!;
      const post = writer.postMessage.bind(writer);
      let held: (() => void) | null = null;
      writer.postMessage = (message: unknown, options?: unknown) => {
        held = () => post(message, options as never);
      };
      const accepting = deliver(store, "Subject: x\r\n\r\n");
      while (held === null) await new Promise((resolve) => setTimeout(resolve, 0));
      assert.equal(store.stats().trouble, null);
      await folder.clock.advance(31_000);
      assert.match(store.stats().trouble ?? "", /not answered for 31 seconds/);
      writer.postMessage = post as typeof writer.postMessage;
      (held as () => void)();
      await accepting;
      assert.equal(store.stats().trouble, null);
      await store.close();
    })
  ));
