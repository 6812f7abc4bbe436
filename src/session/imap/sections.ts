import type { ByteRange, HeaderPick } from "../../store/mod.ts";
import type { Section } from "../../wire/imap/mod.ts";
import { findPart, type Part } from "../../wire/mime/mod.ts";
import type { FetchRow } from "./fetch_rows.ts";

/** Where in the stored bytes a section is. */
export interface Located {
  readonly range: ByteRange;
  /** The fields to be picked out of what is there then, a header; null for the bytes as they are. */
  readonly pick: HeaderPick | null;
}

/**
 * More of a header than this is not looked through for single fields. Not in the configuration: it bounds what one message costs
 * in memory and on the main thread, and the door refuses larger headers anyway (`limits: header_size`).
 */
const MAX_HEADER = 256 * 1024;

/** Whether the section is found without the message's structure. */
export function isWholeMessage(section: Section): boolean {
  return section.path.length === 0 && section.text === "";
}

/** Finds a section (RFC 3501 section 6.4.5); null when the message has no such part. A partial range is cut to what there is. */
export function locate(section: Section, row: FetchRow): Located | null {
  const whole = wholeSection(section, row);
  if (whole === null || whole.pick !== null || section.partial === null) return whole;
  return { range: cut(whole.range, section.partial), pick: null };
}

/** A part of a range, which may lie wholly behind its end and is empty then. */
export function cut(
  range: ByteRange,
  partial: { readonly start: number; readonly length: number },
): ByteRange {
  const start = Math.min(range.end, range.start + partial.start);
  return { start, end: Math.min(range.end, start + partial.length) };
}

function wholeSection(section: Section, row: FetchRow): Located | null {
  if (isWholeMessage(section)) return bytes(0, row.size);
  if ("headerSize" in row && section.path.length === 0) {
    return ofMessage(section, { headerStart: 0, bodyStart: row.headerSize }, row.size);
  }
  if (!("digest" in row)) throw new Error("A section of a message needs its structure");
  const top = row.digest.structure;
  if (section.path.length === 0) return ofMessage(section, top, row.size);
  const part = findPart(top, section.path);
  if (part === null) return null;
  if (section.text === "") return bytes(part.bodyStart, part.bodyEnd);
  if (section.text === "MIME") return bytes(part.headerStart, part.bodyStart);
  // HEADER and TEXT of a part mean the message that it holds.
  return part.message === null ? null : ofMessage(section, part.message.part, part.message.part.bodyEnd);
}

function ofMessage(
  section: Section,
  message: Pick<Part, "headerStart" | "bodyStart">,
  end: number,
): Located {
  const header = { start: message.headerStart, end: message.bodyStart };
  switch (section.text) {
    case "HEADER.FIELDS":
    case "HEADER.FIELDS.NOT": {
      const searched = { start: header.start, end: Math.min(header.end, header.start + MAX_HEADER) };
      const mode = section.text === "HEADER.FIELDS" ? "only" : "not";
      return { range: searched, pick: { fields: section.fields, mode } };
    }
    case "HEADER":
      return { range: header, pick: null };
    default:
      return bytes(message.bodyStart, end);
  }
}

function bytes(start: number, end: number): Located {
  return { range: { start, end: Math.max(start, end) }, pick: null };
}
