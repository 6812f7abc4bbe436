import type { FilteredDelivery } from "../../core/filter.ts";
import { normalizeName } from "../../store/mod.ts";
import type { Action } from "../sieve/mod.ts";
import type { AccountMailboxes } from "./mailboxes.ts";

export const INBOX = "INBOX";

type Target = Extract<Action, { kind: "fileinto" }>["target"];

/** What a script's actions come to, with its mailboxes found. */
export interface Decided {
  readonly local: readonly FilteredDelivery[];
  readonly redirects: readonly Extract<Action, { kind: "redirect" }>[];
  readonly reject: Extract<Action, { kind: "reject" | "ereject" }> | null;
  readonly vacation: Extract<Action, { kind: "vacation" }> | null;
  readonly notices: readonly Extract<Action, { kind: "notify" }>[];
  readonly duplicates: readonly Extract<Action, { kind: "note-duplicate" }>[];
  /** Mailboxes that the script named and that are not there. */
  readonly missing: readonly string[];
}

export async function decide(actions: readonly Action[], mailboxes: AccountMailboxes): Promise<Decided> {
  const local: FilteredDelivery[] = [];
  const missing: string[] = [];
  for (const action of actions) {
    if (action.kind === "keep") {
      addDelivery(local, { mailbox: INBOX, flags: action.flags, message: action.message });
    }
    if (action.kind !== "fileinto") continue;
    const { target, message } = action;
    const mailbox = await findTarget(target, mailboxes);
    if (mailbox === null) missing.push(target.mailbox);
    addDelivery(local, { mailbox: mailbox ?? INBOX, flags: target.flags, message });
  }
  const some = <K extends Action["kind"]>(kind: K) =>
    actions.filter((action): action is Extract<Action, { kind: K }> => action.kind === kind);
  return {
    local,
    redirects: some("redirect"),
    reject: some("reject")[0] ?? some("ereject")[0] ?? null,
    vacation: some("vacation")[0] ?? null,
    notices: some("notify"),
    duplicates: some("note-duplicate"),
    missing,
  };
}

/**
 * RFC 9042 section 4, RFC 8579 section 4, RFC 5490 section 3.2, in this order; null when the mailbox is not there. One that is made
 * for a use is made here, with that use; any other by the commit that puts a message into it.
 */
export async function findTarget(target: Target, mailboxes: AccountMailboxes): Promise<string | null> {
  const byId = target.mailboxId === null ? null : await mailboxes.withId(target.mailboxId);
  if (byId !== null) return byId.name;
  const byUse = target.specialUse === null ? null : await mailboxes.forUse(target.specialUse);
  if (byUse !== null) return byUse.name;
  const byName = await mailboxes.named(target.mailbox);
  if (byName !== null) return byName.name;
  if (!target.create || !isUsable(target.mailbox)) return null;
  if (target.specialUse !== null) await mailboxes.createFor(target.specialUse, target.mailbox);
  return normalizeName(target.mailbox);
}

/** RFC 5228 section 2.10.3: once into each mailbox, as the script said it last (RFC 5232 section 3, RFC 5293 section 7). */
function addDelivery(local: FilteredDelivery[], delivery: FilteredDelivery): void {
  const stored = { ...delivery, flags: delivery.flags.slice(0, MOST_FLAGS) };
  const place = local.findIndex(({ mailbox }) => mailbox === delivery.mailbox);
  if (place < 0) local.push(stored);
  else local[place] = stored;
}

/** As many as the store keeps of one message. */
const MOST_FLAGS = 60;

/** What the store would take for a new mailbox. */
function isUsable(name: string): boolean {
  const levels = name.split("/");
  return name.length <= 1000 && levels.length <= 50 && !levels.includes("") && name.isWellFormed() &&
    !/[\x00-\x1f\x7f-\x9f]/.test(name);
}
