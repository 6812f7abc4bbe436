import { encodeUtf8 } from "../../../src/core/bytes.ts";
import { Refusal } from "../../../src/core/errors.ts";
import type { Authenticate } from "../../../src/core/ports.ts";
import {
  defaultImapLimits,
  type ImapDeps,
  type ImapLimits,
  serveImap,
} from "../../../src/session/imap/mod.ts";
import { type AccountSpec, makeDirectory } from "../../../src/intake/directory.ts";
import { openMemoryStore } from "../../../src/store/memory/mod.ts";
import type { Store } from "../../../src/store/mod.ts";
import { connPair, type ConnPairOptions, type FakeClient, TEST_TLS } from "../../support/fake_conn.ts";
import { watched } from "../../support/pedantic_conn.ts";
import { live, ManualClock, RecordingLog, RecordingMetrics, seededRandom } from "../../support/fakes.ts";

/** Everyone's password is `secret`; the account `busy` meets an authenticator that is overrun. */
const authenticate: Authenticate = (user, password) => {
  if (user === "busy") throw Refusal.of(454, "4.7.0", "Too many log-ins at once");
  const known = ["alice", "bob", "carol"].includes(user) && password === "secret";
  return Promise.resolve(known ? `${user}@example.com` : null);
};

export interface HarnessOptions {
  /** What accounts may keep; the others have no quota. */
  readonly quotas?: Readonly<Record<string, Pick<AccountSpec, "quota" | "quotaMessages">>>;
  readonly limits?: Partial<ImapLimits>;
  readonly plaintextAuth?: boolean;
  readonly wrapStore?: (store: Store) => Store;
  /** The store fails in the middle of bodies, so that the server must break off. */
  readonly breaksOff?: boolean;
}

/** A server in memory, with as many connections as a test opens. */
export class ImapHarness {
  readonly clock = new ManualClock();
  readonly log = new RecordingLog();
  readonly metrics = new RecordingMetrics();
  readonly store: Store;
  readonly shutdown = new AbortController();
  readonly deps: ImapDeps;
  readonly #breaksOff: boolean;
  readonly #running: Promise<void>[] = [];
  readonly #clients: FakeClient[] = [];

  constructor(options: HarnessOptions = {}) {
    this.#breaksOff = options.breaksOff ?? false;
    const random = seededRandom();
    const memory = openMemoryStore({ clock: this.clock, random });
    this.store = options.wrapStore?.(memory) ?? memory;
    this.deps = {
      hostname: "mail.example.com",
      store: this.store,
      authenticate,
      directory: live(makeDirectory({
        domains: { "example.com": { accounts: { alice: {}, bob: {}, carol: {}, ...options.quotas } } },
      })),
      clock: this.clock,
      random,
      log: this.log,
      metrics: this.metrics,
      limits: live({ ...defaultImapLimits, loginDelayMs: 0, ...options.limits }),
      shutdown: this.shutdown.signal,
      plaintextAuth: live(options.plaintextAuth ?? false),
      sessions: { open: 0, compressed: 0 },
    };
  }

  /** Under TLS, unless the options say otherwise. The greeting is still to be read. */
  connect(options: ConnPairOptions = {}): FakeClient {
    const id = `s${this.#clients.length + 1}`;
    // Every byte of every test of this room passes through the pedantic client.
    const pair = connPair({ id, tls: TEST_TLS, ...options });
    const { server, client } = watched(pair, { mayBreakOff: this.#breaksOff });
    this.#running.push(serveImap(server, this.deps));
    this.#clients.push(client);
    return client;
  }

  /** A client that has logged in, with its answers read. */
  async login(user = "alice", options: ConnPairOptions = {}): Promise<FakeClient> {
    const client = this.connect(options);
    await client.readLine();
    await command(client, `LOGIN ${user} secret`);
    return client;
  }

  /** Puts a message into a mailbox as a delivery would, and returns its UID. */
  async append(
    mailbox: string,
    message: string | Uint8Array,
    options: { readonly account?: string; readonly flags?: readonly string[]; readonly date?: number } = {},
  ): Promise<number> {
    const { account = "alice@example.com", flags = [], date = this.clock.now() } = options;
    await this.store.accounts.ensure(account);
    const target = await this.store.mailboxes.get(account, mailbox);
    if (target === null) throw new Error(`No mailbox ${mailbox}`);
    const stage = this.store.bodies.stage();
    await stage.write(typeof message === "string" ? encodeUtf8(message) : message);
    const body = stage.seal();
    const request = { mailboxId: target.id, body, flags, internalDate: date };
    return (await this.store.messages.append(request)).uid;
  }

  /** Ends everything; a session that does not end fails the test by its unfinished promise. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    await Promise.all(this.#running);
    await this.store.close();
  }
}

/** Sends a command and returns the untagged lines, then the tagged one without its tag. Not for answers with literals. */
export async function command(client: FakeClient, text: string, tag = "t"): Promise<string[]> {
  client.write(`${tag} ${text}\r\n`);
  return await answer(client, tag);
}

export async function answer(client: FakeClient, tag = "t"): Promise<string[]> {
  const lines: string[] = [];
  for (;;) {
    const line = await client.readLine();
    if (line === null) throw new Error(`The server closed after ${JSON.stringify(lines)}`);
    if (line.startsWith(`${tag} `)) return [...lines, line.slice(tag.length + 1)];
    lines.push(line);
  }
}
