import type { EditedMessage, FilteredDelivery } from "../../core/filter.ts";
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

/** RFC 9042 section 4, RFC 8579 section 5, RFC 5490 section 3.2, in this order; null when the mailbox is not there. */
export async function findTarget(target: Target, mailboxes: AccountMailboxes): Promise<string | null> {
  const byId = target.mailboxId === null ? null : await mailboxes.withId(target.mailboxId);
  if (byId !== null) return byId.name;
  const byUse = target.specialUse === null ? null : await mailboxes.forUse(target.specialUse);
  if (byUse !== null) return byUse.name;
  const byName = await mailboxes.named(target.mailbox);
  if (byName !== null) return byName.name;
  return target.create && isUsable(target.mailbox) ? target.mailbox : null;
}

/** RFC 5228 section 2.10.3: once into each mailbox, with the flags of all (RFC 5232 section 5). */
function addDelivery(local: FilteredDelivery[], delivery: FilteredDelivery): void {
  const place = local.findIndex(({ mailbox, message }) =>
    mailbox === delivery.mailbox && isSame(message, delivery.message)
  );
  if (place < 0) {
    local.push({ ...delivery, flags: storable(delivery.flags) });
  } else {
    const flags = [...new Set([...local[place]!.flags, ...storable(delivery.flags)])];
    local[place] = { ...delivery, flags: flags.slice(0, MOST_FLAGS) };
  }
}

function isSame(a: EditedMessage, b: EditedMessage): boolean {
  return a.header === b.header && a.body === b.body;
}

/** As many as the store keeps of one message. */
const MOST_FLAGS = 60;

/** What IMAP calls a keyword may hold characters that the store does not take. */
function storable(flags: readonly string[]): string[] {
  return flags.filter((flag) =>
    flag.startsWith("\\") || /^[!#$&'+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]{1,100}$/.test(flag)
  )
    .slice(0, MOST_FLAGS);
}

/** What the store would take for a new mailbox. */
function isUsable(name: string): boolean {
  const levels = name.split("/");
  return name.length <= 1000 && levels.length <= 50 && !levels.includes("") && name.isWellFormed() &&
    !/[\x00-\x1f\x7f-\x9f]/.test(name);
}
