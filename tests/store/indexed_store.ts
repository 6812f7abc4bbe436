/** What the tests of the full-text index have in common. */
import type { SearchKey, Store } from "../../src/store/mod.ts";
import type { SqliteStoreOptions } from "../../src/store/sqlite/mod.ts";
import { seededRandom } from "../support/fakes.ts";
import type { StoreFolder } from "./support.ts";

export const ACCOUNT = "alice@example.com";
export const SEARCH = { maxText: 64 * 1024, delayMs: 600_000 };

let runs = 0;

/** As `StoreFolder.open`, with an index, and chance of its own in each run. */
export function indexed(changes: Partial<SqliteStoreOptions> = {}): Partial<SqliteStoreOptions> {
  return { search: SEARCH, random: seededRandom(1000 + runs++), ...changes };
}

type Step = () => Promise<unknown>;

/** The worker's own time cannot be awaited from outside: what the operator can see is all there is to see. */
export async function until(isSo: () => boolean, step: Step = () => Promise.resolve()): Promise<void> {
  while (!isSo()) {
    await step();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Lets the indexer's pauses pass until all is in. */
export async function whenReady(store: Store, folder: StoreFolder): Promise<void> {
  await until(() => store.searchIndex.status().state === "ready", () => folder.clock.advance(1000));
}

export async function deliver(store: Store, message: string | Uint8Array, account = ACCOUNT): Promise<void> {
  const bytes = typeof message === "string"
    ? new TextEncoder().encode(message.replaceAll("\n", "\r\n"))
    : message;
  const stage = store.bodies.stage();
  await stage.write(bytes);
  const body = stage.seal();
  await store.accept({ id: crypto.randomUUID(), body, receivedAt: 0, local: [{ account }], queued: null });
}

export async function find(store: Store, key: SearchKey): Promise<number[]> {
  const inbox = await store.mailboxes.get(ACCOUNT, "INBOX");
  return await store.messages.search(inbox!.id, key);
}

export const text = (words: string): SearchKey => ({ kind: "text", text: words });
export const body = (words: string): SearchKey => ({ kind: "body", text: words });
export const header = (field: string, words: string): SearchKey => ({ kind: "header", field, text: words });
