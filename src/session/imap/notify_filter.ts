/** Which mailboxes the event groups of a NOTIFY mean (RFC 5465 section 6), and what of them. */
import { type FetchItem, type NotifyEvent, type NotifyGroup } from "../../wire/imap/mod.ts";
import { canonicalName } from "./mailbox_names.ts";
import { namesAbove } from "./names_above.ts";

/** An event group whose names are looked up and not compared: a thousand names are asked about ten thousand mailboxes. */
export interface Watch extends NotifyGroup {
  /** In their one spelling; empty for the filters without names. */
  readonly names: ReadonlySet<string>;
}

export function watchOf(group: NotifyGroup): Watch {
  const names = "names" in group.filter ? group.filter.names.map(canonicalName) : [];
  return { ...group, names: new Set(names) };
}

/** What the client wants to hear of the mailbox that it has selected. */
export interface SelectedWish {
  /** EXISTS and EXPUNGE. */
  readonly messages: boolean;
  /** EXPUNGE at any time, not only where a command allows it (section 6.1). */
  readonly atOnce: boolean;
  readonly flags: boolean;
  readonly items: readonly FetchItem[];
}

/** Of a session that has not said NOTIFY. */
export const USUAL_WISH: SelectedWish = { messages: true, atOnce: false, flags: true, items: [] };

/** A name as the filters see it. */
export interface NamedMailbox {
  readonly name: string;
  readonly isShared: boolean;
  readonly isSubscribed: boolean;
}

/** Without a group for it nothing is told of the selected mailbox: a NOTIFY says all that there is to say (section 3.1). */
export function selectedWish(groups: readonly NotifyGroup[]): SelectedWish {
  const group = groups.find(({ filter }) => filter.kind === "selected" || filter.kind === "selected-delayed");
  return {
    messages: group?.events.has("MessageNew") ?? false,
    atOnce: group?.filter.kind === "selected",
    flags: group?.events.has("FlagChange") ?? false,
    items: group?.items ?? [],
  };
}

/** Several groups can mean one mailbox: their events add up (section 6). */
export function eventsFor(groups: readonly Watch[], mailbox: NamedMailbox): ReadonlySet<NotifyEvent> {
  const events = new Set<NotifyEvent>();
  for (const group of groups) {
    if (matches(group, mailbox)) { for (const event of group.events) events.add(event); }
  }
  return events;
}

/** Whether one of the groups asks for this, of whatever mailbox. */
export function anyAsksFor(groups: readonly NotifyGroup[], event: NotifyEvent): boolean {
  return groups.some(({ events }) => events.has(event));
}

/** Whether a group may mean mailboxes of others. */
export function maySeeShared(groups: readonly NotifyGroup[]): boolean {
  return groups.some(({ filter: { kind } }) => ["subscribed", "subtree", "mailboxes"].includes(kind));
}

function matches({ filter, names }: Watch, { name, isShared, isSubscribed }: NamedMailbox): boolean {
  switch (filter.kind) {
    case "selected":
    case "selected-delayed":
      return false;
    // A filter of the account can deliver into any of its mailboxes, so these are all of them (section 6.3).
    case "inboxes":
    case "personal":
      return !isShared;
    case "subscribed":
      return isSubscribed;
    case "mailboxes":
      return names.has(name);
    case "subtree":
      return names.has(name) || namesAbove(name).some((above) => names.has(above));
  }
}
