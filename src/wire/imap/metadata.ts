/** Annotations of mailboxes and of the server (RFC 5464 section 5). */
import { decodeLatin1, tryDecodeUtf8 } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";
import { OPEN, QUOTE } from "./chars.ts";
import type { Decoder } from "./decoder.ts";
import type { Encoder } from "./encoder.ts";
import { decodeMailbox, encodeMailbox } from "./mailbox.ts";

/** How many levels below a named entry are told too (RFC 5464 section 4.2.2). */
export type MetadataDepth = "0" | "1" | "infinity";

export interface GetMetadataArguments {
  /** Empty for the server. */
  readonly mailbox: string;
  readonly entries: readonly string[];
  /** Longer values are left out (section 4.2.1); null is without limit. */
  readonly maxSize: number | null;
  readonly depth: MetadataDepth;
}

export interface MetadataValue {
  readonly entry: string;
  /** Null for NIL: there is none, or there shall be none. */
  readonly value: Uint8Array | null;
}

export interface SetMetadataArguments {
  readonly mailbox: string;
  /** Each entry once; what was said last holds. */
  readonly values: readonly MetadataValue[];
}

const SLASH = 47;
const DEPTHS: readonly MetadataDepth[] = ["0", "1", "infinity"];

/**
 * The name of an entry, in lower case, since names are the same in any case (RFC 5464 section 3.2). Throws
 * `ProtocolError` for one that cannot be.
 */
export function decodeEntryName(decoder: Decoder): string {
  const name = decodeLatin1(decoder.expectAstring("the name of an entry")).toLowerCase();
  const hasScope = name.startsWith("/private/") || name.startsWith("/shared/");
  const isGood = /^[\x20-\x7e]+$/.test(name) && !/[*%]/.test(name);
  if (!hasScope || !isGood || name.includes("//") || name.endsWith("/")) {
    throw new ProtocolError("The name of an entry begins with /private/ or /shared/ and has no * or %");
  }
  return name;
}

/** The options may stand before the mailbox, as the grammar has it, or behind it, as the examples of RFC 5464 have it. */
export function decodeGetMetadata(decoder: Decoder): GetMetadataArguments {
  const options: Options = { maxSize: null, depth: "0" };
  decoder.expectSpace();
  if (tryOptions(decoder, options)) decoder.expectSpace();
  const mailbox = decodeMailbox(decoder);
  decoder.expectSpace();
  const entries = new Set<string>();
  if (decoder.next === OPEN && !decodeOptionsOrEntries(decoder, options, entries)) decoder.expectSpace();
  if (entries.size === 0) decodeEntries(decoder, entries);
  decoder.expectEnd();
  return { mailbox, entries: [...entries], ...options };
}

interface Options {
  maxSize: number | null;
  depth: MetadataDepth;
}

function tryOptions(decoder: Decoder, options: Options): boolean {
  return decoder.tryList(() => decodeOption(decoder, options));
}

function decodeOption(decoder: Decoder, options: Options): void {
  const word = decoder.expectKeyword("MAXSIZE or DEPTH");
  decoder.expectSpace();
  if (word === "MAXSIZE") {
    options.maxSize = decoder.expectNumber();
    return;
  }
  if (word !== "DEPTH") throw new ProtocolError("GETMETADATA knows MAXSIZE and DEPTH");
  const text = decoder.expectAtom("a depth").toLowerCase();
  const depth = DEPTHS.find((known) => known === text);
  if (depth === undefined) throw new ProtocolError("DEPTH is 0, 1 or infinity");
  options.depth = depth;
}

/** A list that holds either; true when it was entries. */
function decodeOptionsOrEntries(decoder: Decoder, options: Options, entries: Set<string>): boolean {
  decoder.expectList(() => {
    const isEntry = decoder.next === SLASH || decoder.next === QUOTE || decoder.next < 0;
    if (isEntry) entries.add(decodeEntryName(decoder));
    else decodeOption(decoder, options);
  });
  return entries.size > 0;
}

function decodeEntries(decoder: Decoder, entries: Set<string>): void {
  const add = () => void entries.add(decodeEntryName(decoder));
  if (!decoder.tryList(add)) add();
  if (entries.size === 0) throw new ProtocolError("Name at least one entry");
}

export function decodeSetMetadata(decoder: Decoder): SetMetadataArguments {
  decoder.expectSpace();
  const mailbox = decodeMailbox(decoder);
  decoder.expectSpace();
  const values = new Map<string, Uint8Array | null>();
  decoder.expectList(() => {
    const entry = decodeEntryName(decoder);
    decoder.expectSpace();
    values.set(entry, decoder.tryLiteral8() ?? decoder.expectNstring());
  });
  decoder.expectEnd();
  if (values.size === 0) throw new ProtocolError("Name at least one entry");
  return { mailbox, values: [...values].map(([entry, value]) => ({ entry, value })) };
}

/** `* METADATA mailbox (entry value ...)` (RFC 5464 section 4.4.1). */
export function encodeMetadata(encoder: Encoder, mailbox: string, values: readonly MetadataValue[]): void {
  encoder.text("* METADATA ");
  encodeMailbox(encoder, mailbox);
  values.forEach(({ entry, value }, i) => {
    encoder.text(i === 0 ? " (" : " ").astring(entry).text(" ");
    encodeValue(encoder, value);
  });
  encoder.line(")");
}

/** A string where it can be one; what holds NUL is a literal8 (RFC 5464 section 5 `value`). */
function encodeValue(encoder: Encoder, value: Uint8Array | null): void {
  if (value === null) {
    encoder.text("NIL");
    return;
  }
  if (value.includes(0)) {
    encoder.text("~").literal(value);
    return;
  }
  const text = tryDecodeUtf8(value);
  if (text === null) encoder.literal(value);
  else encoder.string(text);
}
