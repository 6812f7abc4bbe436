/** What the POP3 tests share: a store with a known maildrop, and a session over a connection in memory. */
import { encodeLatin1 } from "../../../src/core/bytes.ts";
import { Refusal } from "../../../src/core/errors.ts";
import type { Authenticate, Clock, Log } from "../../../src/core/ports.ts";
import {
  defaultPop3Limits,
  type MaildropLocks,
  makeMaildropLocks,
  type Pop3Deps,
  type Pop3Limits,
  servePop3,
} from "../../../src/session/pop3/mod.ts";
import { openMemoryStore } from "../../../src/store/memory/mod.ts";
import type { Store } from "../../../src/store/mod.ts";
import { connPair, type ConnPairOptions, type FakeClient } from "../../support/fake_conn.ts";
import {
  FixedClock,
  live,
  ManualClock,
  seededRandom,
  silentLog,
  silentMetrics,
} from "../../support/fakes.ts";

export const ACCOUNT = "alice@example.test";

/** The maildrop that the dialogues know: a plain one, one with dots, one whose last line has no end. */
export const MESSAGES: readonly string[] = [
  "From: bob@foreign.test\r\nSubject: One\r\n\r\nFirst line\r\nSecond line\r\nThird line\r\n",
  "From: bob@foreign.test\r\nSubject: Two\r\n\r\n.\r\n..\r\n.hidden\r\nend\r\n",
  "From: bob@foreign.test\r\nSubject: Three\r\n\r\nno line end",
];

export async function storeWith(messages: readonly (string | Uint8Array)[]): Promise<Store> {
  const store = openMemoryStore({ clock: new FixedClock(), random: seededRandom() });
  await store.accounts.ensure(ACCOUNT);
  const inbox = await store.mailboxes.get(ACCOUNT, "INBOX");
  for (const message of messages) {
    const stage = store.bodies.stage();
    await stage.write(typeof message === "string" ? encodeLatin1(message) : message);
    await store.messages.append({ mailboxId: inbox!.id, body: stage.seal(), flags: [], internalDate: 0 });
  }
  return store;
}

/** Knows alice with the password "secret"; "busy" is somebody for whom too many log-ins wait. */
export const authenticate: Authenticate = (user, password) => {
  if (user === "busy") throw Refusal.of(454, "4.7.0", "Too many log-ins, try again later");
  const good = user.toLowerCase() === ACCOUNT && password === "secret";
  return Promise.resolve(good ? ACCOUNT : null);
};

export interface SessionOptions extends ConnPairOptions {
  readonly limits?: Partial<Pop3Limits>;
  readonly plaintextAuth?: boolean;
  readonly locks?: MaildropLocks;
  readonly shutdown?: AbortSignal;
  readonly log?: Log;
  readonly clock?: Clock;
}

/** Begins a session; `ended` resolves when the server has let go of it. */
export function startSession(
  store: Store,
  options: SessionOptions = {},
): { client: FakeClient; ended: Promise<void> } {
  const { client, server } = connPair(options);
  const deps: Pop3Deps = {
    hostname: "mx.example.test",
    store,
    authenticate,
    clock: options.clock ?? new ManualClock(),
    random: seededRandom(),
    log: options.log ?? silentLog,
    metrics: silentMetrics,
    limits: live({ ...defaultPop3Limits, ...options.limits }),
    shutdown: options.shutdown ?? new AbortController().signal,
    plaintextAuth: live(options.plaintextAuth ?? false),
    locks: options.locks ?? makeMaildropLocks(),
  };
  return { client, ended: servePop3(server, deps) };
}

/** The subjects that are still in INBOX. */
export async function subjectsLeft(store: Store): Promise<string[]> {
  const inbox = await store.mailboxes.get(ACCOUNT, "INBOX");
  const subjects: string[] = [];
  for await (const rows of store.messages.rowsWithDigest(inbox!.id, [[1, 0xffffffff]])) {
    subjects.push(...rows.map((row) => row.digest.envelope.subject ?? ""));
  }
  return subjects;
}
