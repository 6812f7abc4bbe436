import { type Reply, reply } from "../core/reply.ts";
import type { QuotaLimit, Store, Usage } from "../store/mod.ts";
import type { AccountInfo, Directory } from "./directory.ts";
import type { Visitor } from "./door.ts";

export const MAILBOX_FULL = reply(452, "4.2.2", "Mailbox full, try again later");

/** What an account with a quota holds before a message comes to it. */
export interface QuotaState {
  readonly info: AccountInfo;
  readonly used: Usage;
  /** Why it cannot have the message; null when it can. */
  readonly refusal: Reply | null;
}

export interface QuotaQuestion {
  readonly accounts: readonly string[];
  /** Bytes that would come into each mailbox, our trace fields included. */
  readonly size: () => number;
}

const NO_STATES: ReadonlyMap<string, QuotaState> = new Map();

/**
 * How it stands with those of the accounts that have a quota: 552 5.2.2 for a message that is larger than the whole quota,
 * 452 4.2.2 while the mailbox is full or the message does not fit any more.
 */
export async function quotaStates(
  store: Pick<Store, "accounts">,
  directory: Directory,
  { accounts, size }: QuotaQuestion,
): Promise<ReadonlyMap<string, QuotaState>> {
  const limited = accounts.flatMap((name) => {
    const info = directory.account(name);
    return info === null || (info.quota === null && (info.quotaMessages ?? null) === null) ? [] : [info];
  });
  if (limited.length === 0) return NO_STATES;
  const bytes = size();
  const states = limited.map(async (info): Promise<[string, QuotaState]> => {
    const used = await store.accounts.usage(info.name);
    return [info.name, { info, used, refusal: refusalFor(info, used, bytes) }];
  });
  return new Map(await Promise.all(states));
}

/** About what our trace fields have: less than that comes with no message. */
const TRACE_BYTES = 300;

/** What a message that has not come yet will have at least, as far as its sender has said. */
export function leastSize({ declaredSize = 0 }: Pick<Visitor, "declaredSize">): number {
  return declaredSize + TRACE_BYTES;
}

/** What the store shall hold the account to. */
export function limitOf({ quota, quotaMessages = null }: AccountInfo): QuotaLimit {
  return { bytes: quota, messages: quotaMessages };
}

/** The answer when none of the accounts has room; null as long as one has. */
export function refusalOfAll(
  accounts: readonly string[],
  states: ReadonlyMap<string, QuotaState>,
): Reply | null {
  const refusals = accounts.map((name) => states.get(name)?.refusal ?? null);
  if (refusals.some((refusal) => refusal === null)) return null;
  return refusals.find((refusal) => refusal?.isTemporary) ?? refusals[0] ?? null;
}

function refusalFor({ quota, quotaMessages = null }: AccountInfo, used: Usage, size: number): Reply | null {
  if (quota !== null && size > quota) {
    return reply(552, "5.2.2", "The message is larger than the whole mailbox may be");
  }
  const isFull = (quota !== null && (used.bytes >= quota || used.bytes + size > quota)) ||
    (quotaMessages !== null && used.messages >= quotaMessages);
  return isFull ? MAILBOX_FULL : null;
}
