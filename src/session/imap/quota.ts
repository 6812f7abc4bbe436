import { NO_QUOTA, type QuotaLimit } from "../../store/quota.ts";
import type { QuotaResource } from "../../wire/imap/mod.ts";
import type { ImapSession } from "./context.ts";

const STORAGE_UNIT = 1024;

/** What an account may keep. What is put into a shared mailbox counts for its owner: ask with the mailbox's account. */
export function quotaOf({ deps }: Pick<ImapSession, "deps">, account: string): QuotaLimit {
  const info = deps.directory?.current.account(account) ?? null;
  if (info === null) return NO_QUOTA;
  return { bytes: info.quota, messages: info.quotaMessages ?? null };
}

/** What an account may still take; null for any number. */
export interface Room {
  readonly bytes: number | null;
  readonly messages: number | null;
}

/** What is left of an account's quota, once a message of the size `freed` has gone. The store decides at last; this spares the way there. */
export async function roomOf(
  session: ImapSession,
  account: string,
  freed: number | null = null,
): Promise<Room> {
  const { bytes, messages } = quotaOf(session, account);
  if (bytes === null && messages === null) return { bytes, messages };
  const usage = await session.store.accounts.usage(account);
  return {
    bytes: bytes === null ? null : bytes - usage.bytes + (freed ?? 0),
    messages: messages === null ? null : messages - usage.messages + (freed === null ? 0 : 1),
  };
}

/** The resources of an account that have a limit (RFC 9208 section 5); of mailboxes there is always one. */
export async function quotaResources(session: ImapSession, account: string): Promise<QuotaResource[]> {
  const { store, limits } = session;
  const limit = quotaOf(session, account);
  const usage = await store.accounts.usage(account);
  const resources: QuotaResource[] = [];
  if (limit.bytes !== null) {
    const [used, most] = [Math.ceil(usage.bytes / STORAGE_UNIT), Math.floor(limit.bytes / STORAGE_UNIT)];
    resources.push({ name: "STORAGE", usage: used, limit: most });
  }
  if (limit.messages !== null) {
    resources.push({ name: "MESSAGE", usage: usage.messages, limit: limit.messages });
  }
  const mailboxes = await store.mailboxes.list(account);
  resources.push({ name: "MAILBOX", usage: mailboxes.length, limit: limits.mailboxes });
  return resources;
}
