/**
 * Flags in an mbox: `Status`, `X-Status` and `X-Keywords`, which programs keep at the end of a message's header, and what Thunderbird
 * keeps at its beginning: `X-Mozilla-Status`, `X-Mozilla-Status2` and `X-Mozilla-Keys`.
 */
import { concatBytes, decodeLatin1, encodeLatin1 } from "../../core/bytes.ts";

const SYSTEM: readonly (readonly [letter: string, flag: string])[] = [
  ["A", "\\Answered"],
  ["F", "\\Flagged"],
  ["D", "\\Deleted"],
  ["T", "\\Draft"],
];
/** What programs write behind a message's own fields; each at most once. */
const OWN: ReadonlySet<string> = new Set([
  "status",
  "x-status",
  "x-keywords",
  "content-length",
  "x-uid",
  "x-imap",
  "x-imapbase",
  "lines",
]);

/** Bits of `X-Mozilla-Status`. What is expunged stays in the file until the folder is compacted. */
const MOZILLA: readonly (readonly [bit: number, flag: string])[] = [
  [0x0001, "\\Seen"],
  [0x0002, "\\Answered"],
  [0x0004, "\\Flagged"],
  [0x0008, "\\Deleted"],
  [0x1000, "$Forwarded"],
];
const MOZILLA_OWN: ReadonlySet<string> = new Set([
  "x-mozilla-status",
  "x-mozilla-status2",
  "x-mozilla-keys",
  "x-account-key",
  "x-uidl",
]);

export interface MboxHeader {
  /** Without the fields of the mbox. Line ends as they were. */
  readonly header: Uint8Array;
  readonly flags: readonly string[];
  /** As the field says; null when there is none that makes sense. */
  readonly contentLength: number | null;
}

/** The fields of `mboxFields`, from the last to the first. */
const OURS: readonly string[] = ["x-keywords", "x-status", "status"];

/**
 * Takes the mbox's own fields from the two ends of a header, up to the blank line, which is not part of it. With `mayBeOurs` the three
 * that this program writes are all: what stands before them is the message's own, also a `Content-Length`.
 */
export function readMboxHeader(
  bytes: Uint8Array,
  { mayBeOurs = false }: { readonly mayBeOurs?: boolean } = {},
): MboxHeader {
  const lines = linesOf(bytes);
  const isOurs = mayBeOurs && OURS.every((name, i) => fieldOf(lines.at(-1 - i)).name === name);
  const last = takeOwn(lines, -1, new Set(isOurs ? OURS : OWN));
  // Where a program has its fields at the end, those at the beginning are the message's own.
  const isThunderbird = !last.has("status") &&
    lines.some((line) => fieldOf(line).name === "x-mozilla-status");
  const first = isThunderbird ? takeOwn(lines, 0, MOZILLA_OWN) : new Map<string, string>();
  const claimed = last.get("content-length") ?? "";
  return {
    header: concatBytes(lines),
    flags: [...new Set([...flagsOf(last), ...mozillaFlags(first)])],
    contentLength: /^\d{1,12}$/.test(claimed) ? Number(claimed) : null,
  };
}

/** Takes the fields of these names, each at most once, from the end of the lines, or from their beginning (`place` 0). */
function takeOwn(lines: Uint8Array[], place: 0 | -1, names: ReadonlySet<string>): Map<string, string> {
  const own = new Map<string, string>();
  for (let line = lines.at(place); line !== undefined; line = lines.at(place)) {
    const { name, value } = fieldOf(line);
    if (!names.has(name) || own.has(name)) break;
    own.set(name, value);
    lines.splice(place, 1);
  }
  return own;
}

function fieldOf(line: Uint8Array | undefined): { readonly name: string; readonly value: string } {
  const text = line === undefined ? "" : decodeLatin1(line);
  const colon = text.indexOf(":");
  return { name: text.slice(0, Math.max(0, colon)).toLowerCase(), value: text.slice(colon + 1).trim() };
}

function flagsOf(own: ReadonlyMap<string, string>): string[] {
  const [status, more, keywords] = ["status", "x-status", "x-keywords"].map((name) => own.get(name) ?? "");
  return [
    ...(status!.includes("R") ? ["\\Seen"] : []),
    ...SYSTEM.filter(([letter]) => more!.includes(letter)).map(([, flag]) => flag),
    ...wordsOf(keywords!),
  ];
}

function mozillaFlags(own: ReadonlyMap<string, string>): string[] {
  const status = own.get("x-mozilla-status") ?? "";
  const bits = /^[0-9a-fA-F]{1,8}$/.test(status) ? parseInt(status, 16) : 0;
  return [
    ...MOZILLA.filter(([bit]) => (bits & bit) !== 0).map(([, flag]) => flag),
    ...wordsOf(own.get("x-mozilla-keys") ?? ""),
  ];
}

function wordsOf(text: string): string[] {
  return text.split(/[ ,]+/).filter((word) => word !== "");
}

/** The fields for the end of a header; all three, always, so that nothing of the message itself is taken for one of them. */
export function mboxFields(flags: readonly string[]): Uint8Array {
  const letters = SYSTEM.filter(([, flag]) => flags.includes(flag)).map(([letter]) => letter).join("");
  const keywords = flags.filter((flag) => !flag.startsWith("\\")).join(" ");
  const status = flags.includes("\\Seen") ? "RO" : "O";
  return encodeLatin1(`Status: ${status}\nX-Status: ${letters}\nX-Keywords: ${keywords}\n`);
}

/** Lines with their ends. */
function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const lf = bytes.indexOf(10, at);
    const end = lf < 0 ? bytes.length : lf + 1;
    lines.push(bytes.subarray(at, end));
    at = end;
  }
  return lines;
}
