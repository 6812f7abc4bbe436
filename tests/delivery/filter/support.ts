/** A door with the filter behind it, on a store in memory: mail comes in, and one looks where it went. */
import { encodeUtf8 } from "../../../src/core/bytes.ts";
import { Refusal } from "../../../src/core/errors.ts";
import { makeId } from "../../../src/core/id.ts";
import type { Outcome } from "../../../src/core/outcome.ts";
import type { SubmitContext } from "../../../src/core/ports.ts";
import {
  defaultFilterSettings,
  type FilterSettings,
  type GlobalScripts,
  makeFilter,
  NO_GLOBAL_SCRIPTS,
} from "../../../src/delivery/filter/mod.ts";
import {
  defaultIntakeLimits,
  type DirectorySpec,
  type Door,
  makeDirectory,
  makeDoor,
} from "../../../src/intake/mod.ts";
import { openMemoryStore } from "../../../src/store/memory/mod.ts";
import type { Store } from "../../../src/store/mod.ts";
import { parsePath } from "../../../src/wire/smtp/mod.ts";
import { ManualClock, RecordingLog, seededRandom, silentMetrics } from "../../support/fakes.ts";

export const ALICE = "alice@example.com";
const SCRIPT_LIMITS = { count: 100, bytes: 1_000_000 };

const DOMAINS: DirectorySpec = {
  domains: {
    "example.com": {
      accounts: {
        alice: { name: "Alice", aliases: ["ally"] },
        carol: {},
        small: { quota: 3000 },
        few: { quotaMessages: 1 },
      },
      aliases: { both: ["alice", "carol"] },
      catchAll: null,
    },
    "minus.example": { accounts: { dan: {} }, catchAll: "dan", plusSeparator: "-" },
  },
};

export interface MailOptions {
  readonly from?: string;
  readonly to?: string | readonly string[];
  readonly context?: Partial<SubmitContext>;
}

export class FilterHarness {
  readonly clock = new ManualClock();
  readonly log = new RecordingLog();
  readonly store: Store = openMemoryStore({ clock: this.clock, random: seededRandom(1) });
  readonly door: Door;
  readonly #random = seededRandom(2);

  constructor(options: { readonly global?: GlobalScripts; readonly settings?: FilterSettings } = {}) {
    const { clock, log, store } = this;
    const directory = { current: makeDirectory(DOMAINS) };
    const common = { hostname: "mx.example.com", clock, random: this.#random, log };
    const filter = makeFilter({
      ...common,
      version: "1.0",
      store,
      accounts: {
        find: (name) => directory.current.account(name),
        owns: (account, address) => directory.current.maySendAs(account, address),
        separatorOf: (domain) => directory.current.separatorOf(domain),
      },
      global: { current: options.global ?? NO_GLOBAL_SCRIPTS },
      settings: { current: options.settings ?? defaultFilterSettings },
      submit: (envelope, message, context) => this.door.submit(envelope, message, context),
    });
    this.door = makeDoor({
      ...common,
      store,
      directory,
      metrics: silentMetrics,
      limits: { current: defaultIntakeLimits },
      filter,
    });
  }

  async script(text: string, account = ALICE, name = "main"): Promise<void> {
    await this.store.scripts.put(account, { name, text }, SCRIPT_LIMITS);
    await this.store.scripts.activate(account, name);
  }

  /** Hands a message in; line ends may be LF. A refusal of the whole comes back as its reply. */
  async mail(message: string, options: MailOptions = {}): Promise<Outcome[] | string> {
    const { from = "bob@example.org", to = ALICE, context = {} } = options;
    const id = makeId(this.clock, this.#random);
    const recipients = (typeof to === "string" ? [to] : to).map((text) => parsePath(`<${text}>`)!);
    try {
      return await this.door.submit(
        { sender: parsePath(`<${from}>`), recipients, smtputf8: false, eightBit: false },
        [encodeUtf8(message.replaceAll(/\r?\n/g, "\r\n"))],
        {
          id,
          sessionId: "s",
          origin: "smtp",
          protocol: "ESMTP",
          client: { address: "192.0.2.1", helo: "client.example.org" },
          account: null,
          tls: null,
          ...context,
        },
      );
    } catch (error) {
      if (error instanceof Refusal) return error.reply.toString();
      throw error;
    }
  }

  /** Mailboxes that hold something: for each message its subject, and its flags in parentheses. */
  async mailboxes(account = ALICE): Promise<Record<string, string[]>> {
    const found: Record<string, string[]> = {};
    for (const mailbox of await this.store.mailboxes.list(account)) {
      for await (const rows of this.store.messages.rowsWithDigest(mailbox.id, [[1, 0xffffffff]])) {
        for (const { flags, digest } of rows) {
          const shown = `${digest.envelope.subject ?? ""}${flags.length > 0 ? ` (${flags.join(" ")})` : ""}`;
          found[mailbox.name] = [...found[mailbox.name] ?? [], shown];
        }
      }
    }
    return found;
  }

  /** The messages of a mailbox, as text. */
  async texts(mailbox: string, account = ALICE): Promise<string[]> {
    const found = await this.store.mailboxes.get(account, mailbox);
    const texts: string[] = [];
    for await (const rows of this.store.messages.rows(found!.id, [[1, 0xffffffff]])) {
      for (const { bodyId } of rows) texts.push(await this.#text(bodyId, 0));
    }
    return texts;
  }

  /** What waits to be sent to others: to whom, from whom in the envelope, and its text. */
  async sent(): Promise<{ readonly to: string; readonly from: string; readonly text: string }[]> {
    const queued = await this.store.spool.list();
    return await Promise.all(queued.map(async ({ recipients, sender, bodyId, skip }) => ({
      to: recipients.map(({ address }) => `${address.local}@${address.domain}`).join(", "),
      from: sender === null ? "" : `${sender.local}@${sender.domain}`,
      text: await this.#text(bodyId, skip),
    })));
  }

  async #text(bodyId: number, start: number): Promise<string> {
    let text = "";
    for await (const piece of this.store.bodies.read(bodyId, { start, end: Infinity })) {
      text += new TextDecoder().decode(piece);
    }
    return text;
  }
}
