import type { Address, ReversePath } from "../core/address.ts";
import type { Envelope } from "../core/envelope.ts";
import type { SubmitContext } from "../core/ports.ts";
import type { Delivery, NewQueueEntry } from "../store/mod.ts";
import type { MessageView } from "./checks/check.ts";
import { outgoingSender, type SenderDeps } from "./forward.ts";
import type { Plan } from "./recipients.ts";
import { wishesOf } from "./wishes.ts";

/** The part of a delivery that says whose mailboxes it goes to. */
export type Deliveries = Pick<Delivery, "local" | "edited">;

export interface Places {
  readonly place: SubmitContext["place"];
  /** By account, where it goes in place of INBOX. */
  readonly folders: ReadonlyMap<string, string>;
}

export interface QueueEntryDeps extends SenderDeps {
  /** Which recipients of a new message an operator wants held in the queue; null for none. */
  readonly holds?: (sender: ReversePath, recipients: readonly Address[]) => readonly boolean[] | null;
}

/** What was fetched for an account goes where its configuration says, in place of INBOX. */
export function placed(deliveries: Deliveries, { place, folders }: Places): Deliveries {
  if (place === undefined && folders.size === 0) return deliveries;
  // RFC 5233: a detail names a folder, unless the account's own rules said where.
  const at = (local: Delivery["local"]) =>
    local.map((one) => {
      const mailbox = folders.get(one.account) ?? place?.mailbox;
      return mailbox === undefined ? one : { mailbox, ...one };
    });
  return {
    local: at(deliveries.local),
    ...(deliveries.edited === undefined
      ? {}
      : { edited: deliveries.edited.map((one) => ({ ...one, local: at(one.local) })) }),
  };
}

/** What goes to other servers; null when nothing does. */
export function queueEntry(
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
