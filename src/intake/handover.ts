import type { Address, ReversePath } from "../core/address.ts";
import type { Envelope } from "../core/envelope.ts";
import type { SubmitContext } from "../core/ports.ts";
import type { Delivery, LocalDelivery, NewQueueEntry, StagedBody } from "../store/mod.ts";
import type { MessageView } from "./checks/check.ts";
import { outgoingSender, type SenderDeps } from "./forward.ts";
import { limitOf, type QuotaState } from "./quota.ts";
import type { Plan } from "./recipients.ts";
import type { Settled } from "./settle.ts";
import type { Stamp } from "./stamp.ts";
import { wishesOf } from "./wishes.ts";

/** The part of a delivery that says whose mailboxes it goes to. */
export type Deliveries = Pick<Delivery, "local" | "edited">;

interface Places {
  readonly place: SubmitContext["place"];
  /** By account, where it goes in place of INBOX. */
  readonly folders: ReadonlyMap<string, string>;
}

export interface QueueEntryDeps extends SenderDeps {
  /** Which recipients of a new message an operator wants held in the queue; null for none. */
  readonly holds?: (sender: ReversePath, recipients: readonly Address[]) => readonly boolean[] | null;
}

/** What was fetched for an account goes where its configuration says, in place of INBOX. */
function placed(deliveries: Deliveries, { place, folders }: Places): Deliveries {
  if (place === undefined && folders.size === 0) return deliveries;
  // RFC 5233: a detail names a folder, unless the account's own rules said where.
  return atEach(deliveries, (one) => {
    const mailbox = folders.get(one.account) ?? (one.account === place?.account ? place.mailbox : undefined);
    return mailbox === undefined ? one : { mailbox, ...one };
  });
}

function atEach({ local, edited }: Deliveries, change: (one: LocalDelivery) => LocalDelivery): Deliveries {
  return {
    local: local.map(change),
    ...(edited === undefined
      ? {}
      : { edited: edited.map((one) => ({ ...one, local: one.local.map(change) })) }),
  };
}

export interface HandOver {
  readonly settled: Settled;
  /** Null without rules. */
  readonly filtered: Deliveries | null;
  readonly body: StagedBody;
  readonly stamp: Stamp;
  readonly now: number;
}

/** All that one commit makes durable: mailbox entries, the queue entry, and the marks by which it is known again. */
export function deliveryOf(
  { settled: { view, folders, claim, quotas }, filtered, body, stamp, now }: HandOver,
  deps: QueueEntryDeps,
): Delivery {
  const { id, place, facts = [] } = view.context;
  const marks = [...facts, ...claim.facts];
  const local = filtered ?? { local: view.plan.accounts.map((account) => ({ account })) };
  return {
    id,
    body,
    receivedAt: now,
    ...within(placed(local, { place, folders }), quotas),
    queued: queueEntry(view, { skip: stamp.skip, dueAt: now }, deps),
    ...(marks.length === 0 ? {} : { facts: marks }),
  };
}

/** Between our look at what the accounts hold and the commit others may fill them: the commit looks again. */
function within(deliveries: Deliveries, quotas: readonly QuotaState[]): Deliveries {
  if (quotas.length === 0) return deliveries;
  const limits = new Map(quotas.map(({ info }) => [info.name, limitOf(info)]));
  return atEach(deliveries, (one) => {
    const quota = limits.get(one.account);
    return quota === undefined ? one : { ...one, quota };
  });
}

/** What goes to other servers; null when nothing does. */
function queueEntry(
  view: MessageView,
  at: { readonly skip: number; readonly dueAt: number },
  deps: QueueEntryDeps,
): NewQueueEntry | null {
  const { sender, smtputf8, eightBit } = view.envelope;
  const recipients = view.plan.remote;
  if (recipients.length === 0) return null;
  const seen = view.header.eightBit;
  const wishes = wishesOf(view.envelope, view.plan);
  const held = deps.holds?.(sender, recipients) ?? null;
  // Clients ask for SMTPUTF8 out of habit. The next host must know it only if something in the message needs it: an
  // address (the courier looks at those) or the header (RFC 6531 section 3.6).
  const needed = smtputf8 && ((seen?.header ?? true) || hasUtf8Address(view.envelope, view.plan));
  return {
    sender: outgoingSender(view, deps),
    recipients,
    smtputf8: needed,
    eightBit: eightBit || (seen?.anywhere ?? false),
    skip: at.skip,
    dueAt: Math.max(at.dueAt, view.envelope.holdUntil ?? 0),
    ...(wishes === null ? {} : { wishes }),
    ...(held === null ? {} : { held }),
  };
}

function hasUtf8Address({ sender }: Envelope, plan: Plan): boolean {
  const locals = [sender?.local ?? "", ...plan.remote.map((address) => address.local)];
  return locals.some((local) => /[^\x00-\x7f]/.test(local));
}
