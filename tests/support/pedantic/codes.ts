import { GrammarError, type Mode, Scanner } from "./scanner.ts";

export interface Code {
  readonly name: string;
  /** What stands behind the name, as text; empty when nothing does. */
  readonly data: string;
  /** The numbers of APPENDUID and COPYUID. */
  readonly sets: readonly (readonly [number, number])[][];
}

type ReadData = (scanner: Scanner) => [number, number][][] | void;

const nothing: ReadData = () => {};
const nonZero: ReadData = (scanner) => {
  scanner.space();
  scanner.nonZero();
};
const number64: ReadData = (scanner) => {
  scanner.space();
  scanner.number64();
};

/** Response codes and what they carry (RFC 3501 section 7.1, RFC 5530, and the RFC of each extension). */
const CODES: ReadonlyMap<string, ReadData> = new Map<string, ReadData>([
  ...[
    "ALERT",
    "ALREADYEXISTS",
    "AUTHENTICATIONFAILED",
    "AUTHORIZATIONFAILED",
    "CANNOT",
    "CLIENTBUG",
    "CLOSED",
    "COMPRESSIONACTIVE",
    "CONTACTADMIN",
    "CORRUPTION",
    "EXPIRED",
    "EXPUNGEISSUED",
    "HASCHILDREN",
    "INUSE",
    "LIMIT",
    "NOMODSEQ",
    "NONEXISTENT",
    "NOPERM",
    "NOTIFICATIONOVERFLOW",
    "NOTSAVED",
    "OVERQUOTA",
    "PARSE",
    "PRIVACYREQUIRED",
    "READ-ONLY",
    "READ-WRITE",
    "SERVERBUG",
    "TOOBIG",
    "TRYCREATE",
    "UIDNOTSTICKY",
    "UIDREQUIRED",
    "UNAVAILABLE",
    "UNKNOWN-CTE",
    "USEATTR",
  ].map((name): [string, ReadData] => [name, nothing]),
  ["UIDNEXT", nonZero],
  ["UIDVALIDITY", nonZero],
  ["UNSEEN", nonZero],
  ["HIGHESTMODSEQ", number64],
  ["CAPABILITY", (scanner) => {
    while (scanner.try(" ")) scanner.atom("a capability");
  }],
  ["PERMANENTFLAGS", (scanner) => {
    scanner.space();
    scanner.list(() => scanner.flag({ any: true }), { orEmpty: true });
  }],
  ["BADCHARSET", (scanner) => {
    if (scanner.try(" ")) scanner.list(() => scanner.astring());
  }],
  // RFC 4315 section 3
  ["APPENDUID", (scanner) => {
    nonZero(scanner);
    scanner.space();
    return [scanner.set()];
  }],
  ["COPYUID", (scanner) => {
    nonZero(scanner);
    scanner.space();
    const from = scanner.set();
    scanner.space();
    return [from, scanner.set()];
  }],
  // RFC 7162 section 3.1.3
  ["MODIFIED", (scanner) => {
    scanner.space();
    return [scanner.set()];
  }],
  ["BADURL", (scanner) => {
    scanner.space();
    scanner.match(/[^\]\r\n]+/y, "a URL");
  }],
  ["MAILBOXID", (scanner) => {
    scanner.space();
    scanner.match(/\([A-Za-z0-9_-]{1,255}\)/y, "an object id");
  }],
  // RFC 5464 section 4.2.1
  ["METADATA", (scanner) => {
    scanner.match(/ (?:LONGENTRIES \d+|MAXSIZE \d+|TOOMANY|NOPRIVATE)/y, "a word about annotations");
  }],
  // RFC 5267 section 4.2
  ["NOUPDATE", (scanner) => {
    scanner.space();
    scanner.string();
  }],
  // RFC 5465 section 8
  ["BADEVENT", (scanner) => {
    scanner.space();
    scanner.list(() => scanner.atom());
  }],
  // RFC 9585 section 4
  ["INPROGRESS", (scanner) => {
    if (!scanner.try(" ")) return;
    scanner.expect("(");
    if (!scanner.try("NIL")) scanner.string();
    for (let i = 0; i < 2; i++) {
      scanner.space();
      if (!scanner.try("NIL")) scanner.number();
    }
    scanner.expect(")");
  }],
  // RFC 9738 section 3.2
  ["MESSAGELIMIT", (scanner) => {
    nonZero(scanner);
    if (scanner.next === " ") nonZero(scanner);
  }],
]);

/** `[NAME data] `, up to the text; null when the text begins with no bracket. */
export function code(scanner: Scanner): Code | null {
  if (!scanner.try("[")) return null;
  const name = scanner.atom("the name of a response code");
  const readData = CODES.get(name) ?? scanner.fail(`a response code, which ${name} is not,`);
  const start = scanner.at;
  const sets = readData(scanner) ?? [];
  const data = scanner.taken(start);
  scanner.expect("] ");
  return { name, data, sets };
}

/** How many numbers the ranges have together. */
export function countOf(ranges: readonly (readonly [number, number])[]): number {
  return ranges.reduce((sum, [first, last]) => sum + Math.abs(last - first) + 1, 0);
}

/** RFC 4315 section 3: as many copies as originals, and in the order in which they were copied. */
export function checkPairs({ sets: [from, to] }: Code): void {
  if (countOf(from!) !== countOf(to!)) {
    throw new GrammarError("COPYUID does not pair each message with its copy");
  }
}

/** The names of a list of capabilities, checked for what cannot be together. */
export function capabilityNames(list: string, mode: Mode): string[] {
  const scanner = new Scanner(Uint8Array.from(list, (char) => char.charCodeAt(0)), mode);
  const names: string[] = [];
  do names.push(scanner.atom("a capability")); while (scanner.try(" "));
  if (!scanner.atEnd) scanner.fail("the end of the capabilities");
  return names;
}
