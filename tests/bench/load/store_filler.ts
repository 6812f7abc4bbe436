/** Fills a mailbox behind a server that does not run: through the store, without a session and its protocol. */
import { systemClock, systemRandom } from "../../../src/net/system.ts";
import type { Store } from "../../../src/store/mod.ts";
import { openSqliteStore } from "../../../src/store/sqlite/mod.ts";
import { silentLog } from "../../support/fakes.ts";
import type { Letters } from "./letters.ts";

export interface Filling {
  readonly dataDirectory: string;
  readonly account: string;
  readonly letters: Letters;
  readonly count: number;
}

/** So many appends wait at a time, and share a commit. */
const AT_ONCE = 256;
const FIRST_DATE = Date.UTC(2024, 0, 1);

/** Puts letters into the INBOX of an account. */
export async function fillStore(filling: Filling): Promise<void> {
  const store = await openSqliteStore({
    directory: filling.dataDirectory,
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

async function fill(store: Store, { account, letters, count }: Filling): Promise<void> {
  await store.accounts.ensure(account);
  const inbox = await store.mailboxes.get(account, "INBOX");
  if (inbox === null) throw new Error(`${account} has no INBOX`);
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < count) {
      const index = next++;
      const stage = store.bodies.stage();
      // The letter is good until the next one is made.
      await stage.write(letters.letter(index).bytes.slice());
      await store.messages.append({
        mailboxId: inbox.id,
        body: stage.seal(),
        flags: [],
        internalDate: FIRST_DATE + index,
      });
    }
  }));
}
