/**
 * Takes a message apart while it passes: fed in pieces of any size, it keeps the current header, the beginning of
 * one text, and a line's first kilobyte, whatever the size of the message. Every byte is looked at a bounded number
 * of times; open parts are a stack, not a recursion.
 */
import { concatBytes, CR, LF } from "../../core/bytes.ts";
import { LONGEST_DELIMITER } from "./delimiters.ts";
import type { MessageDigest } from "./digest.ts";
import { Gather } from "./gather.ts";
import { lineKind } from "./header.ts";
import { defaultMimeLimits, type MimeLimits } from "./limits.ts";
import { type Crossing, PartTree } from "./part_tree.ts";

/** A line's kind is told from this many bytes at most; until more have come, a line without its LF has to wait. */
const LINE_HEAD = LONGEST_DELIMITER;
const DASH = 45;
const NOTHING = new Uint8Array(0);

/**
 * Builds the digest of one message.
 *
 * @example
 * ```ts
 * import { DigestBuilder } from "./mod.ts";
 *
 * const builder = new DigestBuilder();
 * builder.write(new TextEncoder().encode("Subject: Hello\r\n\r\nHow are"));
 * builder.write(new TextEncoder().encode(" you?\r\n"));
 * const digest = builder.finish();
 * console.assert(digest.envelope.subject === "Hello" && digest.preview === "How are you?");
 * ```
 */
export class DigestBuilder {
  readonly #tree: PartTree;
  /** Bytes that came last and could not be judged yet; at most LINE_HEAD. */
  #carry: Uint8Array = NOTHING;
  /** Where in the message the bytes under work begin. */
  #base = 0;
  /** LFs in all bytes that are done. */
  #lines = 0;
  /** The last three bytes before `#base`: what stands before a delimiter decides where a body ends. */
  #before: readonly number[] = [0, 0, 0];
  #atLineStart = true;
  /** The line at hand cannot be judged before more bytes come. */
  #starved = false;
  #header: Gather;
  /** The first byte of the current header that is not in `#header` yet, as an index into the bytes under work. */
  #headerMark = 0;

  constructor(limits: Partial<MimeLimits> = {}) {
    this.#tree = new PartTree({ ...defaultMimeLimits, ...limits });
    this.#header = new Gather(this.#tree.headerBudget);
  }

  /** Takes the next bytes; the caller may use their memory again afterwards. */
  write(chunk: Uint8Array): void {
    const bytes = this.#carry.length === 0 ? chunk : concatBytes([this.#carry, chunk]);
    const used = this.#scan(bytes, false);
    this.#carry = used === bytes.length ? NOTHING : bytes.slice(used);
  }

  /** The digest of all that was written. The builder is of no use afterwards. */
  finish(): MessageDigest {
    this.#scan(this.#carry, true);
    this.#headerMark = 0;
    while (this.#tree.inHeader) this.#endHeader(NOTHING, 0);
    return this.#tree.finish({ offset: this.#base, lines: this.#lines, afterLf: this.#before[2] === LF });
  }

  /** Works through the bytes and returns how many are done; with `final` all of them. */
  #scan(bytes: Uint8Array, final: boolean): number {
    this.#headerMark = 0;
    this.#starved = false;
    let at = 0;
    while (at < bytes.length && !this.#starved) {
      at = this.#tree.inHeader ? this.#headerLines(bytes, at, final) : this.#bodyLines(bytes, at, final);
    }
    if (this.#tree.inHeader) this.#header.add(bytes.subarray(this.#headerMark, at));
    this.#before = [
      this.#byteBefore(bytes, at, 3),
      this.#byteBefore(bytes, at, 2),
      this.#byteBefore(bytes, at, 1),
    ];
    this.#base += at;
    return at;
  }

  /** Reads lines of a header until it ends, or the bytes do. */
  #headerLines(bytes: Uint8Array, from: number, final: boolean): number {
    let at = from;
    while (at < bytes.length) {
      if (this.#atLineStart) {
        const end = headEnd(bytes, at, final);
        if (end < 0) {
          this.#starved = true;
          return at;
        }
        const crossing = this.#tree.hasBoundary ? this.#crossing(bytes, at, end) : null;
        if (crossing !== null) return this.#cross(crossing, bytes, { start: at, end });
        const kind = lineKind(bytes, at, end, this.#base + at === this.#tree.headerStart);
        if (kind === "blank") {
          this.#lines++;
          this.#endHeader(bytes, end);
          return end;
        }
        if (kind === "other") {
          this.#endHeader(bytes, at);
          return at;
        }
      }
      at = this.#passLine(bytes, at);
    }
    return at;
  }

  /** Reads a body until a delimiter stands in it, or the bytes end. */
  #bodyLines(bytes: Uint8Array, from: number, final: boolean): number {
    const { hasBoundary, wanted } = this.#tree;
    let at = from;
    let crossing: Crossing | null = null;
    let end = 0;
    while (at < bytes.length) {
      if (hasBoundary && this.#atLineStart && bytes[at] === DASH) {
        end = headEnd(bytes, at, final);
        this.#starved = end < 0;
        if (this.#starved) break;
        crossing = this.#crossing(bytes, at, end);
        if (crossing !== null) break;
      }
      at = this.#passLine(bytes, at);
    }
    wanted?.add(bytes.subarray(from, at));
    return crossing === null ? at : this.#cross(crossing, bytes, { start: at, end });
  }

  /** Passes the rest of a line, or of the bytes. */
  #passLine(bytes: Uint8Array, at: number): number {
    const lf = bytes.indexOf(LF, at);
    this.#atLineStart = lf >= 0;
    if (lf < 0) return bytes.length;
    this.#lines++;
    return lf + 1;
  }

  #crossing(bytes: Uint8Array, start: number, end: number): Crossing | null {
    const possible = bytes[start] === DASH && bytes[start + 1] === DASH && end - start <= LONGEST_DELIMITER;
    return possible ? this.#tree.delimiter(bytes, start, end) : null;
  }

  /** Passes a delimiter line and returns where the next one begins. */
  #cross(
    crossing: Crossing,
    bytes: Uint8Array,
    line: { readonly start: number; readonly end: number },
  ): number {
    while (this.#tree.inHeader) this.#endHeader(bytes, line.start);
    // RFC 2046 section 5.1.1: the line's end before the delimiter belongs to the delimiter.
    const width = this.#byteBefore(bytes, line.start, 2) === CR ? 2 : 1;
    const offset = this.#base + line.start;
    const afterLf = this.#byteBefore(bytes, line.start, width + 1) === LF;
    const ends = {
      cut: { offset: offset - width, lines: this.#lines - 1, afterLf },
      full: { offset, lines: this.#lines, afterLf: true },
    };
    const next = this.#passLine(bytes, line.start);
    this.#tree.cross(crossing, ends, this.#base + next);
    this.#beginHeader(next);
    return next;
  }

  /** The current header ends at index `at` of the bytes. */
  #endHeader(bytes: Uint8Array, at: number): void {
    const piece = bytes.subarray(this.#headerMark, at);
    const whole = this.#header.bytes.length === 0 && piece.length <= this.#header.limit;
    if (!whole) this.#header.add(piece);
    this.#tree.endHeader(whole ? piece : this.#header.bytes, this.#base + at, this.#lines);
    this.#beginHeader(at);
  }

  #beginHeader(at: number): void {
    this.#header = new Gather(this.#tree.headerBudget);
    this.#headerMark = at;
  }

  /** The byte that stands `back` bytes before index `at`. */
  #byteBefore(bytes: Uint8Array, at: number, back: number): number {
    return at >= back ? bytes[at - back]! : this.#before[3 + at - back]!;
  }
}

/** One past the line at `at`, or past what is needed to judge it; -1 when more bytes are needed. */
function headEnd(bytes: Uint8Array, at: number, final: boolean): number {
  const lf = bytes.indexOf(LF, at);
  if (lf >= 0) return lf + 1;
  const left = bytes.length - at;
  // A complete head without LF cannot be a delimiter: one byte more than `LONGEST_DELIMITER` says so.
  return left > LINE_HEAD ? bytes.length : final ? bytes.length : -1;
}
