import assert from "node:assert/strict";
import { join } from "node:path";
import { COMMENTED, runCommand, temporaryFolder } from "./fixtures.ts";

Deno.test("cli index: without a server the status is off, and rebuild leaves the next one to begin anew", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, "mailden.yaml"), COMMENTED);
  const run = (...args: string[]) => runCommand(folder.path, ["index", ...args]);
  assert.equal(
    (await run("status")).out,
    "No index is in use: the server does not run, or search.index is false.",
  );
  assert.deepEqual(JSON.parse((await run("status", "--json")).out), {
    state: "off",
    indexed: 0,
    unindexed: 0,
    bytes: 0,
    problem: null,
  });
  const file = join(folder.path, "data", "search.db");
  await Deno.writeTextFile(file, "an old index");
  const { code, out } = await run("rebuild");
  assert.equal(code, 0);
  assert.match(out, /built anew/);
  await assert.rejects(Deno.stat(file), Deno.errors.NotFound);
  assert.equal((await run("rebuild", "surplus")).code, 2);
});
