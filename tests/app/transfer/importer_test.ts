import assert from "node:assert/strict";
import { encodeUtf8 } from "../../../src/core/bytes.ts";
import {
  importFolder,
  makeTransferHandlers,
  Progress,
  type SourceMessage,
} from "../../../src/app/transfer/mod.ts";
import { systemRandom } from "../../../src/net/system.ts";
import { openMemoryStore } from "../../../src/store/memory/mod.ts";
import type { Store } from "../../../src/store/mod.ts";
import { FixedClock, seededRandom } from "../../support/fakes.ts";
import { ScriptedTerminal } from "../fixtures.ts";

const ALICE = "alice@example.com";

function message(name: string, flags: readonly string[], size = 10): SourceMessage {
  return {
    where: name,
    flags,
    internalDate: 1000,
    open: async function* () {
      yield encodeUtf8(`Subject: ${name}\r\n\r\n`);
      for (let left = size; left > 0; left -= 1000) yield encodeUtf8("x".repeat(Math.min(left, 1000)));
    },
  };
}

async function run(store: Store, messages: readonly SourceMessage[]) {
  const clock = new FixedClock();
  const terminal = new ScriptedTerminal();
  const progress = new Progress(terminal, clock);
  const source = {
    name: "Old",
    messages: async function* () {
      yield* messages;
    },
  };
  const handlers = makeTransferHandlers(store, clock);
  await importFolder(source, { handlers, account: ALICE, progress, random: systemRandom });
  progress.finish("Imported");
  return terminal;
}

Deno.test("import: a message that the store refuses takes no other with it, whatever its size", async () => {
  const store = openMemoryStore({ clock: new FixedClock(), random: seededRandom(1) });
  const { appendMany } = store.messages;
  store.messages.appendMany = async (requests) => {
    if (requests.some(({ flags }) => flags.includes("$Bad"))) throw new Error("Not this one");
    return await appendMany.call(store.messages, requests);
  };
  const terminal = await run(store, [
    message("a", []),
    message("bad", ["$Bad"]),
    message("large", [], 600_000),
    message("b", []),
  ]);
  assert.deepEqual(terminal.errors, ["bad: Not this one"]);
  assert.match(terminal.output.at(-1)!, /^Imported 3 messages /);
});

Deno.test("import: large messages that break off in the middle leave nothing behind that hinders others", async () => {
  const store = openMemoryStore({ clock: new FixedClock(), random: seededRandom(1) });
  const broken = Array.from({ length: 10 }, (_, i): SourceMessage => {
    let times = 0;
    const { open, ...rest } = message(`broken${i}`, [], 600_000);
    return {
      ...rest,
      open: async function* () {
        // It is read twice: once to see what it is.
        times++;
        let pieces = 0;
        for await (const piece of open()) {
          if (times === 2 && ++pieces === 400) throw new Error("A bad sector");
          yield piece;
        }
      },
    };
  });
  const terminal = await run(store, [...broken, message("large", [], 600_000)]);
  assert.equal(terminal.errors.filter((line) => line.endsWith("A bad sector")).length, 10);
  assert.match(terminal.output.at(-1)!, /^Imported 1 messages /);
});
