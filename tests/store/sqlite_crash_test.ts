import assert from "node:assert/strict";
import { join } from "node:path";
import type { Mailbox, MessageRowWithDigest, Store } from "../../src/store/mod.ts";
import { ALL, bytesOf, mailboxOf } from "../contract/store/harness.ts";
import { StoreFolder } from "./support.ts";

const CHILD = join(import.meta.dirname!, "crash_child.ts");
const ROUNDS = 3;

Deno.test("after SIGKILL under load everything promised is there, once, and nothing is there by half", () =>
  StoreFolder.use(async (folder) => {
    const promised: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      promised.push(...await runAndKill({ directory: folder.path, round, after: 150 + round * 130 }));
    }
    await folder.with(async (store) => {
      const first = await subjects(store, await mailboxOf(store, "a@example.com", "INBOX"));
      const second = await subjects(store, await mailboxOf(store, "b@example.com", "In/Box"));
      const queued = await queuedIds(store);
      assert.ok(promised.length >= 150 * ROUNDS);
      const kept = new Set(first);
      assert.equal(kept.size, first.length, "no message is there twice");
      assert.deepEqual(promised.filter((id) => !kept.has(id)), [], "no promised message is missing");
      // One transaction: whoever has a message, all have it.
      assert.deepEqual(second.toSorted(), first.toSorted());
      assert.deepEqual(queued, first.toSorted());
      assert.equal(store.stats().queuedMessages, first.length);
    });
    folder.sql((db) => {
      assert.equal(db.prepare("PRAGMA integrity_check").get()?.["integrity_check"], "ok");
    });
  }));

interface Run {
  readonly directory: string;
  readonly round: number;
  /** How many promises to hear before the kill. */
  readonly after: number;
}

/** Runs the child, kills it in the middle of its work, and returns what it promised. */
async function runAndKill({ directory, round, after }: Run): Promise<string[]> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", CHILD, directory, String(round)],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines: string[] = [];
  let rest = "";
  let killed = false;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    lines.push(...parts);
    if (lines.length >= after && !killed) {
      child.kill("SIGKILL");
      killed = true;
    }
  }
  const { signal } = await child.status;
  assert.equal(signal, "SIGKILL");
  return lines;
}

/** The subjects of a mailbox, checking on the way that each row has its whole body and a UID of its own. */
async function subjects(store: Store, mailbox: Mailbox): Promise<string[]> {
  const rows: MessageRowWithDigest[] = [];
  for await (const batch of store.messages.rowsWithDigest(mailbox.id, ALL)) rows.push(...batch);
  assert.equal(mailbox.messages, rows.length);
  assert.deepEqual(rows.map((row) => row.uid), rows.map((_, place) => place + 1));
  for (const row of rows) {
    if (row.uid % 7 === 0) assert.equal((await bytesOf(store, row.bodyId)).length, row.size);
  }
  return rows.map((row) => row.digest.envelope.subject ?? "");
}

async function queuedIds(store: Store): Promise<string[]> {
  const ids: string[] = [];
  for (let after = "";;) {
    const page = await store.spool.list({}, { after });
    if (page.length === 0) return ids;
    ids.push(...page.map((message) => message.id));
    after = ids.at(-1)!;
  }
}
