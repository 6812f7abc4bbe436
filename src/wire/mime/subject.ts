/** The base subject, by which threads are gathered (RFC 5256 section 2.1). */
import { decodeWords } from "./words.ts";

/** No person writes more; what is behind it tells no threads apart. */
const LONGEST = 4000;

/** The subject decoded, without `Re:`, `Fwd:`, `[list]`, `(fwd)` and their repetitions. The case is kept. */
export function baseSubject(subject: string): string {
  return strip(subject).base;
}

/** Whether what was taken off says that the message answers or forwards another (RFC 5256 section 3, REFERENCES). */
export function isReplySubject(subject: string): boolean {
  return strip(subject).isReply;
}

function strip(subject: string): { readonly base: string; readonly isReply: boolean } {
  // Step 1.
  const text = decodeWords(subject.slice(0, LONGEST)).replace(/[\s\0]+/g, " ");
  let start = 0;
  let end = text.length;
  let isReply = false;
  for (;;) {
    const trailers = withoutTrailers(text, start, end);
    const leaders = withoutLeaders(text, start, trailers.at);
    [start, end] = [leaders.at, trailers.at];
    isReply ||= trailers.isReply || leaders.isReply;
    // Step 6: `[fwd: ... ]` around everything, after which all begins anew.
    if (!/^\[fwd:$/i.test(text.slice(start, start + 5)) || end - start < 6 || text[end - 1] !== "]") break;
    start += 5;
    end--;
    isReply = true;
  }
  return { base: text.slice(start, end), isReply };
}

/** How far the text is left when something was taken off, and whether that was more than white space and blobs. */
interface Taken {
  readonly at: number;
  readonly isReply: boolean;
}

/** Step 2: trailing "(fwd)" and white space. */
function withoutTrailers(text: string, start: number, from: number): Taken {
  let end = from;
  let isReply = false;
  for (;;) {
    if (end > start && text[end - 1] === " ") end--;
    else if (end - start >= 5 && text.slice(end - 5, end).toLowerCase() === "(fwd)") {
      end -= 5;
      isReply = true;
    } else return { at: end, isReply };
  }
}

/** Steps 3 to 5. Blobs are scanned once: if no `Re:` follows a row of them, they all go, as long as a text is left. */
function withoutLeaders(text: string, from: number, end: number): Taken {
  let start = from;
  let isReply = false;
  for (;;) {
    while (start < end && text[start] === " ") start++;
    let behindBlobs = start;
    let lastBlob = start;
    for (let next = blobEnd(text, start, end); next > behindBlobs; next = blobEnd(text, next, end)) {
      lastBlob = behindBlobs;
      behindBlobs = next;
    }
    const behindReply = replyEnd(text, behindBlobs, end);
    if (behindReply < 0) return { at: behindBlobs < end ? behindBlobs : lastBlob, isReply };
    start = behindReply;
    isReply = true;
  }
}

/** One past `[...]` and the spaces behind it; `at` itself when there is no such blob. */
function blobEnd(text: string, at: number, end: number): number {
  if (text[at] !== "[") return at;
  let i = at + 1;
  while (i < end && text[i] !== "[" && text[i] !== "]") i++;
  if (i >= end || text[i] !== "]") return at;
  i++;
  while (i < end && text[i] === " ") i++;
  return i;
}

/** One past `re:`, `fw:` or `fwd:` (a blob may stand before the colon); -1 when there is none. */
function replyEnd(text: string, at: number, end: number): number {
  const word = /^(?:re|fwd?)/i.exec(text.slice(at, Math.min(end, at + 3)))?.[0];
  if (word === undefined) return -1;
  let i = at + word.length;
  while (i < end && text[i] === " ") i++;
  i = blobEnd(text, i, end);
  return i < end && text[i] === ":" ? i + 1 : -1;
}
