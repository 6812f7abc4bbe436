import { ProtocolError } from "../../core/errors.ts";
import { CLOSE_BRACKET, DOT, GREATER, isAtomChar, LESS, OPEN_BRACKET, ZERO } from "./chars.ts";
import type { Decoder } from "./decoder.ts";
import type { Encoder } from "./encoder.ts";
import { decodeNumber64 } from "./modseq.ts";

/** What of a message `BODY[...]<...>` asks for (RFC 3501 section 6.4.5). */
export interface Section {
  /** Part numbers; empty for the message itself. */
  readonly path: readonly number[];
  readonly text: "" | "HEADER" | "HEADER.FIELDS" | "HEADER.FIELDS.NOT" | "MIME" | "TEXT";
  /** Names of header fields, as the client wrote them. */
  readonly fields: readonly string[];
  readonly partial: { readonly start: number; readonly length: number } | null;
}

export const WHOLE_MESSAGE: Section = { path: [], text: "", fields: [], partial: null };

/** Deeper part numbers than any structure we build; a longer path is answered NIL without being looked up. */
const MAX_PATH = 200;
const MAX_FIELDS = 500;

/** Reads from the bracket to the end of `<start.length>`. */
export function decodeSection(decoder: Decoder): Section {
  const section = decodeBrackets(decoder);
  return { ...section, partial: decodePartial(decoder) };
}

function decodeBrackets(decoder: Decoder): Omit<Section, "partial"> {
  decoder.expectByte(OPEN_BRACKET);
  const path: number[] = [];
  let text: Section["text"] = "";
  while (decoder.next !== CLOSE_BRACKET) {
    if (decoder.next === ZERO) throw new ProtocolError("No such part number");
    const number = decoder.tryNumber();
    if (number === null) {
      text = decodeSectionText(decoder, path.length > 0);
      break;
    }
    if (path.push(number) > MAX_PATH) throw new ProtocolError("No such part number");
    if (!decoder.tryByte(DOT)) break;
    if (decoder.next === CLOSE_BRACKET) decoder.fail("a part number after the dot");
  }
  const fields = text.startsWith("HEADER.FIELDS") ? decodeFields(decoder) : [];
  decoder.expectByte(CLOSE_BRACKET);
  return { path, text, fields };
}

function decodeSectionText(decoder: Decoder, hasPath: boolean): Section["text"] {
  const word = decoder.tryRun(isAtomChar)?.toUpperCase();
  switch (word) {
    case "HEADER":
    case "TEXT":
    case "HEADER.FIELDS":
    case "HEADER.FIELDS.NOT":
      return word;
    case "MIME":
      if (hasPath) return word;
      throw new ProtocolError("MIME needs a part number before it");
    default:
      throw new ProtocolError("The section must be HEADER, HEADER.FIELDS, HEADER.FIELDS.NOT, MIME or TEXT");
  }
}

function decodeFields(decoder: Decoder): string[] {
  const fields: string[] = [];
  decoder.expectSpace();
  decoder.expectList(() => {
    fields.push(decoder.expectText("a header field name"));
    if (fields.length > MAX_FIELDS) throw new ProtocolError("Too many header fields in one section");
  });
  if (fields.length === 0) throw new ProtocolError("Name at least one header field");
  return fields;
}

/** RFC 3516 section 7 `section-binary`: part numbers only, which may be missing. */
export function decodeBinarySection(decoder: Decoder): readonly number[] {
  const { path, text } = decodeBrackets(decoder);
  if (text !== "") throw new ProtocolError("BINARY takes part numbers only");
  return path;
}

/** `<start.length>`, each of up to 63 bits (RFC 9051 section 9 `partial`), or null when none stands here. */
export function decodePartial(decoder: Decoder): Section["partial"] {
  if (!decoder.tryByte(LESS)) return null;
  const start = decodeNumber64(decoder, "the number of the first byte");
  decoder.expectByte(DOT);
  const length = decodeNumber64(decoder, "a number of bytes");
  if (length === 0) decoder.fail("a number greater than zero");
  decoder.expectByte(GREATER);
  return { start, length };
}

/** Writes the section of BINARY or BINARY.SIZE as it stands in the answer. */
export function encodeBinarySection(
  encoder: Encoder,
  path: readonly number[],
  partial: Section["partial"],
): void {
  encodeSection(encoder, { ...WHOLE_MESSAGE, path, partial });
}

/** Writes the section as it stands in the answer: with the start of a partial fetch, without its length. */
export function encodeSection(encoder: Encoder, section: Section): void {
  encoder.text("[").text(section.path.join("."));
  if (section.path.length > 0 && section.text !== "") encoder.text(".");
  encoder.text(section.text);
  if (section.fields.length > 0) {
    encoder.text(" (");
    section.fields.forEach((field, i) => encoder.text(i === 0 ? "" : " ").astring(field));
    encoder.text(")");
  }
  encoder.text("]");
  if (section.partial !== null) encoder.text(`<${section.partial.start}>`);
}
