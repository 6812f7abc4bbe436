import { type Code, code } from "./codes.ts";
import { fetchItems, type FetchValue, objectId } from "./fetch_items.ts";
import { type Mode, Scanner } from "./scanner.ts";

/** One response, read by the grammar. */
export type Response =
  | { readonly kind: "continue" }
  | {
    readonly kind: "status";
    readonly tag: string | null;
    readonly status: "OK" | "NO" | "BAD" | "BYE" | "PREAUTH";
    readonly code: Code | null;
  }
  | { readonly kind: "exists" | "recent" | "expunge"; readonly number: number }
  | {
    readonly kind: "fetch";
    readonly by: "sequence" | "uid";
    readonly number: number;
    readonly items: readonly FetchValue[];
  }
  | { readonly kind: "capability" | "enabled"; readonly names: readonly string[] }
  | { readonly kind: "search" | "sort"; readonly numbers: readonly number[] }
  | { readonly kind: "esearch"; readonly search: ExtendedSearch }
  | { readonly kind: "thread"; readonly numbers: readonly number[] }
  | {
    readonly kind: "vanished";
    readonly earlier: boolean;
    readonly uids: readonly (readonly [number, number])[];
  }
  | { readonly kind: "status-of"; readonly items: readonly string[] }
  | { readonly kind: "list"; readonly verb: string; readonly name: string }
  | { readonly kind: "other"; readonly name: string };

export interface ExtendedSearch {
  readonly tag: string | null;
  readonly byUid: boolean;
  readonly mailbox: string | null;
  readonly values: ReadonlyMap<string, number | readonly (readonly [number, number])[] | null>;
}

const STATUSES = ["OK", "NO", "BAD", "BYE", "PREAUTH"] as const;

export function parseResponse(bytes: Uint8Array, mode: Mode): Response {
  const scanner = new Scanner(bytes, mode);
  const response = read(scanner);
  scanner.end();
  return response;
}

function read(scanner: Scanner): Response {
  if (scanner.try("+ ")) {
    scanner.match(/[\x20-\x7e]*/y, "text");
    return { kind: "continue" };
  }
  const tag = scanner.try("* ")
    ? null
    : scanner.match(/[^(){ %*"\\+\x00-\x1f\x7f-\xff]+ /y, "a tag").slice(0, -1);
  const start = scanner.at;
  const word = scanner.match(/[A-Z0-9]+/y, "a response's name");
  const status = STATUSES.find((known) => known === word);
  if (status !== undefined) return readStatus(scanner, tag, status);
  if (tag !== null) scanner.fail("OK, NO or BAD");
  if (/^\d+$/.test(word)) {
    scanner.at = start;
    return readNumbered(scanner);
  }
  const readData = DATA.get(word) ?? scanner.fail(`a response, which ${word} is not,`);
  return readData(scanner);
}

function readStatus(
  scanner: Scanner,
  tag: string | null,
  status: "OK" | "NO" | "BAD" | "BYE" | "PREAUTH",
): Response {
  if (tag !== null && (status === "BYE" || status === "PREAUTH")) scanner.fail("OK, NO or BAD");
  scanner.space();
  const found = code(scanner);
  // RFC 3501 section 9: at least one character, none of them a line end; UTF-8 only where it is on.
  if (scanner.mode.utf8) scanner.match(/[^\r\n\0]+/y, "text");
  else scanner.match(/[\x01-\x09\x0b\x0c\x0e-\x7f]+/y, "ASCII text");
  return { kind: "status", tag, status, code: found };
}

function readNumbered(scanner: Scanner): Response {
  const number = scanner.number();
  scanner.space();
  if (scanner.try("EXISTS")) return { kind: "exists", number };
  if (scanner.try("RECENT")) return { kind: "recent", number };
  if (number === 0) scanner.fail("a number greater than zero");
  if (scanner.try("EXPUNGE")) return { kind: "expunge", number };
  const by = scanner.try("UIDFETCH ") ? "uid" : "sequence";
  if (by === "sequence") scanner.expect("FETCH ");
  return { kind: "fetch", by, number, items: fetchItems(scanner) };
}

type ReadData = (scanner: Scanner) => Response;

const DATA: ReadonlyMap<string, ReadData> = new Map<string, ReadData>([
  ["CAPABILITY", (scanner) => {
    const names: string[] = [];
    while (scanner.try(" ")) names.push(scanner.atom("a capability"));
    return { kind: "capability", names };
  }],
  ["ENABLED", (scanner) => {
    const names: string[] = [];
    while (scanner.try(" ")) names.push(scanner.atom("a capability"));
    return { kind: "enabled", names };
  }],
  ["FLAGS", (scanner) => {
    scanner.space();
    scanner.list(() => scanner.flag(), { orEmpty: true });
    return { kind: "other", name: "FLAGS" };
  }],
  ["SEARCH", (scanner) => ({ kind: "search", numbers: found(scanner) })],
  ["SORT", (scanner) => ({ kind: "sort", numbers: found(scanner) })],
  ["ESEARCH", readEsearch],
  ["THREAD", readThread],
  ["VANISHED", (scanner) => {
    const earlier = scanner.try(" (EARLIER)");
    scanner.space();
    return { kind: "vanished", earlier, uids: scanner.set() };
  }],
  ["STATUS", readStatusOf],
  ["LIST", (scanner) => readList(scanner, "LIST")],
  ["LSUB", (scanner) => readList(scanner, "LSUB")],
  ["NAMESPACE", readNamespace],
  ["ID", (scanner) => {
    scanner.space();
    if (!scanner.try("NIL")) {
      scanner.list(() => {
        scanner.string();
        scanner.space();
        scanner.nstring();
      });
    }
    return { kind: "other", name: "ID" };
  }],
  // RFC 4314 sections 3.6 to 3.8
  ["ACL", (scanner) => {
    scanner.space();
    scanner.mailbox();
    while (scanner.try(" ")) {
      scanner.astring();
      scanner.space();
      scanner.astring();
    }
    return { kind: "other", name: "ACL" };
  }],
  ["LISTRIGHTS", (scanner) => {
    scanner.space();
    scanner.mailbox();
    scanner.space();
    scanner.astring();
    scanner.space();
    scanner.astring();
    while (scanner.try(" ")) scanner.astring();
    return { kind: "other", name: "LISTRIGHTS" };
  }],
  ["MYRIGHTS", (scanner) => {
    scanner.space();
    scanner.mailbox();
    scanner.space();
    scanner.astring();
    return { kind: "other", name: "MYRIGHTS" };
  }],
  // RFC 9208 sections 4.2 and 5
  ["QUOTA", (scanner) => {
    scanner.space();
    scanner.astring();
    scanner.space();
    scanner.list(() => {
      scanner.atom();
      scanner.space();
      scanner.number64();
      scanner.space();
      scanner.number64();
    }, { orEmpty: true });
    return { kind: "other", name: "QUOTA" };
  }],
  ["QUOTAROOT", (scanner) => {
    scanner.space();
    scanner.mailbox();
    while (scanner.try(" ")) scanner.astring();
    return { kind: "other", name: "QUOTAROOT" };
  }],
  // RFC 5464 section 5
  ["METADATA", (scanner) => {
    scanner.space();
    scanner.mailbox();
    scanner.space();
    if (scanner.next === "(") {
      scanner.list(() => {
        entryName(scanner);
        scanner.space();
        scanner.nstring8();
      });
    } else {
      do entryName(scanner); while (scanner.try(" "));
    }
    return { kind: "other", name: "METADATA" };
  }],
]);

function entryName(scanner: Scanner): void {
  const name = scanner.astring();
  if (!/^\/(?:private|shared)\/[^*%]*[^*%/]$/i.test(name) || name.includes("//")) {
    scanner.fail("an entry's name before this");
  }
}

/** Numbers, each once, then perhaps the mod-sequence (RFC 7162 section 3.1.5). */
function found(scanner: Scanner): number[] {
  const numbers: number[] = [];
  while (scanner.try(" ")) {
    if (scanner.try("(MODSEQ ")) {
      scanner.number64();
      scanner.expect(")");
      break;
    }
    numbers.push(scanner.nonZero());
  }
  if (new Set(numbers).size !== numbers.length) scanner.fail("each number once");
  return numbers;
}

/** RFC 4731 section 3.1, RFC 4466 section 2.6.2, RFC 7377 section 2.1. */
function readEsearch(scanner: Scanner): Response {
  let tag: string | null = null;
  let mailbox: string | null = null;
  if (scanner.try(" (TAG ")) {
    tag = scanner.text();
    if (scanner.try(" MAILBOX ")) {
      mailbox = scanner.mailbox();
      scanner.expect(" UIDVALIDITY ");
      scanner.nonZero();
    }
    scanner.expect(")");
  }
  const byUid = scanner.try(" UID");
  const values = new Map<string, number | [number, number][] | null>();
  while (scanner.try(" ")) {
    const name = scanner.atom("a return value");
    if (values.has(name) && !["ADDTO", "REMOVEFROM"].includes(name)) scanner.fail("each return value once");
    scanner.space();
    values.set(name, returnValue(scanner, name));
  }
  return { kind: "esearch", search: { tag, byUid, mailbox, values } };
}

function returnValue(scanner: Scanner, name: string): number | [number, number][] | null {
  switch (name) {
    case "MIN":
    case "MAX":
      return scanner.nonZero();
    case "COUNT":
      return scanner.number();
    case "MODSEQ":
      return scanner.number64();
    case "ALL":
      return scanner.set();
    case "PARTIAL": {
      // RFC 9394 section 3.1
      scanner.expect("(");
      scanner.match(/-?[1-9]\d*:-?[1-9]\d* /y, "a range");
      const set = scanner.try("NIL") ? null : scanner.set();
      scanner.expect(")");
      return set;
    }
    case "ADDTO":
    case "REMOVEFROM":
      // RFC 5267 section 4.3
      scanner.expect("(");
      do {
        scanner.number();
        scanner.space();
        scanner.set();
      } while (scanner.try(" "));
      scanner.expect(")");
      return null;
    case "RELEVANCY":
      scanner.list(() => scanner.number(), { orEmpty: true });
      return null;
    default:
      return scanner.fail(`a return value, which ${name} is not,`);
  }
}

/** RFC 5256 section 4. A stack in place of recursion, since threads can be long. */
function readThread(scanner: Scanner): Response {
  const numbers: number[] = [];
  if (scanner.try(" ")) {
    let depth = 0;
    do {
      if (scanner.try("(")) depth++;
      else if (scanner.try(")")) depth--;
      else {
        numbers.push(scanner.nonZero());
        if (scanner.next !== ")") scanner.space();
      }
      if (depth < 0) scanner.fail("parentheses in pairs");
    } while (depth > 0 || scanner.next === "(");
  }
  if (new Set(numbers).size !== numbers.length) scanner.fail("each number once");
  return { kind: "thread", numbers };
}

const STATUS_NUMBERS = ["MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "DELETED", "SIZE"];

function readStatusOf(scanner: Scanner): Response {
  scanner.space();
  scanner.mailbox();
  scanner.space();
  const items = scanner.list(() => {
    const name = scanner.atom("a status item");
    scanner.space();
    if (name === "MAILBOXID") objectId(scanner);
    else if (name === "APPENDLIMIT" && scanner.try("NIL")) return name;
    else if (STATUS_NUMBERS.includes(name)) scanner.number64();
    else if (["HIGHESTMODSEQ", "DELETED-STORAGE", "APPENDLIMIT"].includes(name)) scanner.number64();
    else scanner.fail(`a status item, which ${name} is not,`);
    return name;
  }, { orEmpty: true });
  return { kind: "status-of", items };
}

/** RFC 3501 section 9 `mailbox-list`, RFC 5258 section 6 `mbox-list-extended`. */
function readList(scanner: Scanner, verb: string): Response {
  scanner.space();
  const attributes: string[] = [];
  scanner.list(() => {
    attributes.push(scanner.match(/\\[^(){ %*"\\\]\x00-\x1f\x7f-\xff]+/y, "an attribute").toLowerCase());
  }, { orEmpty: true });
  if (new Set(attributes).size < attributes.length) scanner.fail("each attribute once");
  // RFC 3501 section 9 `mbx-list-sflag`, RFC 5258 section 6: "only one per LIST response".
  if (attributes.filter((name) => SELECTABILITY.has(name)).length > 1) {
    scanner.fail("one of \\NonExistent, \\Noselect, \\Marked and \\Unmarked");
  }
  scanner.space();
  if (!scanner.try("NIL")) scanner.match(/"(?:[^"\\\r\n]|\\["\\])"/y, "a delimiter");
  scanner.space();
  const name = scanner.mailbox();
  if (scanner.try(" ")) {
    scanner.list(() => {
      scanner.astring();
      scanner.space();
      taggedValue(scanner);
    });
  }
  return { kind: "list", verb, name };
}

const SELECTABILITY: ReadonlySet<string> = new Set(["\\nonexistent", "\\noselect", "\\marked", "\\unmarked"]);

/** RFC 4466 section 3 `tagged-ext-val`. */
function taggedValue(scanner: Scanner): void {
  if (scanner.next !== "(") return void scanner.set();
  scanner.list(() => {
    if (scanner.next === "(") taggedValue(scanner);
    else scanner.nstring8OrAtom();
  }, { orEmpty: true });
}

/** RFC 2342 section 6. */
function readNamespace(scanner: Scanner): Response {
  for (let i = 0; i < 3; i++) {
    scanner.space();
    if (scanner.try("NIL")) continue;
    scanner.expect("(");
    do {
      scanner.expect("(");
      scanner.string();
      scanner.space();
      if (!scanner.try("NIL")) scanner.match(/"(?:[^"\\\r\n]|\\["\\])"/y, "a delimiter");
      while (scanner.try(" ")) {
        scanner.string();
        scanner.space();
        scanner.list(() => scanner.string());
      }
      scanner.expect(")");
    } while (scanner.next === "(");
    scanner.expect(")");
  }
  return { kind: "other", name: "NAMESPACE" };
}
