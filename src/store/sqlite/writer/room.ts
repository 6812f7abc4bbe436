/** What accounts may have in all (RFC 9208), looked at where nobody can come in between. */
import { overQuota } from "../../errors.ts";
import { exceeds, type QuotaLimit, type Usage } from "../../quota.ts";
import type { BodyArgument, LocalTarget } from "../protocol.ts";
import { knownAccountId } from "./accounts.ts";
import type { WriteContext } from "./context.ts";

/** Throws when the account has more than it may, after the change that is under way; that takes the change back. */
export function requireWithin(context: WriteContext, accountId: number, limit: QuotaLimit | null): void {
  if (limit === null || (limit.bytes === null && limit.messages === null)) return;
  if (exceeds(usageOf(context, accountId), limit)) throw overQuota();
}

export interface Version {
  readonly body: BodyArgument;
  readonly local: readonly LocalTarget[];
}

/** The accounts that would have more than they may with what these versions of a message bring them. */
export function accountsWithoutRoom(context: WriteContext, versions: readonly Version[]): Set<string> {
  const full = new Set<string>();
  const added = new Map<string, Usage>();
  for (const { body, local } of versions) {
    for (const { account, quota } of local) {
      if (quota === null || full.has(account)) continue;
      const id = knownAccountId(context, account);
      const before = added.get(account) ?? (id === null ? { bytes: 0, messages: 0 } : usageOf(context, id));
      const after = { bytes: before.bytes + sizeOf(body), messages: before.messages + 1 };
      added.set(account, after);
      if (exceeds(after, quota)) full.add(account);
    }
  }
  return full;
}

function usageOf({ db }: WriteContext, accountId: number): Usage {
  return db.get<{ bytes: number; messages: number }>(
    `SELECT coalesce(sum(bytes), 0) AS bytes, coalesce(sum(messages), 0) AS messages FROM mailboxes
     WHERE account_id = ? AND removed = 0`,
    accountId,
  )!;
}

function sizeOf(body: BodyArgument): number {
  switch (body.kind) {
    case "inline":
      return body.chunks.reduce((sum, chunk) => sum + chunk.length, body.prefix.length);
    case "staged":
      return body.prefix.length + body.length;
    case "stored":
      throw new Error("What is delivered is stored by the delivery itself");
  }
}
