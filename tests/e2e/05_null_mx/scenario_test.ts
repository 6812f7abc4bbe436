//   alice --587--> Mailden --MX 0 "."--> nowhere: a report at once (RFC 7505)
import assert from "node:assert/strict";
import { sampleMessage } from "../../support/smtp_client.ts";
import { makeWorld, waitForMessages } from "../world.ts";

Deno.test("e2e: a null MX and a domain that does not exist fail at once", async () => {
  await using world = await makeWorld();
  world.dns.set("nomail.test", { MX: [{ preference: 0, exchange: "" }] });
  await using one = await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { "alice@one.test": "a" },
  });
  const table = [["x@nomail.test", /Status: 5\.1\.10/], ["x@not-there.test", /Status: 5\.1\.2/]] as const;
  await using submission = await one.submission("alice@one.test");
  await using alice = await one.imap("alice@one.test");
  for (const [index, [to, status]] of table.entries()) {
    await submission.send({ from: "alice@one.test", to, message: sampleMessage({ from: "alice@one.test" }) });
    await waitForMessages(alice, index + 1);
    assert.match(await alice.body(index + 1), status, to);
  }
});
