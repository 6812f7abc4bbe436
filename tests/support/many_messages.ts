/** A mailbox of very many messages in a second or two: copies of one, made through the store of a server that does not run. */
import { systemClock, systemRandom } from "../../src/net/system.ts";
import type { Store } from "../../src/store/mod.ts";
import { openSqliteStore } from "../../src/store/sqlite/mod.ts";
import { silentLog } from "./fakes.ts";

export interface ManyMessages {
  readonly dataDirectory: string;
  readonly account: string;
  /** So many there will be in INBOX. */
  readonly count: number;
  readonly message: Uint8Array;
}

export async function fillWithCopies({ dataDirectory, ...filling }: ManyMessages): Promise<void> {
  const store = await openSqliteStore({
    directory: dataDirectory,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    undeleteDays: 7,
  });
  try {
    await fill(store, filling);
  } finally {
    await store.close();
  }
}

async function fill(
  store: Store,
  { account, count, message }: Omit<ManyMessages, "dataDirectory">,
): Promise<void> {
  await store.accounts.ensure(account);
  const inbox = await store.mailboxes.get(account, "INBOX");
  if (inbox === null) throw new Error(`${account} has no INBOX`);
  const stage = store.bodies.stage();
  await stage.write(message);
  await store.messages.append({ mailboxId: inbox.id, body: stage.seal(), flags: [], internalDate: 0 });
  for (let have = 1; have < count; have *= 2) {
    await store.messages.copy(inbox.id, [[1, Math.min(have, count - have)]], inbox.id);
  }
}
