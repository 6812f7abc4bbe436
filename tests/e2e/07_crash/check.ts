/** Looks into the database of a server that was killed or has ended. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Mailden } from "../../support/mailden.ts";
import { type CheckOptions, checkStore } from "../../support/store_check.ts";
import { PATIENCE_MS } from "../../support/patience.ts";

const FILES = ["mailden.db", "mailden.db-wal"];

/** Checks a copy, so that it is the server and not we who recovers what the kill left. */
export async function checkCrashed(server: Mailden): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "mailden-copy-" });
  try {
    for (const name of FILES) {
      const source = join(server.dataDirectory, name);
      if (await exists(source)) await Deno.copyFile(source, join(folder, name));
    }
    check(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

export function checkEnded(server: Mailden, options: CheckOptions = {}): void {
  check(server.dataDirectory, options);
}

/** Waits until the sweeper of a running server has cleared up; a body that nobody refers to must not stay for ever. */
export async function untilSwept(server: Mailden): Promise<void> {
  const db = new DatabaseSync(join(server.dataDirectory, "mailden.db"), { readOnly: true });
  try {
    const until = Date.now() + PATIENCE_MS;
    while (Number(db.prepare("SELECT count(*) AS n FROM bodies WHERE refs <= 0").get()!["n"]) > 0) {
      assert.ok(Date.now() < until, "What was being received when the server was killed is still there");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    db.close();
  }
}

function check(folder: string, options: CheckOptions = {}): void {
  const db = new DatabaseSync(join(folder, "mailden.db"));
  try {
    checkStore(db, options);
  } finally {
    db.close();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}
