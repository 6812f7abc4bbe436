//   4 clients --993--> Mailden: APPEND, MULTIAPPEND, literal8, CATENATE, REPLACE; killed with SIGKILL in the middle
//   whatever got its OK is there after the restart, byte for byte, under the UID that was told; the rest is done wholly or not at all
import assert from "node:assert/strict";
import { Mailden } from "../../support/mailden.ts";
import { checkCrashed, checkEnded } from "../07_crash/check.ts";
import { Writer } from "./writer.ts";

const ACCOUNT = "alice@example.test";
const CLIENTS = 4;
/** After so many answers the server is killed. */
const KILL_AFTER = [9, 30, 50];

Deno.test("e2e: SIGKILL under every way to write a message: exact bytes, UIDs as told, all or nothing", async () => {
  await using server = await Mailden.start({ accounts: { [ACCOUNT]: "a" } });
  const writers = Array.from({ length: CLIENTS }, (_, i) => new Writer(`W${i}`));
  {
    await using imap = await server.imap(ACCOUNT);
    for (const writer of writers) {
      await imap.ok(`CREATE ${writer.mailbox}`);
      await writer.check(imap);
    }
  }
  for (const limit of KILL_AFTER) {
    let answers = 0;
    const enough = Promise.withResolvers<void>();
    const onAnswer = () => {
      if (++answers >= limit) enough.resolve();
    };
    const running = writers.map((writer) => writeUntilDeath(server, writer, onAnswer));
    // A client that fails for another reason than the kill must not leave us waiting.
    await Promise.race([enough.promise, Promise.all(running)]);
    await server.kill();
    await Promise.all(running);
    assert.ok(answers >= limit, "the clients gave up before the kill");
    await checkCrashed(server);
    await server.serve();
    await using imap = await server.imap(ACCOUNT);
    for (const writer of writers) await writer.check(imap);
  }
  assert.ok(writers.every(({ messages }) => messages > 5));
  assert.equal(await server.stop(), 0);
  checkEnded(server);
});

async function writeUntilDeath(server: Mailden, writer: Writer, onAnswer: () => void): Promise<void> {
  const imap = await server.imap(ACCOUNT);
  try {
    await imap.select(writer.mailbox);
    for (;; onAnswer()) await writer.write(imap);
  } catch (error) {
    // The server is dead: that is how this ends. What the client itself found wrong is another matter.
    if (error instanceof assert.AssertionError) throw error;
  }
}
