//   alice --587--> Mailden on a tiny disk --> a host that is down: 452 4.3.1 when the disk is full
//   the queue is whole after a restart on the full disk; with room and the host up all that got its 250 arrives
import assert from "node:assert/strict";
import { join } from "node:path";
import { makeWorld } from "../e2e/world.ts";
import type { Mailden } from "../support/mailden.ts";
import { sampleMessage, type SmtpClient } from "../support/smtp_client.ts";
import { SmtpSink } from "../support/smtp_sink.ts";
import { ALICE, PASSWORD, run } from "./peer.ts";

const TO = "dave@away.test";

/** Text that does not compress, so that the disk fills as fast as the mail comes. */
function noise(): string {
  return Array.from({ length: 3000 }, () => crypto.randomUUID() + crypto.randomUUID()).join("\r\n");
}

/** Sends until one is refused. */
async function fill(
  smtp: SmtpClient,
  name: string,
): Promise<{ accepted: string[]; refused: string | null }> {
  const accepted: string[] = [];
  const text = noise();
  for (let i = 0; i < 200; i++) {
    const subject = `${name}-${i}`;
    const message = sampleMessage({ from: ALICE, to: TO, subject, text: `${text}\r\nEnd of ${subject}` });
    const reply = await smtp.send({ from: ALICE, to: TO, message });
    if (reply.code !== 250) return { accepted, refused: `${reply.code} ${reply.enhanced}` };
    accepted.push(subject);
  }
  return { accepted, refused: null };
}

async function queued(server: Mailden): Promise<number> {
  const { code, stdout, stderr } = await server.command(["queue", "list", "--json", "--limit", "1000"]);
  assert.equal(code, 0, stderr);
  return stdout.split("\n").filter((line) => line !== "").length;
}

Deno.test("peer: a disk filled by mail for a dead host says 452 4.3.1, and all that was taken arrives", async () => {
  const disk = await Deno.makeTempDir({ prefix: "mailden-disk-" });
  await run("mount", ["-t", "tmpfs", "-o", "size=12m", "mailden-test", disk]);
  try {
    await using world = await makeWorld();
    const host = world.address();
    world.dns.set("away.test", { A: [host] });
    await using server = await world.mailden({
      host: world.address(),
      hostname: "mx.example.test",
      accounts: { [ALICE]: PASSWORD },
      config: { data: join(disk, "data"), queue: { first_retry: "1s", max_retry: "2s" } },
    });
    await using smtp = await server.submission(ALICE);
    const { accepted, refused } = await fill(smtp, "before");
    assert.equal(refused, "452 4.3.1");
    assert.ok(accepted.length > 5, `only ${accepted.length} fitted`);
    assert.equal(await queued(server), accepted.length);
    await server.kill();
    // With the disk still full the server must start, with every message in its queue, and refuse more.
    await server.serve();
    assert.equal(await queued(server), accepted.length);
    await using again = await server.submission(ALICE);
    const more = await fill(again, "after");
    assert.equal(more.refused, "452 4.3.1");
    assert.ok(more.accepted.length < 5, `${more.accepted.length} fitted on the full disk`);
    accepted.push(...more.accepted);
    await using sink = await SmtpSink.start({ host, port: world.smtpPort });
    await run("mount", ["-o", "remount,size=64m", disk]);
    assert.equal((await server.command(["queue", "flush"])).code, 0);
    await sink.waitUntil(
      () => accepted.every((subject) => sink.accepted.some(({ text }) => isWhole(text, subject))),
      "every message that got its 250",
    );
    await using later = await server.submission(ALICE);
    const reply = await later.send({ from: ALICE, to: TO, message: sampleMessage({ from: ALICE }) });
    assert.equal(reply.code, 250, "after room was made nothing is taken");
    await sink.waitUntil(() => sink.accepted.at(-1)!.text.includes("Subject: A sample\r\n"), "the last one");
  } finally {
    await run("umount", ["-l", disk]);
    await Deno.remove(disk);
  }
});

function isWhole(text: string, subject: string): boolean {
  return text.includes(`Subject: ${subject}\r\n`) && text.endsWith(`\r\nEnd of ${subject}\r\n`);
}
