import { concatBytes, CR, LF } from "../core/bytes.ts";

/** The header of the message that a report is about. */
export interface OriginalHeader {
  /** Whole lines, each with its end; without the blank line. */
  readonly bytes: Uint8Array;
  /** The header is longer than what was read. */
  readonly cut: boolean;
}

/** Reads a message up to its blank line, or up to the last whole line within the limit. */
export async function readHeader(content: AsyncIterable<Uint8Array>, limit: number): Promise<OriginalHeader> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of content) {
    parts.push(chunk);
    length += chunk.length;
    // Two more, so that a blank line right behind the limit is seen.
    if (length >= limit + 2) break;
  }
  const bytes = concatBytes(parts);
  const blankLine = findBlankLine(bytes);
  const end = blankLine < 0 ? bytes.length : blankLine;
  if (end <= limit) return { bytes: bytes.subarray(0, end), cut: false };
  const whole = bytes.subarray(0, limit).lastIndexOf(LF) + 1;
  return { bytes: bytes.subarray(0, whole), cut: true };
}

/** Where the blank line begins; -1 when there is none. */
function findBlankLine(bytes: Uint8Array): number {
  let lineStart = 0;
  for (;;) {
    if (bytes[lineStart] === LF) return lineStart;
    if (bytes[lineStart] === CR && bytes[lineStart + 1] === LF) return lineStart;
    const lf = bytes.indexOf(LF, lineStart);
    if (lf < 0) return -1;
    lineStart = lf + 1;
  }
}

/** Reads a message whole. */
export async function readAll(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of content) parts.push(chunk);
  return concatBytes(parts);
}
