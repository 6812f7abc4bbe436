/**
 * Runs what `deno task build` made, apart from this checkout: from an empty folder, with an empty module cache, without
 * network modules, npm or deno.json, and with narrow permissions. So a file or an import that the build forgot is found. It
 * starts the server, sends it a message over SMTP and reads that message over POP3 and IMAP.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Mailden } from "../tests/support/mailden.ts";
import { permissionFlags } from "../tests/support/permissions.ts";
import type { ProgramCommand } from "../tests/support/program.ts";
import { sampleMessage } from "../tests/support/smtp_client.ts";

const DIST = join(import.meta.dirname!, "..", "dist");
const ACCOUNT = "alice@example.test";

const place = await Deno.makeTempDir({ prefix: "mailden-smoke-" });
try {
  for (const entry of Deno.readDirSync(DIST)) {
    if (entry.isFile) await Deno.copyFile(join(DIST, entry.name), join(place, entry.name));
  }
  const built = [...Deno.readDirSync(place)].map((entry) => entry.name);
  assert.ok(built.length > 0, "dist/ is empty: run deno task build first");
  const compiled = built.includes("mailden");
  await check((directory) => compiled ? executable() : bundle(directory));
  console.log(`The ${compiled ? "executable" : "bundle"} starts, takes a message and shows it.`);
} finally {
  await Deno.remove(place, { recursive: true });
}

async function check(program: (directory: string) => ProgramCommand): Promise<void> {
  await using server = await Mailden.start({ program, accounts: { [ACCOUNT]: "secret" } });
  const message = sampleMessage({ subject: "Smoke" });
  await using smtp = await server.smtp();
  assert.equal((await smtp.send({ from: "bob@foreign.test", to: ACCOUNT, message })).code, 250);
  await smtp.quit();
  await using pop3 = await server.pop3(ACCOUNT);
  assert.ok((await pop3.retr(1)).endsWith(message), "POP3 gave another message");
  await pop3.quit();
  await using imap = await server.imap(ACCOUNT);
  assert.equal(await imap.select(), 1);
  assert.ok((await imap.body(1)).endsWith(message), "IMAP gave another message");
  await imap.logout();
  assert.equal(await server.stop(), 0, "SIGTERM should end it with code 0");
}

function executable(): ProgramCommand {
  return { command: join(place, "mailden"), args: [] };
}

function bundle(directory: string): ProgramCommand {
  const isolation = ["--no-remote", "--no-npm", "--cached-only", "--no-config", "--no-lock"];
  const permissions = permissionFlags({ data: [directory], read: [place] });
  return {
    command: Deno.execPath(),
    args: ["run", ...isolation, ...permissions, join(place, "mailden.js")],
    env: { DENO_DIR: join(place, "empty-cache") },
  };
}
