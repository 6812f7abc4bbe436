import assert from "node:assert/strict";
import type { Store } from "../../../src/store/mod.ts";
import { command, ImapHarness } from "./harness.ts";

/** A store whose copies wait until they are let go. */
function slowCopies(gate: Promise<void>): (store: Store) => Store {
  return (store) => {
    const copy = store.messages.copy.bind(store.messages);
    Object.assign(store.messages, {
      copy: async (...args: Parameters<typeof copy>) => {
        await gate;
        return await copy(...args);
      },
    });
    return store;
  };
}

Deno.test("a COPY that takes long says so every ten seconds (RFC 9585 section 4), a short one never", async () => {
  const gate = Promise.withResolvers<void>();
  await using harness = new ImapHarness({ wrapStore: slowCopies(gate.promise) });
  await harness.append("INBOX", "Subject: One\r\n\r\n");
  const client = await harness.login();
  await command(client, "SELECT INBOX");
  client.write("slow COPY 1 Drafts\r\n");
  const first = client.readLine();
  await harness.clock.advance(0);
  await harness.clock.advance(10_000);
  assert.match((await first)!, /^\* OK \[INPROGRESS \("slow" NIL NIL\)\] /);
  const second = client.readLine();
  await harness.clock.advance(10_000);
  assert.match((await second)!, /^\* OK \[INPROGRESS \("slow" NIL NIL\)\] /);
  gate.resolve();
  assert.match((await client.readLine())!, /^slow OK \[COPYUID /);
  assert.match((await command(client, "COPY 1 Drafts"))[0]!, /^OK \[COPYUID /);
});
