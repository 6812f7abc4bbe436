/** A FETCH of flags alone, which goes a way of its own, answers what any other FETCH answers. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ConnectionLostError } from "../../../src/core/errors.ts";
import { serveImap } from "../../../src/session/imap/mod.ts";
import type { FlagTable, Store } from "../../../src/store/mod.ts";
import { connPair, TEST_TLS } from "../../support/fake_conn.ts";
import { command, ImapHarness } from "./harness.ts";

const FLAGS = ["\\Seen", "\\Answered", "\\Deleted", "$Work", "beta"];
const ENABLED = ["", "CONDSTORE", "QRESYNC", "UIDONLY", "IMAP4REV2"];
const ITEMS = ["UID FLAGS", "FLAGS", "FLAGS UID FLAGS", "UID", "MODSEQ", "FLAGS MODSEQ UID"];

Deno.test("FETCH of flags: the same as with RFC822.SIZE, but for the size", async () => {
  const messages = fc.array(fc.subarray(FLAGS), { minLength: 1, maxLength: 12 });
  const situation = fc.record({
    messages,
    fresh: fc.array(fc.subarray(FLAGS), { maxLength: 3 }),
    expunged: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 3 }),
    late: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 2 }),
    enabled: fc.constantFrom(...ENABLED),
    items: fc.constantFrom(...ITEMS),
    set: fc.constantFrom("1:*", "1", "2:5,7:9", "*", "1,3,5,7"),
    byUid: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(situation, async (given) => {
      await using harness = new ImapHarness();
      for (const flags of given.messages) await harness.append("INBOX", "x", { flags });
      const { id } = (await harness.store.mailboxes.get("alice@example.com", "INBOX"))!;
      const expunge = (uids: readonly number[]) =>
        Promise.all(uids.map((uid) => harness.store.messages.expunge(id, [[uid, uid]], { any: true })));
      await expunge(given.expunged);
      // Two sessions that know the same of the mailbox, one for each way.
      const [quick, usual] = [await harness.login(), await harness.login()];
      for (const client of [usual, quick]) {
        if (given.enabled !== "") await command(client, `ENABLE ${given.enabled}`);
        await command(client, "EXAMINE INBOX");
      }
      // What comes and goes after that is not told before the answers.
      await expunge(given.late);
      for (const flags of given.fresh) await harness.append("INBOX", "x", { flags });
      const verb = given.byUid || given.enabled === "UIDONLY" ? "UID FETCH" : "FETCH";
      const answers = await command(quick, `${verb} ${given.set} (${given.items})`);
      const sized = await command(usual, `${verb} ${given.set} (${given.items} RFC822.SIZE)`);
      assert.deepEqual(answers, sized.map((line) => line.replace(" RFC822.SIZE 1", "")));
    }),
    { numRuns: 150 },
  );
});

Deno.test("FETCH of flags: a client that stops reading stops the loop, and one that goes away ends it", async () => {
  let tables = 0;
  /** The same table again and again, as from a mailbox of a million messages. */
  const endless = (store: Store): Store => {
    const usual = store.messages.flagTables.bind(store.messages);
    const flagTables = async function* (...args: Parameters<typeof usual>): AsyncGenerator<FlagTable> {
      const [table] = await Array.fromAsync(usual(...args));
      for (; tables < 2000; tables++) yield table!;
    };
    Object.assign(store.messages, { flagTables });
    return store;
  };
  await using harness = new ImapHarness({ wrapStore: endless });
  for (let i = 0; i < 500; i++) await harness.append("INBOX", "x");
  const { server, client } = connPair({ tls: TEST_TLS });
  const write = server.write.bind(server);
  const gone = Promise.withResolvers<void>();
  server.write = (bytes) => bytes.length > 8000 ? gone.promise : write(bytes);
  const ended = serveImap(server, harness.deps);
  await client.readLine();
  await command(client, "LOGIN alice secret");
  await command(client, "SELECT INBOX");
  client.write("t UID FETCH 1:* (UID FLAGS)\r\n");
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setTimeout(resolve, 0));
  // 64 KiB are some four of them.
  assert.ok(tables > 0 && tables < 8, String(tables));
  gone.reject(new ConnectionLostError("Broken pipe"));
  await ended;
  assert.ok(tables < 8, String(tables));
  assert.deepEqual(harness.log.of("session-error"), []);
});
