/**
 * Plays the files in `dialogues/`, each with whole lines and byte by byte. A file begins with settings (`! tls`,
 * `! plaintext-auth`, `! remote ADDRESS`, `! limit NAME VALUE`, `! scripts count|bytes VALUE`, `! language NAME VALUE`,
 * `! logged-in`, which swallows the greeting too); then `C: ` is what the client sends, a line each (a literal's lines
 * as well), `S: ` what the server answers (`...` at the end stands for anything), `! unterminated
 * TEXT` is sent without a line end, `! closed` waits for the server's end, `! client-closes` is ours.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type FakeClient, TEST_TLS } from "../../support/fake_conn.ts";
import { ManualClock } from "../../support/fakes.ts";
import { emptyStore, LOGIN, readAnswer, type SessionOptions, startSession } from "./support.ts";
import { PATIENCE_MS } from "../../support/patience.ts";

const FOLDER = join(import.meta.dirname!, "dialogues");
const SETTINGS = /^! (tls|plaintext-auth|remote|limit|scripts|language|logged-in)\b/;

interface Dialogue {
  readonly options: SessionOptions;
  readonly isLoggedIn: boolean;
  readonly steps: readonly string[];
}

function readDialogue(name: string): Dialogue {
  const text = Deno.readTextFileSync(join(FOLDER, name));
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const settings = lines.filter((line) => SETTINGS.test(line)).map((line) => line.slice(2).split(" "));
  const value = (key: string) => settings.find(([word]) => word === key)?.slice(1).join(" ") ?? null;
  const numbers = (key: string) =>
    Object.fromEntries(
      settings.filter(([word]) => word === key).map(([, name, number]) => [name, Number(number)]),
    );
  return {
    options: {
      tls: value("tls") === null ? null : TEST_TLS,
      plaintextAuth: value("plaintext-auth") !== null,
      remote: { host: value("remote") ?? "198.51.100.7", port: 40000 },
      limits: { loginDelayMs: 0, ...numbers("limit") },
      scriptLimits: numbers("scripts"),
      language: numbers("language"),
      // Its time to log in never ends.
      clock: new ManualClock(),
    },
    isLoggedIn: value("logged-in") !== null,
    steps: lines.filter((line) => !SETTINGS.test(line)),
  };
}

/** A server that says too little fails its test, and does not hold it up for ever. */
async function play(client: FakeClient, steps: readonly string[]): Promise<void> {
  const timer = setTimeout(() => client.reset(), PATIENCE_MS);
  try {
    await playSteps(client, steps);
  } finally {
    clearTimeout(timer);
  }
}

async function playSteps(client: FakeClient, steps: readonly string[]): Promise<void> {
  for (const step of steps) {
    const text = step.slice(3);
    if (step.startsWith("C: ") || step === "C:") client.write(`${text}\r\n`);
    else if (step.startsWith("S: ") || step === "S:") await expectLine(client, text);
    else if (step.startsWith("! unterminated ")) client.write(step.slice(15));
    else if (step === "! client-closes") client.close();
    else if (step === "! closed") {
      assert.equal(await client.readLine(), null, "the server should have closed");
    } else assert.fail(`A step that nobody knows: ${step}`);
  }
}

async function expectLine(client: FakeClient, wanted: string): Promise<void> {
  const line = await client.readLine();
  if (!wanted.endsWith("...")) return assert.equal(line, wanted);
  assert.ok(line?.startsWith(wanted.slice(0, -3)), `wanted "${wanted}", got "${line}"`);
}

for (const entry of [...Deno.readDirSync(FOLDER)].sort((a, b) => a.name < b.name ? -1 : 1)) {
  for (const chunkSize of [Infinity, 1]) {
    Deno.test(`managesieve dialogue ${entry.name}${chunkSize === 1 ? ", byte by byte" : ""}`, async () => {
      const { options, isLoggedIn, steps } = readDialogue(entry.name);
      const store = await emptyStore();
      const { client, ended } = startSession(store, { ...options, chunkSize });
      if (isLoggedIn) {
        await readAnswer(client);
        client.write(`${LOGIN}\r\n`);
        assert.deepEqual(await readAnswer(client), ['OK "Logged in"']);
      }
      await play(client, steps);
      client.close();
      await ended;
      await store.close();
    });
  }
}
