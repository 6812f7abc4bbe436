import type { ThreadList, ThreadRequest } from "../ordering.ts";
import { threadMessages } from "../threading.ts";
import { searchMailbox } from "./search.ts";
import { foundMessages } from "./sort.ts";
import type { MemoryMailbox } from "./state.ts";

/** RFC 5256 section 3, BASE.6.4.THREAD. */
export function* threadMailbox(
  mailbox: MemoryMailbox,
  { key, algorithm }: ThreadRequest,
): Generator<number, ThreadList> {
  const messages = foundMessages(mailbox, yield* searchMailbox(mailbox, key));
  const keys = messages.map(({ body }) => body.sortKeys);
  let end = 0;
  return yield* threadMessages({
    uids: Uint32Array.from(messages, ({ uid }) => uid),
    dates: Float64Array.from(messages, ({ body, internalDate }) => body.sortKeys.sentAt ?? internalDate),
    subjects: keys.map(({ subject }) => subject),
    isReply: keys.map(({ isReply }) => isReply),
    links: Float64Array.from(keys.flatMap(({ messageId, references }) => [messageId, ...references])),
    linkEnds: Uint32Array.from(keys, ({ references }) => end += 1 + references.length),
  }, algorithm);
}
