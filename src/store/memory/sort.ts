import { inRanges } from "../ranges.ts";
import type { SortCriterion, SortRequest } from "../ordering.ts";
import { distinctCriteria, type SortColumn, sortMessages } from "../sort_messages.ts";
import { searchMailbox } from "./search.ts";
import type { MemoryMailbox, MemoryMessage } from "./state.ts";

type Value = (message: MemoryMessage) => number | string;

const VALUES: Readonly<Record<Exclude<SortCriterion, "relevancy">, Value>> = {
  "arrival": ({ internalDate }) => internalDate,
  "cc": ({ body }) => body.sortKeys.cc,
  // RFC 5256 section 2.2.
  "date": ({ body, internalDate }) => body.sortKeys.sentAt ?? internalDate,
  "from": ({ body }) => body.sortKeys.from,
  "size": ({ body }) => body.bytes.length,
  "subject": ({ body }) => body.sortKeys.subject,
  "to": ({ body }) => body.sortKeys.to,
  "displayfrom": ({ body }) => body.sortKeys.displayFrom,
  "displayto": ({ body }) => body.sortKeys.displayTo,
};

export function* sortMailbox(mailbox: MemoryMailbox, request: SortRequest): Generator<number, number[]> {
  const messages = foundMessages(mailbox, yield* searchMailbox(mailbox, request.key));
  const order = distinctCriteria(request.order);
  const columns = order.map(({ by }) => {
    const value: Value = by === "relevancy"
      ? ({ uid }) => inRanges(request.best ?? [], uid) ? 0 : 1
      : VALUES[by];
    return messages.map(value) as SortColumn;
  });
  const uids = Uint32Array.from(messages, ({ uid }) => uid);
  return [...yield* sortMessages({ uids, columns }, order)];
}

/** Those that were not expunged while the search went on. */
export function foundMessages(mailbox: MemoryMailbox, uids: readonly number[]): MemoryMessage[] {
  return uids.flatMap((uid) => mailbox.messages.get(uid) ?? []);
}
