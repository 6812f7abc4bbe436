/** A server that cannot go on must end with an error, so that its supervisor starts it again. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { CommandDeps } from "../../src/app/cli/command.ts";
import { loadConfig } from "../../src/app/config/mod.ts";
import type { Running } from "../../src/app/running.ts";
import { runServer } from "../../src/app/server.ts";
import { systemClock, systemRandom } from "../../src/net/system.ts";
import { ScriptedTerminal, temporaryFolder } from "./fixtures.ts";

/** Runs a server whose rooms are these; resolves with its exit code. */
async function runWith(folder: string, running: Partial<Running>): Promise<number> {
  const file = join(folder, "mailden.yaml");
  await Deno.writeTextFile(file, "hostname: mx.example.com\ndata: data\nlog: { level: error }\n");
  const deps = {
    terminal: new ScriptedTerminal(),
    clock: systemClock,
    random: systemRandom,
    places: { files: [file], trial: file },
    program: "mailden",
    wireUp: () => Promise.resolve({ listeners: [], control: {}, ...running } as Running),
  } as unknown as CommandDeps;
  return await runServer({
    source: { kind: "file", path: file } as never,
    config: await loadConfig(file),
    deps,
    prepare: (config) => config,
    onStarted: () => Promise.resolve(),
  });
}

Deno.test("a store that has failed ends the server with exit code 1, after it was stopped with a short grace", async () => {
  await using folder = await temporaryFolder();
  const graces: number[] = [];
  const code = await runWith(folder.path, {
    failed: Promise.resolve(new Error("The store writer stopped: for a test")),
    stop: (graceMs) => {
      graces.push(graceMs);
      return Promise.resolve();
    },
  });
  assert.equal(code, 1);
  assert.deepEqual(graces, [1000]);
});
