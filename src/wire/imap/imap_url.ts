import { decodeLatin1, encodeLatin1, tryDecodeUtf8 } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";
import { Decoder } from "./decoder.ts";
import { decodeSection, type Section, WHOLE_MESSAGE } from "./section.ts";

/** A URL that names a message, or a section of one (RFC 5092). */
export interface ImapUrl {
  /** Null for a relative URL. */
  readonly server: {
    readonly user: string | null;
    /** In lower case, without brackets. */
    readonly host: string;
  } | null;
  /** Null for the selected mailbox, to which `;UID=1` is relative. */
  readonly mailbox: string | null;
  readonly uidValidity: number | null;
  readonly uid: number;
  readonly section: Section;
}

const SCHEME = "imap://";
const UID_MARK = "/;uid=";
const UIDVALIDITY_MARK = ";uidvalidity=";
/** A number of 32 bits has no more digits. */
const MAX_DIGITS = 10;
const UINT32_MAX = 0xffff_ffff;

/** Reads a URL; null for whatever names no message, URLs with an authorization (RFC 4467) included: those are not offered. */
export function parseImapUrl(url: Uint8Array): ImapUrl | null {
  const text = decodeLatin1(url);
  // RFC 3986 section 2: a URL is ASCII; everything else is percent-encoded.
  if (!/^[\x21-\x7e]*$/.test(text)) return null;
  if (text.toLowerCase().startsWith(SCHEME)) return parseAbsolute(text.slice(SCHEME.length));
  if (text.startsWith("/") && !text.startsWith("//")) return parsePath(text.slice(1), null);
  if (text.toLowerCase().startsWith(";uid=")) return parsePath(`/${text}`, null);
  return null;
}

function parseAbsolute(text: string): ImapUrl | null {
  const slash = text.indexOf("/");
  if (slash < 0) return null;
  const authority = text.slice(0, slash);
  const at = authority.lastIndexOf("@");
  const hostport = /^(\[[0-9a-fA-F:.]{1,60}\]|[^:[\]]{1,255})(?::\d{1,5})?$/.exec(authority.slice(at + 1));
  if (hostport === null) return null;
  const user = at < 0 ? null : parseUser(authority.slice(0, at));
  if (at >= 0 && user === null) return null;
  const host = hostport[1]!.replace(/^\[|\]$/g, "").toLowerCase();
  return parsePath(text.slice(slash + 1), { user, host });
}

/** RFC 5092 section 3: `enc-user [iauth]`; how the user would log in does not matter to one who has. */
function parseUser(text: string): string | null {
  const [user] = text.split(";", 1);
  return user === "" ? null : percentDecode(user!);
}

/** RFC 5092 section 6.3: `enc-mailbox [uidvalidity] iuid [isection] [ipartial]`. */
function parsePath(path: string, server: ImapUrl["server"]): ImapUrl | null {
  const mark = path.toLowerCase().indexOf(UID_MARK);
  if (mark < 0) return null;
  const folder = parseFolder(path.slice(0, mark));
  const [uidText, ...parts] = path.slice(mark + UID_MARK.length).split("/;");
  const uid = parseNumber(uidText!);
  if (folder === null || uid === null || uid === 0) return null;
  const section = parseSection(parts);
  return section === null ? null : { server, ...folder, uid, section };
}

function parseFolder(text: string): Pick<ImapUrl, "mailbox" | "uidValidity"> | null {
  const mark = text.toLowerCase().indexOf(UIDVALIDITY_MARK);
  const name = mark < 0 ? text : text.slice(0, mark);
  const uidValidity = mark < 0 ? null : parseNumber(text.slice(mark + UIDVALIDITY_MARK.length));
  if (mark >= 0 && uidValidity === null) return null;
  if (name === "") return mark < 0 ? { mailbox: null, uidValidity } : null;
  const mailbox = percentDecode(name);
  return mailbox === null ? null : { mailbox, uidValidity };
}

function parseSection(parts: readonly string[]): Section | null {
  let section = WHOLE_MESSAGE;
  let partial: Section["partial"] = null;
  for (const [place, part] of parts.entries()) {
    const [name, value, ...more] = part.split("=");
    if (value === undefined) return null;
    const word = name!.toLowerCase();
    if (word === "section" && place === 0) {
      const parsed = parseSectionText([value, ...more].join("="));
      if (parsed === null) return null;
      section = parsed;
    } else if (word === "partial" && place === parts.length - 1 && more.length === 0) {
      partial = parsePartial(value);
      if (partial === null) return null;
    } else return null;
  }
  return { ...section, partial };
}

/** The section as it stands between the brackets of BODY[...]. */
function parseSectionText(text: string): Section | null {
  const decoded = percentDecode(text);
  if (decoded === null || decoded === "") return null;
  const decoder = new Decoder([{ text: encodeLatin1(`[${decoded}]`), literal: null }]);
  try {
    const section = decodeSection(decoder);
    decoder.expectEnd();
    return section;
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

/** RFC 5092 section 6.3: `number ["." nz-number]`; without the length, up to the end. */
function parsePartial(text: string): Section["partial"] {
  const [startText, lengthText, ...more] = text.split(".");
  const start = parseNumber(startText!);
  const length = lengthText === undefined ? Number.MAX_SAFE_INTEGER : parseNumber(lengthText);
  if (start === null || length === null || length === 0 || more.length > 0) return null;
  return { start, length };
}

function parseNumber(text: string): number | null {
  if (text.length > MAX_DIGITS || !/^\d+$/.test(text)) return null;
  const value = Number(text);
  return value > UINT32_MAX ? null : value;
}

/** Undoes percent-encoding; null when that is wrong, or the bytes are no UTF-8. */
function percentDecode(text: string): string | null {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== "%") {
      bytes[length++] = text.charCodeAt(at);
      continue;
    }
    const digits = text.slice(at + 1, at + 3);
    if (!/^[0-9a-fA-F]{2}$/.test(digits)) return null;
    bytes[length++] = Number.parseInt(digits, 16);
    at += 2;
  }
  return tryDecodeUtf8(bytes.subarray(0, length));
}
