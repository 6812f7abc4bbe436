/**
 * A program that accepts messages until it is killed. It prints a line for each one only after the store has promised it; see
 * `sqlite_crash_test.ts`.
 */
import { encodeUtf8 } from "../../src/core/bytes.ts";
import { openSqliteStore } from "../../src/store/sqlite/mod.ts";
import { ManualClock, seededRandom, silentLog } from "../support/fakes.ts";

const [directory, round] = Deno.args as [string, string];
const store = await openSqliteStore({
  directory,
  clock: new ManualClock(),
  random: seededRandom(),
  log: silentLog,
  undeleteDays: 7,
});

let next = 0;

async function acceptForEver(): Promise<void> {
  for (;;) {
    const id = `r${round}m${String(next++).padStart(6, "0")}`;
    const stage = store.bodies.stage();
    await stage.write(encodeUtf8(`Subject: ${id}\r\n\r\n`));
    // Every tenth is large enough to be staged chunk by chunk.
    const pieces = next % 10 === 0 ? 6 : 1;
    for (let i = 0; i < pieces; i++) await stage.write(new Uint8Array(pieces === 1 ? 2000 : 60_000).fill(97));
    await store.accept({
      id,
      body: stage.seal(),
      receivedAt: 1,
      local: [{ account: "a@example.com" }, { account: "b@example.com", mailbox: "In/Box" }],
      queued: {
        sender: null,
        recipients: [{ local: "x", domain: "far.example" }],
        smtputf8: false,
        eightBit: false,
        skip: 0,
        dueAt: 1,
      },
    });
    Deno.stdout.writeSync(encodeUtf8(`${id}\n`));
  }
}

await Promise.all(Array.from({ length: 20 }, acceptForEver));
