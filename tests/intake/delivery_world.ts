/** A door on a store in memory, with accounts, lists and forwards; mail comes in, and one looks where it went. */
import assert from "node:assert/strict";
import { type Address, formatAddress } from "../../src/core/address.ts";
import { concatBytes, decodeLatin1, encodeLatin1 } from "../../src/core/bytes.ts";
import { Refusal } from "../../src/core/errors.ts";
import type { DsnRequest } from "../../src/core/envelope.ts";
import type { Filter } from "../../src/core/filter.ts";
import type { SubmitContext } from "../../src/core/ports.ts";
import {
  defaultDeliverySettings,
  defaultIntakeLimits,
  type DirectorySpec,
  makeDirectory,
  makeDoor,
  openSrs,
} from "../../src/intake/mod.ts";
import { openMemoryStore } from "../../src/store/memory/mod.ts";
import {
  FixedClock,
  live,
  RecordingLog,
  RecordingMetrics,
  seededRandom,
  TEST_NOW,
} from "../support/fakes.ts";

export const TEXT = "Message-ID: <1@there.test>\r\nSubject: Hello\r\n\r\nHello\r\n";

const SPEC: DirectorySpec = {
  plusSeparator: "+",
  domains: {
    "here.test": {
      accounts: {
        alice: { aliases: ["sales"] },
        bob: {},
        away: { forward: ["Carol@there.test"] },
        both: { forward: ["carol@there.test"], keepCopy: true },
        inside: { forward: ["bob", "alice+Work"] },
        small: { quota: 4000 },
      },
      aliases: { list: ["small", "bob"], tiny: ["small"], out: ["carol@there.test"], team: ["away", "bob"] },
      catchAll: { to: "bob", except: ["old", "spam-*"] },
    },
    "also.test": { accounts: {}, sameAs: "here.test" },
  },
};

export function at(text: string): Address {
  const split = text.lastIndexOf("@");
  return { local: text.slice(0, split), domain: text.slice(split + 1) };
}

export type SendOptions = Partial<SubmitContext> & {
  readonly text?: string;
  readonly from?: string;
  readonly dsn?: DsnRequest;
};

export async function makeWorld(options: { readonly filter?: Filter; readonly messageSize?: number } = {}) {
  const clock = new FixedClock();
  const random = seededRandom();
  const store = openMemoryStore({ clock, random });
  const log = new RecordingLog();
  const directory = makeDirectory(SPEC);
  for (const { name } of directory.accounts()) await store.accounts.ensure(name);
  const srs = await openSrs(store.facts, { clock, random });
  const open = () =>
    makeDoor({
      store,
      directory: live(directory),
      hostname: "mx.here.test",
      clock,
      random,
      log,
      metrics: new RecordingMetrics(),
      limits: live({
        ...defaultIntakeLimits,
        ...(options.messageSize === undefined ? {} : { messageSize: options.messageSize }),
      }),
      ...(options.filter === undefined ? {} : { filter: options.filter }),
      delivery: live({ ...defaultDeliverySettings, spamFields: [{ name: "x-spam-flag", value: "yes" }] }),
      srs,
    });
  let door = open();
  let count = 0;
  return {
    store,
    get door() {
      return door;
    },
    log,
    srs,
    clock,
    /** On the same store, with an empty memory. */
    restart() {
      door = open();
    },
    async send(to: readonly string[], options: SendOptions = {}) {
      return (await this.outcomes(to, options)).map(({ kind }) => kind);
    },
    async replies(to: readonly string[], options: SendOptions = {}) {
      return (await this.outcomes(to, options)).map(({ reply }) => reply.toString());
    },
    async outcomes(to: readonly string[], options: SendOptions) {
      const { text = TEXT, from = "eve@there.test", dsn, ...context } = options;
      return await door.submit(
        {
          sender: from === "" ? null : at(from),
          recipients: to.map(at),
          smtputf8: false,
          eightBit: false,
          ...(dsn === undefined ? {} : { dsn }),
        },
        [encodeLatin1(text)],
        {
          id: `m${++count}`,
          sessionId: "s",
          origin: "smtp",
          protocol: "ESMTP",
          client: { address: "192.0.2.7", helo: "there.test" },
          account: null,
          tls: null,
          ...context,
        },
      );
    },
    async box(account: string, mailbox = "INBOX"): Promise<string[]> {
      const found = (await store.mailboxes.get(`${account}@here.test`, mailbox))!;
      const texts: string[] = [];
      for await (const rows of store.messages.rows(found.id, [[1, 2 ** 32 - 1]])) {
        for (const { bodyId } of rows) texts.push(await this.body(bodyId));
      }
      return texts;
    },
    async body(id: number, start = 0): Promise<string> {
      const parts: Uint8Array[] = [];
      for await (const part of store.bodies.read(id, { start, end: Infinity })) parts.push(part);
      return decodeLatin1(concatBytes(parts));
    },
    async queue() {
      const messages = await store.spool.due(TEST_NOW + 1e9, 100);
      return await Promise.all(messages.map(async ({ sender, recipients, bodyId, skip }) => ({
        wishes: recipients.map(({ dsn }) => dsn),
        sender: formatAddress(sender),
        to: recipients.map(({ address }) => formatAddress(address)),
        text: await this.body(bodyId, skip),
      })));
    },
  };
}

export async function refusal(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "accepted";
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return `${error.reply.code} ${error.reply.enhanced}`;
  }
}
