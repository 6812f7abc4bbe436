import { body, envelope } from "./body.ts";
import type { Scanner } from "./scanner.ts";

export interface FetchValue {
  /** As it was asked for: in capitals, without PEEK, `BODY[...]<origin>`. */
  readonly label: string;
  /** What some of them say: a number, flags, or the bytes of a section. */
  readonly value: number | readonly string[] | Uint8Array | string | null;
}

/** `(item value item value ...)` of a FETCH response. */
export function fetchItems(scanner: Scanner): FetchValue[] {
  return scanner.list(() => fetchItem(scanner));
}

type ReadItem = (scanner: Scanner) => FetchValue["value"];

const ITEMS: ReadonlyMap<string, ReadItem> = new Map<string, ReadItem>([
  ["FLAGS", (scanner) => scanner.list(() => scanner.flag({ recent: true }), { orEmpty: true })],
  ["UID", (scanner) => scanner.nonZero()],
  ["RFC822.SIZE", (scanner) => scanner.number64()],
  ["INTERNALDATE", (scanner) => scanner.dateTime()],
  ["RFC822", (scanner) => scanner.nstring()],
  ["RFC822.HEADER", (scanner) => scanner.nstring()],
  ["RFC822.TEXT", (scanner) => scanner.nstring()],
  ["ENVELOPE", (scanner) => read(() => envelope(scanner))],
  ["BODY", (scanner) => read(() => body(scanner, false))],
  ["BODYSTRUCTURE", (scanner) => read(() => body(scanner, true))],
  // RFC 7162 section 3.1.4.2
  ["MODSEQ", (scanner) => scanner.list(() => scanner.number64())[0]!],
  // RFC 8474 section 5
  ["EMAILID", objectId],
  ["THREADID", (scanner) => scanner.try("NIL") ? null : objectId(scanner)],
  // RFC 8514 section 4.2
  ["SAVEDATE", (scanner) => scanner.try("NIL") ? null : scanner.dateTime()],
  // RFC 8970 section 3.2
  ["PREVIEW", (scanner) => scanner.nstring()],
]);

function read(reading: () => void): null {
  reading();
  return null;
}

export function objectId(scanner: Scanner): string {
  scanner.expect("(");
  const id = scanner.match(/[A-Za-z0-9_-]{1,255}/y, "an object id");
  scanner.expect(")");
  return id;
}

function fetchItem(scanner: Scanner): FetchValue {
  const name = scanner.match(/[A-Z0-9.]+/y, "the name of a fetch item");
  if (scanner.next === "[") return section(scanner, name);
  const readItem = ITEMS.get(name) ?? scanner.fail(`a fetch item, which ${name} is not,`);
  scanner.space();
  return { label: name, value: readItem(scanner) };
}

/** BODY[...], BINARY[...] and BINARY.SIZE[...] (RFC 3501 section 7.4.2, RFC 3516 section 4.3). */
function section(scanner: Scanner, name: string): FetchValue {
  if (!["BODY", "BINARY", "BINARY.SIZE"].includes(name)) scanner.fail("an item that has sections");
  const spec = sectionSpec(scanner);
  // RFC 9051 section 9 says 32 bits here and lets 63 be asked for (`partial`): the answer must name what was asked.
  const origin = scanner.try("<") ? scanner.number64() : null;
  if (origin !== null) scanner.expect(">");
  scanner.space();
  const label = `${name}${spec}${origin === null ? "" : `<${origin}>`}`;
  if (name === "BINARY.SIZE") return { label, value: scanner.number64() };
  return { label, value: name === "BINARY" ? scanner.nstring8() : scanner.nstring() };
}

/** `[...]` in capitals, with one spelling for each list of header fields. Commands are read by it, too. */
export function sectionSpec(scanner: Scanner): string {
  scanner.expect("[");
  const path = scanner.tryMatch(/[1-9]\d*(?:\.[1-9]\d*)*/y) ?? "";
  const dot = path !== "" && scanner.try(".") ? "." : "";
  let text = "";
  if (path === "" || dot !== "") {
    text = scanner.tryMatch(/HEADER\.FIELDS\.NOT|HEADER\.FIELDS|HEADER|TEXT|MIME/iy)?.toUpperCase() ?? "";
    if (dot !== "" && text === "") scanner.fail("a section's text after the dot");
    if (text === "MIME" && path === "") scanner.fail("a part number before MIME");
  }
  if (text.startsWith("HEADER.FIELDS")) {
    scanner.space();
    text += ` (${scanner.list(() => scanner.astring().toUpperCase()).join(" ")})`;
  }
  scanner.expect("]");
  return `[${path}${dot}${text}]`;
}
