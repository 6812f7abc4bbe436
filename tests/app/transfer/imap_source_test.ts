import assert from "node:assert/strict";
import { concatBytes, decodeLatin1 } from "../../../src/core/bytes.ts";
import { imapFolders } from "../../../src/app/transfer/imap_source.ts";
import { importFolder, makeTransferHandlers, Progress } from "../../../src/app/transfer/mod.ts";
import type { ClientConn } from "../../../src/net/connect.ts";
import { systemRandom } from "../../../src/net/system.ts";
import { ImapConnection } from "../../../src/retrieval/imap/connection.ts";
import { defaultRetrievalSettings } from "../../../src/retrieval/mod.ts";
import { openMemoryStore } from "../../../src/store/memory/mod.ts";
import { connPair } from "../../support/fake_conn.ts";
import { FixedClock, seededRandom } from "../../support/fakes.ts";
import { ScriptedTerminal } from "../fixtures.ts";

const ALICE = "alice@example.com";

interface Remote {
  readonly capabilities: string;
  /** Lines of LIST, by the name of a folder. */
  readonly folders: Readonly<Record<string, { readonly line: string; readonly mails: readonly string[] }>>;
  /** How far its sizes are off. */
  readonly lie?: number;
  readonly asked: string[];
}

/** Speaks as little IMAP as an import needs. */
async function speak(remote: Remote, peer: ReturnType<typeof connPair>["client"]): Promise<void> {
  let mails: readonly string[] = [];
  for (let line = await peer.readLine(); line !== null; line = await peer.readLine()) {
    const [tag = "", ...words] = line.split(" ");
    const command = words.join(" ");
    remote.asked.push(command);
    if (command === "CAPABILITY") peer.write(`* CAPABILITY IMAP4rev1 ${remote.capabilities}\r\n`);
    if (command === "NAMESPACE") peer.write('* NAMESPACE (("INBOX." ".")) (("Other." ".")) NIL\r\n');
    if (command.startsWith("LIST")) {
      for (const folder of Object.values(remote.folders)) peer.write(`* LIST ${folder.line}\r\n`);
    }
    const examined = /^EXAMINE "(.*)"$/.exec(command);
    if (examined !== null) {
      mails = remote.folders[examined[1]!]!.mails;
      peer.write(`* ${mails.length} EXISTS\r\n`);
    }
    const fetch = /^UID FETCH (\S+) \((.*)\)$/.exec(command);
    if (fetch !== null && mails.length === 0) peer.write(`${tag} BAD Nothing matches\r\n`);
    else {
      for (const [i, text] of fetch === null ? [] : mails.entries()) {
        if (!fetch![1]!.startsWith("1:") && !fetch![1]!.split(",").includes(String(i + 1))) continue;
        const header = text.slice(0, text.indexOf("\r\n\r\n") + 4);
        const items = fetch![2]!.includes("HEADER")
          ? `BODY[HEADER] {${header.length}}\r\n${header}`
          : fetch![2]!.includes("SIZE")
          ? `RFC822.SIZE ${text.length + (remote.lie ?? 0)} FLAGS (\\Seen \\Recent \\Odd) ` +
            'INTERNALDATE "17-Jul-1996 02:44:25 -0700"'
          : `BODY[] {${text.length}}\r\n${text}`;
        peer.write(`* ${i + 1} FETCH (UID ${i + 1} ${items})\r\n`);
      }
      peer.write(`${tag} OK\r\n`);
    }
  }
}

function target() {
  const clock = new FixedClock();
  const store = openMemoryStore({ clock, random: seededRandom(1) });
  const handlers = makeTransferHandlers(store, clock);
  const run = async (remote: Remote) => {
    const { server, client } = connPair();
    const settings = { ...defaultRetrievalSettings, lineSize: 4 * 1024 * 1024 };
    const connection = new ImapConnection(server as unknown as ClientConn, settings);
    const over = speak(remote, client);
    const terminal = new ScriptedTerminal();
    const progress = new Progress(terminal, clock);
    await connection.askCapabilities();
    for (const folder of await imapFolders(connection, progress)) {
      await importFolder(folder, { handlers, account: ALICE, progress, random: systemRandom });
    }
    connection.close();
    await over;
    progress.finish("Imported");
    return terminal;
  };
  const folders = async () =>
    (await store.mailboxes.list(ALICE)).filter(({ messages }) => messages > 0)
      .map(({ name, messages }) => `${name} ${messages}`);
  return { store, run, folders };
}

const mail = (name: string, size = 10) => `Subject: ${name}\r\n\r\n${"x".repeat(size)}\r\n`;

Deno.test("import imap: folders go to where they are used for the same here (RFC 6154), without the server's prefix (RFC 2342)", async () => {
  const remote: Remote = {
    capabilities: "NAMESPACE SPECIAL-USE LIST-EXTENDED",
    folders: {
      "INBOX": { line: '(\\HasChildren) "." INBOX', mails: [mail("in")] },
      "INBOX.Gesendet": { line: '(\\Sent) "." INBOX.Gesendet', mails: [mail("a"), mail("b")] },
      "INBOX.Old Sent": { line: '(\\Sent) "." "INBOX.Old Sent"', mails: [mail("old")] },
      "INBOX.Papierkorb": { line: '(\\Trash) "." INBOX.Papierkorb', mails: [mail("gone")] },
      "INBOX.Work.2026": { line: '() "." INBOX.Work.2026', mails: [mail("w")] },
      "INBOX.Empty": { line: '() "." INBOX.Empty', mails: [] },
      "INBOX.No": { line: '(\\Noselect) "." INBOX.No', mails: [] },
    },
    asked: [],
  };
  const { run, folders, store } = target();
  const terminal = await run(remote);
  assert.equal(terminal.errors.join(), "");
  assert.deepEqual(await folders(), ["INBOX 1", "Old Sent 1", "Sent 2", "Trash 1", "Work/2026 1"]);
  assert.ok(remote.asked.includes('LIST "" "*" RETURN (SPECIAL-USE)'));
  const { id } = (await store.mailboxes.get(ALICE, "Trash"))!;
  for await (const [row] of store.messages.rows(id, [[1, 9]])) {
    assert.deepEqual(row!.flags, ["\\Seen"]);
    assert.equal(new Date(row!.internalDate).toISOString(), "1996-07-17T09:44:25.000Z");
  }
  // Nothing a second time.
  await run(remote);
  assert.deepEqual(await folders(), ["INBOX 1", "Old Sent 1", "Sent 2", "Trash 1", "Work/2026 1"]);
});

Deno.test("import imap: a server whose sizes are wrong has nothing imported twice", async () => {
  const mails = [mail("small"), mail("large", 600_000), mail("large", 600_000), mail("other", 700_000)];
  const remote: Remote = {
    capabilities: "",
    folders: { INBOX: { line: '() "/" INBOX', mails } },
    lie: 7,
    asked: [],
  };
  const { run, folders, store } = target();
  assert.match((await run(remote)).output.at(-1)!, /^Imported 4 messages .*, 0 were there already$/);
  assert.match((await run(remote)).output.at(-1)!, /^Imported 0 messages .*, 4 were there already$/);
  assert.deepEqual(await folders(), ["INBOX 4"]);
  const { id } = (await store.mailboxes.get(ALICE, "INBOX"))!;
  const texts: string[] = [];
  for await (const rows of store.messages.rows(id, [[1, 9]])) {
    for (const { bodyId } of rows) {
      const parts: Uint8Array[] = [];
      for await (const part of store.bodies.read(bodyId)) parts.push(part);
      texts.push(decodeLatin1(concatBytes(parts)));
    }
  }
  assert.deepEqual(texts, mails);
});
