//   alice --587--> Mailden --MX--> Postfix's smtp-sink, and Postfix's smtp-source --25--> Mailden
import assert from "node:assert/strict";
import { join } from "node:path";
import { makeWorld, waitForMessages } from "../e2e/world.ts";
import { sampleMessage } from "../support/smtp_client.ts";
import { run } from "./peer.ts";

const SINK = "/usr/sbin/smtp-sink";
const SOURCE = "/usr/sbin/smtp-source";

Deno.test("peer: mail goes out to Postfix's smtp-sink and in from its smtp-source", async () => {
  await using world = await makeWorld();
  const [sinkHost, ours] = [world.address(), world.address()];
  world.dns.set("sink.test", { MX: [{ preference: 10, exchange: "mx.sink.test" }] });
  world.dns.set("mx.sink.test", { A: [sinkHost] });
  await using one = await world.mailden({
    host: ours,
    hostname: "mx.one.test",
    accounts: { "alice@one.test": "a" },
  });
  const folder = await Deno.makeTempDir({ prefix: "mailden-peer-" });
  const dump = join(folder, "dump");
  const sink = new Deno.Command(SINK, {
    args: ["-u", "root", "-d", join(folder, "m."), `${sinkHost}:${world.smtpPort}`, "100"],
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await using submission = await one.submission("alice@one.test");
    for (let i = 0; i < 50; i++) {
      const message = sampleMessage({ from: "alice@one.test", subject: `out-${i}`, text: ".dot\r\nEnd" });
      await submission.send({ from: "alice@one.test", to: `u${i}@sink.test`, message });
    }
    for (let i = 0; i < 50; i++) {
      await one.waitForLog((line) =>
        line.event === "delivery-result" && JSON.stringify(line).includes(`u${i}@sink.test`)
      );
    }
    const files = Array.from(Deno.readDirSync(folder), ({ name }) => name);
    assert.equal(files.length, 50, `smtp-sink has ${files.length} of 50 in ${dump}`);
    const texts = files.map((name) => Deno.readTextFileSync(join(folder, name)));
    assert.ok(texts.every((text) => /^\.dot\n?\r?/m.test(text)), texts[0]);
  } finally {
    sink.kill("SIGKILL");
    await sink.status;
    await Deno.remove(folder, { recursive: true });
  }

  await run(SOURCE, [
    "-s",
    "10",
    "-m",
    "200",
    "-l",
    "4096",
    "-f",
    "carol@foreign.test",
    "-t",
    "alice@one.test",
    `${ours}:${world.smtpPort}`,
  ]);
  await using alice = await one.imap("alice@one.test");
  await waitForMessages(alice, 200);
});
