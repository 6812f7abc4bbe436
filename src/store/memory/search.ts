import { compileKey, type SearchSubject } from "../evaluate.ts";
import type { SearchKey, SearchOptions } from "../search.ts";
import type { MemoryMailbox, MemoryMessage } from "./state.ts";

export function* searchMailbox(
  mailbox: MemoryMailbox,
  key: SearchKey,
  options?: SearchOptions,
): Generator<number, number[]> {
  const compiled = compileKey(key);
  const found: number[] = [];
  const messages = [...mailbox.messages.values()];
  for (const [place, message] of messages.entries()) {
    yield 100;
    options?.onProgress?.(place, messages.length);
    const subject = subjectOf(message);
    if (compiled.test(subject.row) ?? (yield* compiled.examine(subject))) found.push(message.uid);
  }
  return found;
}

function subjectOf(message: MemoryMessage): SearchSubject {
  const { uid, modseq, bits, keywords, internalDate, savedAt, body } = message;
  return {
    row: {
      uid,
      modseq,
      bits,
      keywords,
      internalDate,
      savedAt,
      size: body.bytes.length,
      bodyId: body.id,
    },
    digest: () => body.digest,
    read: (start, end) => body.bytes.subarray(start, end),
  };
}
