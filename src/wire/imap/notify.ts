import { ProtocolError } from "../../core/errors.ts";
import { CLOSE, OPEN } from "./chars.ts";
import type { Decoder } from "./decoder.ts";
import { decodeItems, type FetchItem } from "./fetch.ts";
import { decodeMailbox } from "./mailbox.ts";

/** What a client can ask to be told of (RFC 5465 section 5), as the RFC writes it. */
export const NOTIFY_EVENTS = [
  "MessageNew",
  "MessageExpunge",
  "FlagChange",
  "MailboxName",
  "SubscriptionChange",
  "MailboxMetadataChange",
  "ServerMetadataChange",
] as const;
export type NotifyEvent = typeof NOTIFY_EVENTS[number];

/** RFC 5465 section 6. */
export type NotifyFilter =
  | { readonly kind: "selected" | "selected-delayed" | "inboxes" | "personal" | "subscribed" }
  | { readonly kind: "subtree" | "mailboxes"; readonly names: readonly string[] };

export interface NotifyGroup {
  readonly filter: NotifyFilter;
  readonly events: ReadonlySet<NotifyEvent>;
  /** What shall be told of each new message. */
  readonly items: readonly FetchItem[];
}

export type NotifyArguments =
  | { readonly kind: "none" }
  | { readonly kind: "set"; readonly status: boolean; readonly groups: readonly NotifyGroup[] }
  /** An event that we do not know, or cannot tell of; it is answered with NO. */
  | { readonly kind: "bad-event" };

const MAX_GROUPS = 100;
const MAX_NAMES = 1000;
const SELECTED: ReadonlySet<string> = new Set(["selected", "selected-delayed"]);
const MESSAGE_EVENTS: ReadonlySet<string> = new Set(["MessageNew", "MessageExpunge", "FlagChange"]);
const SIMPLE_FILTERS = ["SELECTED-DELAYED", "SELECTED", "INBOXES", "PERSONAL", "SUBSCRIBED"] as const;

/** RFC 5465 section 8. */
export function decodeNotify(decoder: Decoder): NotifyArguments {
  decoder.expectSpace();
  if (decoder.tryKeyword("NONE")) {
    decoder.expectEnd();
    return { kind: "none" };
  }
  if (!decoder.tryKeyword("SET")) decoder.fail("NONE or SET");
  decoder.expectSpace();
  const status = decoder.tryKeyword("STATUS");
  if (status) decoder.expectSpace();
  const reading = new Reading(decoder);
  do reading.group(); while (decoder.trySpace());
  decoder.expectEnd();
  if (reading.isUnknown) return { kind: "bad-event" };
  return { kind: "set", status, groups: reading.groups };
}

class Reading {
  readonly groups: NotifyGroup[] = [];
  readonly #decoder: Decoder;
  #names = 0;
  isUnknown = false;

  constructor(decoder: Decoder) {
    this.#decoder = decoder;
  }

  group(): void {
    const decoder = this.#decoder;
    decoder.expectByte(OPEN);
    const filter = this.#filter();
    decoder.expectSpace();
    const events = new Set<NotifyEvent>();
    const items: FetchItem[] = [];
    if (!decoder.tryKeyword("NONE")) {
      // What comes behind an event that nobody knows cannot be told from another event; so the list is read to its end.
      decoder.expectList(() => this.#event(events, items));
    }
    decoder.expectByte(CLOSE);
    if (!this.isUnknown) this.#check({ filter, events, items });
    this.groups.push({ filter, events, items });
    if (this.groups.length > MAX_GROUPS) throw new ProtocolError(`More than ${MAX_GROUPS} event groups`);
  }

  #filter(): NotifyFilter {
    const decoder = this.#decoder;
    for (const word of SIMPLE_FILTERS) {
      if (decoder.tryKeyword(word)) return { kind: word.toLowerCase() as Lowercase<typeof word> };
    }
    const kind = decoder.tryKeyword("SUBTREE")
      ? "subtree"
      : decoder.tryKeyword("MAILBOXES")
      ? "mailboxes"
      : null;
    if (kind === null) return decoder.fail("SELECTED, PERSONAL or another kind of mailboxes");
    decoder.expectSpace();
    const names: string[] = [];
    const one = () => {
      names.push(decodeMailbox(decoder));
      if (++this.#names > MAX_NAMES) throw new ProtocolError(`More than ${MAX_NAMES} mailbox names`);
    };
    if (!decoder.tryList(one)) one();
    if (names.length === 0) throw new ProtocolError("Name at least one mailbox");
    return { kind, names };
  }

  #event(events: Set<NotifyEvent>, items: FetchItem[]): void {
    const decoder = this.#decoder;
    // In an event list of ours a parenthesis can only be the items of MessageNew.
    if (decoder.next === OPEN) {
      if (!events.has("MessageNew") || items.length > 0) decoder.fail("an event");
      items.push(...decodeItems(decoder));
      return;
    }
    const word = decoder.expectKeyword("an event");
    const event = NOTIFY_EVENTS.find((known) => known.toUpperCase() === word);
    if (event === undefined) this.isUnknown = true;
    else events.add(event);
  }

  #check({ filter, events, items }: NotifyGroup): void {
    const isSelected = SELECTED.has(filter.kind);
    if (events.has("MessageNew") !== events.has("MessageExpunge")) {
      // Section 5: the one without the other tells a client nothing that it could count on.
      throw new ProtocolError("MessageNew and MessageExpunge go together");
    }
    if (events.has("FlagChange") && !events.has("MessageNew")) {
      throw new ProtocolError("FlagChange needs MessageNew and MessageExpunge");
    }
    if (items.length > 0 && !isSelected) throw new ProtocolError("Only SELECTED can have items to fetch");
    if (!isSelected) return;
    if ([...events].some((event) => !MESSAGE_EVENTS.has(event))) {
      throw new ProtocolError("SELECTED knows MessageNew, MessageExpunge and FlagChange");
    }
    if (this.groups.some((group) => SELECTED.has(group.filter.kind))) {
      throw new ProtocolError("Say SELECTED or SELECTED-DELAYED once");
    }
  }
}
