/**
 * Plays the files in `dialogues/`, each with whole lines and byte by byte. A file begins with settings (`! tls`,
 * `! plaintext-auth`, `! last-login MILLISECONDS` ago, `! remote ADDRESS`, `! locked`, `! limit NAME VALUE`); then `C: ` is what the client sends, `S: ` what the server
 * answers (`...` at the end stands for anything), `! unterminated TEXT` is sent without a line end, `! closed` waits for
 * the server's end, `! client-closes` is ours; and `! left SUBJECTS` says what is in INBOX after all.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { makeMaildropLocks } from "../../../src/session/pop3/mod.ts";
import type { FakeClient } from "../../support/fake_conn.ts";
import { TEST_TLS } from "../../support/fake_conn.ts";
import { TEST_NOW } from "../../support/fakes.ts";
import { ACCOUNT, MESSAGES, type SessionOptions, startSession, storeWith, subjectsLeft } from "./maildrop.ts";

const FOLDER = join(import.meta.dirname!, "dialogues");

interface Dialogue {
  readonly name: string;
  readonly options: SessionOptions;
  readonly steps: readonly string[];
  readonly left: string | null;
}

function readDialogue(name: string): Dialogue {
  const text = Deno.readTextFileSync(join(FOLDER, name));
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const settings = lines.filter((line) => line.startsWith("! ")).map((line) => line.slice(2).split(" "));
  const value = (key: string) => settings.find(([word]) => word === key)?.slice(1).join(" ") ?? null;
  const locks = makeMaildropLocks();
  if (value("locked") !== null) locks.take(ACCOUNT);
  const lastLogin = value("last-login");
  if (lastLogin !== null) locks.noteLogin(ACCOUNT, TEST_NOW - Number(lastLogin));
  const limits = settings.filter(([word]) => word === "limit").map((
    [, key, number],
  ) => [key, Number(number)]);
  return {
    name,
    options: {
      tls: value("tls") === null ? null : TEST_TLS,
      plaintextAuth: value("plaintext-auth") !== null,
      remote: { host: value("remote") ?? "198.51.100.7", port: 40000 },
      limits: Object.fromEntries(limits),
      locks,
    },
    steps: lines,
    left: value("left"),
  };
}

async function play(client: FakeClient, steps: readonly string[]): Promise<void> {
  for (const step of steps) {
    const text = step.slice(3);
    if (step.startsWith("C: ")) client.write(`${text}\r\n`);
    else if (step.startsWith("S: ")) await expectLine(client, text);
    else if (step.startsWith("! unterminated ")) client.write(step.slice(15));
    else if (step === "! client-closes") client.close();
    else if (step === "! closed") {
      assert.equal(await client.readLine(), null, "the server should have closed");
    } else {assert.match(
        step,
        /^! (tls|plaintext-auth|remote|locked|last-login|limit|left)\b/,
        "a step nobody knows",
      );}
  }
}

async function expectLine(client: FakeClient, wanted: string): Promise<void> {
  const line = await client.readLine();
  if (!wanted.endsWith("...")) return assert.equal(line, wanted);
  assert.ok(line?.startsWith(wanted.slice(0, -3)), `wanted "${wanted}", got "${line}"`);
}

for (const entry of [...Deno.readDirSync(FOLDER)].sort((a, b) => a.name < b.name ? -1 : 1)) {
  for (const chunkSize of [Infinity, 1]) {
    Deno.test(`pop3 dialogue ${entry.name}${chunkSize === 1 ? ", byte by byte" : ""}`, async () => {
      const dialogue = readDialogue(entry.name);
      const store = await storeWith(MESSAGES);
      const { client, ended } = startSession(store, { ...dialogue.options, chunkSize });
      await play(client, dialogue.steps);
      client.close();
      await ended;
      if (dialogue.left !== null) assert.equal((await subjectsLeft(store)).join(" "), dialogue.left);
      await store.close();
    });
  }
}
