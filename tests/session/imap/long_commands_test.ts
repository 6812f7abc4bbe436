/** No command of one session holds up another, whatever it has to do: the whole server, but for the sockets, on the SQLite store. */
import assert from "node:assert/strict";
import { connPair, type FakeClient, TEST_TLS } from "../../support/fake_conn.ts";
import { serveImap } from "../../../src/session/imap/mod.ts";
import type { Store } from "../../../src/store/mod.ts";
import { systemClock } from "../../../src/net/system.ts";
import { again, append, mailboxOf } from "../../contract/store/harness.ts";
import { StoreFolder } from "../../store/support.ts";
import { answer, command, ImapHarness } from "./harness.ts";

const ACCOUNT = "alice@example.com";
const MANY = 20_000;
/**
 * The aim is 50 ms; some 10 are measured on an idle machine. Two cores that other tests use, too, may take several times that; a command
 * that does not give way takes seconds.
 */
const MOST_MS = 250;

/** How long a session waits at most for its NOOP while another does the work. */
async function longestNoop(bystander: FakeClient, work: Promise<unknown>): Promise<number> {
  let done = false;
  work.finally(() => done = true).catch(() => {});
  let longest = 0;
  let asked = 0;
  while (!done) {
    const begun = performance.now();
    await command(bystander, "NOOP");
    longest = Math.max(longest, performance.now() - begun);
    asked++;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await work;
  assert.ok(asked > 1, "The work was over before anybody could have waited for it");
  return longest;
}

async function filled(store: Store, count: number): Promise<void> {
  await store.accounts.ensure(ACCOUNT);
  const inbox = await mailboxOf(store, ACCOUNT, "INBOX");
  const header = "From: a@example.com\r\nSubject: Re: one of many\r\nMessage-ID: <1@example.com>\r\n";
  await append(store, inbox, { content: `${header}References: <0@example.com>\r\n\r\nA text\r\n` });
  for (let have = 1; have < count; have *= 2) {
    await store.messages.copy(inbox.id, [[1, Math.min(have, count - have)]], inbox.id);
  }
  assert.equal((await again(store, inbox)).messages, count);
}

Deno.test("the long commands of one session do not hold up another", () =>
  StoreFolder.use((folder) =>
    folder.with(async (store) => {
      await filled(store, MANY);
      await using harness = new ImapHarness();
      const deps = { ...harness.deps, store, clock: systemClock };
      const serve = async () => {
        const { server, client } = connPair({ tls: TEST_TLS });
        const ended = serveImap(server, deps);
        await client.readLine();
        await command(client, "LOGIN alice secret");
        await command(client, "SELECT INBOX");
        return { client, ended };
      };
      const busy = await serve();
      const bystander = await serve();
      const numbers = Array.from({ length: 5000 }, (_, i) => 2 * i + 1).join(",");
      const commands = [
        "SEARCH TEXT nowhere",
        "SEARCH NOT BODY nowhere NOT HEADER X-None x",
        "SORT (SUBJECT REVERSE DATE FROM) UTF-8 ALL",
        "THREAD REFERENCES UTF-8 ALL",
        "COPY 1:* Archive",
        "FETCH 1:* (FLAGS UID ENVELOPE)",
        "STORE 1:* +FLAGS.SILENT (\\Deleted)",
        `UID FETCH ${numbers} (FLAGS)`,
        "EXPUNGE",
      ];
      for (const text of commands) {
        busy.client.write(`w ${text}\r\n`);
        const longest = await longestNoop(bystander.client, answer(busy.client, "w"));
        if (Deno.env.has("SHOW_TIMES")) console.log(`${longest.toFixed(1)} ms during ${text.slice(0, 50)}`);
        assert.ok(longest < MOST_MS, `${text.slice(0, 50)}: another session waited ${longest} ms`);
      }
      busy.client.close();
      bystander.client.close();
      await Promise.all([busy.ended, bystander.ended]);
    })
  ));
