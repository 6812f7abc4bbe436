import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { concatBytes, encodeLatin1 } from "../../../src/core/bytes.ts";
import {
  exportFolders,
  importFolder,
  maildirFolders,
  makeTransferHandlers,
  mboxFolders,
  MboxJournal,
  openMaildirTarget,
  openMboxTarget,
  Progress,
  type TransferHandlers,
} from "../../../src/app/transfer/mod.ts";
import { systemRandom } from "../../../src/net/system.ts";
import { openMemoryStore } from "../../../src/store/memory/mod.ts";
import type { Store } from "../../../src/store/mod.ts";
import { FixedClock, seededRandom } from "../../support/fakes.ts";
import { ScriptedTerminal, temporaryFolder } from "../fixtures.ts";

const ALICE = "alice@example.com";

interface Letter {
  readonly folder: string;
  /** One character a byte. */
  readonly text: string;
  readonly flags: readonly string[];
  readonly date: number;
}

/** Lines that an mbox, or a Maildir, could take for something else. */
const LINES = [
  "",
  "From bob@foreign.test Fri Jan  2 03:04:05 2026",
  ">From here",
  ">>From",
  "From",
  ".",
  "Subject: x",
  "Status: RO",
  "X-Keywords: mine",
  "X-Mozilla-Status: 0001",
  "Content-Length: 3",
  "\u00fc\u00ff 8 bit",
  "\0nul",
  "bare\rcr",
];
const line = fc.oneof(fc.constantFrom(...LINES), fc.string({ maxLength: 20, unit: "binary-ascii" }));
/** Lines in CR LF. */
const message = fc.tuple(fc.array(line, { maxLength: 12 }), fc.constantFrom("\r\n", "")).map(([lines, end]) =>
  lines.map((text) => text.replaceAll("\n", "")).join("\r\n") + end
);
const flags = fc.subarray([
  "\\Seen",
  "\\Answered",
  "\\Flagged",
  "\\Deleted",
  "\\Draft",
  "$Forwarded",
  "Work",
]);
const folder = fc.constantFrom(
  "INBOX",
  "Work",
  "Work/2026",
  "a.b/c%",
  "\u00dcnter & dr\u00fcber",
  "..",
  "INBOX/x.sbd",
);
/** Whole seconds: neither form knows more. */
const date = fc.integer({ min: 1, max: 2_000_000_000 }).map((seconds) => seconds * 1000);
const letters = fc.array(fc.record({ folder, text: message, flags, date }), { maxLength: 8 });

function world(): { store: Store; handlers: TransferHandlers; clock: FixedClock } {
  const clock = new FixedClock();
  const store = openMemoryStore({ clock, random: seededRandom(1) });
  return { store, handlers: makeTransferHandlers(store, clock), clock };
}

async function put(store: Store, { folder, text, flags, date }: Letter): Promise<void> {
  await store.accounts.ensure(ALICE);
  const mailbox = await store.mailboxes.get(ALICE, folder) ?? await store.mailboxes.create(ALICE, folder);
  const stage = store.bodies.stage();
  await stage.write(encodeLatin1(text));
  await store.messages.append({ mailboxId: mailbox.id, body: stage.seal(), flags, internalDate: date });
}

/** All that the account has, in the order of folders and messages; bytes as text, which is easier to compare. */
async function mailOf(store: Store): Promise<string[]> {
  const found: string[] = [];
  for (const { id, name } of await store.mailboxes.list(ALICE)) {
    for await (const rows of store.messages.rows(id, [[1, 0xffffffff]])) {
      for (const { bodyId, flags, internalDate } of rows) {
        const parts: Uint8Array[] = [];
        for await (const part of store.bodies.read(bodyId)) parts.push(part);
        found.push(JSON.stringify([name, [...flags].sort(), internalDate, [...concatBytes(parts)].join()]));
      }
    }
  }
  // A Maildir sorts by date.
  return found.sort();
}

/** In an mbox every line has an end, and a CR before that cannot be told from it. */
function asMboxHasIt(text: string): string {
  const lines = text.replace(/\r+(?=\r\n|$)/g, "");
  return lines === "" || lines.endsWith("\r\n") ? lines : `${lines}\r\n`;
}

for (const form of ["maildir", "mbox"] as const) {
  Deno.test(`export ${form}, import ${form}: any mail comes back as it was, byte by byte, and once`, async () => {
    await fc.assert(
      fc.asyncProperty(letters, async (mail) => {
        await using files = await temporaryFolder();
        const root = join(files.path, "mail");
        const from = world();
        for (const one of mail) {
          const text = form === "mbox" ? asMboxHasIt(one.text) : one.text;
          await put(from.store, { ...one, text });
        }
        await from.store.accounts.ensure(ALICE);
        const to = world();
        const terminal = new ScriptedTerminal();
        const progress = new Progress(terminal, from.clock);
        const task = { handlers: from.handlers, account: ALICE, progress };
        const journal = form === "mbox" ? await MboxJournal.open(root) : null;
        const open = journal === null
          ? (folder: Parameters<typeof openMaildirTarget>[1]) => openMaildirTarget(root, folder, progress)
          : (folder: Parameters<typeof openMboxTarget>[1]) => openMboxTarget(root, folder, journal);
        await exportFolders(open, task);
        // The second time brings nothing.
        for (let times = 0; times < 2; times++) {
          const folders = form === "mbox"
            ? await mboxFolders(root, { variant: "mboxrd", progress })
            : await maildirFolders(root, progress);
          for (const one of folders) {
            await importFolder(one, { ...task, handlers: to.handlers, random: systemRandom });
          }
        }
        progress.finish("Done");
        assert.deepEqual(terminal.errors, []);
        assert.deepEqual(await mailOf(to.store), await mailOf(from.store));
      }),
      { numRuns: 30 },
    );
  });
}
