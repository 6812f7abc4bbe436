/**
 * What the cases of the store's contract share. A suite is a table of cases; each runs on one open store, with an account of its
 * own, so that a whole suite needs one store.
 */
import assert from "node:assert/strict";
import { concatBytes, decodeUtf8, encodeUtf8 } from "../../../src/core/bytes.ts";
import type {
  Delivery,
  Mailbox,
  MessageRow,
  NewQueueEntry,
  StagedBody,
  Store,
  UidRanges,
} from "../../../src/store/mod.ts";
import type { ManualClock } from "../../support/fakes.ts";

export interface Subject {
  readonly store: Store;
  readonly clock: ManualClock;
  /** An account that no other case uses; it is there, with its default mailboxes. */
  readonly account: string;
  readonly inbox: Mailbox;
}

export interface ContractCase {
  readonly name: string;
  readonly run: (subject: Subject) => Promise<void>;
}

export interface OpenedStore {
  readonly store: Store;
  readonly clock: ManualClock;
  readonly close: () => Promise<void>;
}

/** Runs a suite as one test with a step for each case. */
export async function runSuite(
  t: Deno.TestContext,
  cases: readonly ContractCase[],
  open: () => Promise<OpenedStore>,
): Promise<void> {
  const { store, clock, close } = await open();
  try {
    for (const [place, { name, run }] of cases.entries()) {
      await t.step(name, async () => {
        const account = `case${place}@example.com`;
        await store.spool.drop({});
        await store.accounts.ensure(account);
        const inbox = await mailboxOf(store, account, "INBOX");
        await run({ store, clock, account, inbox });
      });
    }
  } finally {
    await close();
  }
}

export const ALL: UidRanges = [[1, 0xffffffff]];

export async function mailboxOf(store: Store, account: string, name: string): Promise<Mailbox> {
  const mailbox = await store.mailboxes.get(account, name);
  assert.ok(mailbox !== null, `${name} should be there`);
  return mailbox;
}

/** The mailbox as it is now. */
export async function again(store: Store, mailbox: Mailbox): Promise<Mailbox> {
  const found = await store.mailboxes.byId(mailbox.id);
  assert.ok(found !== null, `${mailbox.name} should still be there`);
  return found;
}

/** Stages the pieces of a message. */
export async function staged(
  store: Store,
  content: string | Uint8Array | readonly Uint8Array[],
  prefix?: string,
): Promise<StagedBody> {
  const stage = store.bodies.stage();
  const pieces = typeof content === "string"
    ? [encodeUtf8(content)]
    : content instanceof Uint8Array
    ? [content]
    : content;
  for (const piece of pieces) await stage.write(piece);
  return prefix === undefined ? stage.seal() : stage.seal(encodeUtf8(prefix));
}

export interface Draft {
  readonly content?: string | Uint8Array;
  readonly flags?: readonly string[];
  readonly internalDate?: number;
}

/** Appends a message; its UID. */
export async function append(store: Store, mailbox: Mailbox, draft: Draft = {}): Promise<number> {
  const { uid } = await store.messages.append({
    mailboxId: mailbox.id,
    body: await staged(store, draft.content ?? "Subject: a message\r\n\r\nText.\r\n"),
    flags: draft.flags ?? [],
    internalDate: draft.internalDate ?? 1_700_000_000_000,
  });
  return uid;
}

export async function appendMany(store: Store, mailbox: Mailbox, count: number): Promise<number[]> {
  const uids: number[] = [];
  for (let i = 0; i < count; i++) {
    uids.push(await append(store, mailbox, { content: `Subject: ${i}\r\n\r\nNumber ${i}\r\n` }));
  }
  return uids;
}

export async function rowsOf(store: Store, mailbox: Mailbox, uids: UidRanges = ALL): Promise<MessageRow[]> {
  const rows: MessageRow[] = [];
  for await (const batch of store.messages.rows(mailbox.id, uids)) rows.push(...batch);
  return rows;
}

export async function bytesOf(
  store: Store,
  bodyId: number,
  range?: { readonly start: number; readonly end: number },
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of store.bodies.read(bodyId, range)) {
    assert.ok(piece.length > 0 && piece.length <= 65536, "pieces are neither empty nor too long");
    pieces.push(piece);
  }
  return concatBytes(pieces);
}

export async function textOf(store: Store, bodyId: number): Promise<string> {
  return decodeUtf8(await bytesOf(store, bodyId));
}

export function queueEntry(recipients: readonly string[], entry: Partial<NewQueueEntry> = {}): NewQueueEntry {
  return {
    sender: { local: "sender", domain: "example.com" },
    recipients: recipients.map((text) => {
      const [local, domain] = text.split("@");
      return { local: local!, domain: domain! };
    }),
    smtputf8: false,
    eightBit: false,
    skip: 0,
    dueAt: 1000,
    ...entry,
  };
}

/** Accepts a message for local accounts, or for the queue, or for both. */
export async function accept(
  store: Store,
  delivery: Partial<Omit<Delivery, "body">> & { readonly content?: string; readonly id: string },
): Promise<void> {
  await store.accept({
    receivedAt: 1_700_000_000_000,
    local: [],
    queued: null,
    ...delivery,
    body: await staged(store, delivery.content ?? "Subject: delivered\r\n\r\nHello.\r\n"),
  });
}

/** A deterministic message of an exact size. */
export function bigMessage(size: number): Uint8Array {
  const bytes = new Uint8Array(size).fill(46);
  bytes.set(encodeUtf8("Subject: big\r\nContent-Type: text/plain\r\n\r\n"));
  let state = 1;
  for (let at = 100; at < size; at++) {
    state = Math.imul(state, 1103515245) + 12345 >>> 0;
    bytes[at] = at % 78 === 77 ? 10 : at % 78 === 76 ? 13 : 97 + (state >>> 16) % 26;
  }
  return bytes;
}
