/** The ENVELOPE of a message, and what else its header tells about its place among others. */
import { parseAddressList } from "./addresses.ts";
import { parseDate } from "./dates.ts";
import type { HeaderAddress, MessageEnvelope } from "./digest.ts";
import type { HeaderReader } from "./header.ts";
import { baseSubject } from "./subject.ts";

/** What is left of a message's budget of addresses. */
export interface AddressBudget {
  addresses: number;
}

const ADDRESS_FIELDS = {
  "from": "from",
  "sender": "sender",
  "reply-to": "replyTo",
  "to": "to",
  "cc": "cc",
  "bcc": "bcc",
} as const;

const TEXT_FIELDS = {
  "date": "date",
  "subject": "subject",
  "in-reply-to": "inReplyTo",
  "message-id": "messageId",
} as const;

type AddressKey = (typeof ADDRESS_FIELDS)[keyof typeof ADDRESS_FIELDS];
type TextKey = (typeof TEXT_FIELDS)[keyof typeof TEXT_FIELDS];

/**
 * Of a text field that is there twice the first counts; address fields are put one after another. A missing or
 * empty Sender or Reply-To is the From (RFC 3501 section 7.4.2).
 */
export function readEnvelope(header: HeaderReader, budget: AddressBudget): MessageEnvelope {
  const texts: Partial<Record<TextKey, string>> = {};
  const lists: Partial<Record<AddressKey, HeaderAddress[]>> = {};
  for (const span of header.spans) {
    if (Object.hasOwn(TEXT_FIELDS, span.name)) {
      texts[TEXT_FIELDS[span.name as keyof typeof TEXT_FIELDS]] ??= header.value(span);
    } else if (Object.hasOwn(ADDRESS_FIELDS, span.name) && budget.addresses > 0) {
      const found = parseAddressList(header.value(span), budget.addresses);
      budget.addresses -= found.length;
      const key = ADDRESS_FIELDS[span.name as keyof typeof ADDRESS_FIELDS];
      lists[key] = lists[key] === undefined ? found : lists[key].concat(found);
    }
  }
  const from = lists.from ?? [];
  return {
    date: texts.date ?? null,
    subject: texts.subject ?? null,
    from,
    sender: lists.sender?.length ? lists.sender : from,
    replyTo: lists.replyTo?.length ? lists.replyTo : from,
    to: lists.to ?? [],
    cc: lists.cc ?? [],
    bcc: lists.bcc ?? [],
    inReplyTo: texts.inReplyTo ?? null,
    messageId: texts.messageId ?? null,
  };
}

/** The members of a digest that come from the top header alone. */
export interface ThreadFacts {
  readonly sentAt: number | null;
  readonly references: readonly string[];
  readonly baseSubject: string;
  readonly receivedCount: number;
}

export function readThreadFacts(header: HeaderReader, envelope: MessageEnvelope): ThreadFacts {
  let received = 0;
  let references: string[] = [];
  for (const span of header.spans) {
    if (span.name === "received") received++;
    else if (span.name === "references" && references.length === 0) {
      references = messageIds(header.value(span));
    }
  }
  // RFC 5256 section 3, step 1.A: In-Reply-To counts only where References says nothing, and then its first id.
  if (references.length === 0) references = messageIds(envelope.inReplyTo ?? "").slice(0, 1);
  return {
    sentAt: envelope.date === null ? null : parseDate(envelope.date),
    references,
    baseSubject: baseSubject(envelope.subject ?? ""),
    receivedCount: received,
  };
}

const MOST_REFERENCES = 50;
const LONGEST_ID = 500;

/** The ids in angle brackets, each once. Of too many the first, the root of the thread, and the last ones are kept. */
function messageIds(text: string): string[] {
  const ids = new Set<string>();
  let open = text.indexOf("<");
  while (open >= 0) {
    const close = text.indexOf(">", open);
    if (close < 0) break;
    // An id whose end is missing must not swallow the next one.
    const start = text.lastIndexOf("<", close);
    const id = close - start <= LONGEST_ID ? text.slice(start + 1, close).replace(/[ \t]/g, "") : "";
    if (id !== "") ids.add(id);
    open = text.indexOf("<", close);
  }
  const all = [...ids];
  return all.length <= MOST_REFERENCES ? all : [all[0]!, ...all.slice(1 - MOST_REFERENCES)];
}
