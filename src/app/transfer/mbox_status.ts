/** Flags in an mbox: `Status`, `X-Status` and `X-Keywords`, which programs keep at the end of a message's header. */
import { decodeLatin1, encodeLatin1 } from "../../core/bytes.ts";

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

export interface MboxHeader {
  /** Without the fields of the mbox. Line ends as they were. */
  readonly header: Uint8Array;
  readonly flags: readonly string[];
  /** As the field says; null when there is none that makes sense. */
  readonly contentLength: number | null;
}

/** Takes the mbox's own fields from the end of a header, up to the blank line, which is not part of it. */
export function readMboxHeader(bytes: Uint8Array): MboxHeader {
  const lines = linesOf(bytes);
  const own = new Map<string, string>();
  while (lines.length > 0) {
    const text = decodeLatin1(lines.at(-1)!);
    const colon = text.indexOf(":");
    const name = text.slice(0, colon).toLowerCase();
    if (colon < 1 || !OWN.has(name) || own.has(name)) break;
    own.set(name, text.slice(colon + 1).trim());
    lines.pop();
  }
  const length = lines.reduce((sum, line) => sum + line.length, 0);
  const claimed = own.get("content-length") ?? "";
  return {
    header: bytes.subarray(0, length),
    flags: flagsOf(own),
    contentLength: /^\d{1,12}$/.test(claimed) ? Number(claimed) : null,
  };
}

function flagsOf(own: ReadonlyMap<string, string>): string[] {
  const [status, more, keywords] = ["status", "x-status", "x-keywords"].map((name) => own.get(name) ?? "");
  return [
    ...(status!.includes("R") ? ["\\Seen"] : []),
    ...SYSTEM.filter(([letter]) => more!.includes(letter)).map(([, flag]) => flag),
    ...keywords!.split(/[ ,]+/).filter((word) => word !== ""),
  ];
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
