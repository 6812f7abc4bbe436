import ipaddr from "ipaddr.js";
import type { Address, ReversePath } from "../../core/address.ts";
import { encodeUtf8 } from "../../core/bytes.ts";
import { normalizeDomain } from "../../core/domain.ts";
import { ProtocolError } from "../../core/errors.ts";

/**
 * RFC 5321 section 4.5.3.1. The 64 octets for a local part are what every server must at least accept; bounce
 * addresses that encode a recipient are often longer, so only the path as a whole is limited.
 */
const MAX_DOMAIN_OCTETS = 255;
const MAX_PATH_OCTETS = 256;

/** A path within a command, and where the command goes on. */
export interface ScannedPath {
  readonly address: ReversePath;
  /** The path holds characters beyond ASCII, so SMTPUTF8 is needed (RFC 6531). */
  readonly utf8: boolean;
  /** A source route stood before the address. */
  readonly routed: boolean;
  /** The index behind the closing bracket. */
  readonly end: number;
}

/** Parses a whole `<path>`; `<>` is null. Throws `ProtocolError`. */
export function parsePath(text: string): ReversePath {
  const path = scanPath(text, 0);
  if (path.end !== text.length) throw new ProtocolError("Nothing may follow the closing bracket");
  return path.address;
}

/** Parses `local@domain` without brackets, as in a configuration or a header. Throws `ProtocolError`. */
export function parseMailbox(text: string): Address {
  checkLength(text, MAX_PATH_OCTETS - 2);
  const { address, end } = scanMailbox(text, 0);
  if (end !== text.length) throw new ProtocolError("Nothing may follow the domain");
  return address;
}

/**
 * Reads a path from `start` on (RFC 5321 section 4.1.2). A source route is checked and dropped (section 3.3,
 * appendix C). With `postmasterDomain`, `<Postmaster>` alone is the postmaster there (section 4.1.1.3).
 */
export function scanPath(text: string, start: number, postmasterDomain?: string): ScannedPath {
  if (text[start] !== "<") throw new ProtocolError("The address must be in angle brackets");
  if (text[start + 1] === ">") return { address: null, utf8: false, routed: false, end: start + 2 };
  const bare = text.slice(start, start + 12);
  if (postmasterDomain !== undefined && bare.toLowerCase() === "<postmaster>") {
    const address = { local: bare.slice(1, -1), domain: postmasterDomain };
    return { address, utf8: false, routed: false, end: start + 12 };
  }
  const mailboxAt = skipSourceRoute(text, start + 1);
  const mailbox = scanMailbox(text, mailboxAt);
  if (text[mailbox.end] !== ">") throw new ProtocolError("The closing bracket is missing");
  const end = mailbox.end + 1;
  const path = text.slice(start, end);
  checkLength(path, MAX_PATH_OCTETS);
  const routed = mailboxAt > start + 1;
  return { address: mailbox.address, utf8: /[^\x00-\x7f]/.test(path), routed, end };
}

interface ScannedMailbox {
  readonly address: Address;
  readonly end: number;
}

function scanMailbox(text: string, start: number): ScannedMailbox {
  const local = text[start] === '"' ? scanQuotedString(text, start) : scanDotString(text, start);
  if (text[local.end] !== "@") throw new ProtocolError("The address needs a local part, an @ and a domain");
  const domain = scanDomain(text, local.end + 1);
  return { address: { local: local.value, domain: domain.value }, end: domain.end };
}

interface Scanned {
  readonly value: string;
  readonly end: number;
}

const ATOM_SPECIALS = new Set('()<>[]:;@\\," ');

function scanDotString(text: string, start: number): Scanned {
  let end = start;
  while (end < text.length && (isAtext(text, end) || text[end] === ".")) end++;
  const value = text.slice(start, end);
  if (value === "" || value.startsWith(".") || value.endsWith(".") || value.includes("..")) {
    throw new ProtocolError("The local part is not valid");
  }
  return { value, end };
}

function isAtext(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code > 32 && code !== 127 && code !== 46 && !ATOM_SPECIALS.has(text[at]!);
}

/** `"..."` with quoted pairs; the value is without quotes and backslashes. */
function scanQuotedString(text: string, start: number): Scanned {
  let value = "";
  for (let at = start + 1; at < text.length; at++) {
    let character = text[at]!;
    if (character === '"') {
      if (value === "") break;
      return { value, end: at + 1 };
    }
    if (character === "\\") character = text[++at] ?? "\0";
    const code = character.charCodeAt(0);
    if (code < 32 || code === 127) break;
    value += character;
  }
  throw new ProtocolError("The quoted local part is not valid");
}

function scanDomain(text: string, start: number): Scanned {
  if (text[start] === "[") {
    const close = text.indexOf("]", start);
    if (close < 0) throw new ProtocolError("The address literal has no closing bracket");
    return { value: parseAddressLiteral(text.slice(start, close + 1)), end: close + 1 };
  }
  let end = start;
  while (end < text.length && !">,:@ ".includes(text[end]!)) end++;
  const written = text.slice(start, end);
  checkLength(written, MAX_DOMAIN_OCTETS);
  const value = normalizeDomain(written);
  if (value === null) throw new ProtocolError("The domain is not valid");
  return { value, end };
}

/** `@a.example,@b.example:` before the mailbox; the index behind it. */
function skipSourceRoute(text: string, start: number): number {
  let at = start;
  while (text[at] === "@") {
    at = scanDomain(text, at + 1).end;
    if (text[at] === ":") return at + 1;
    if (text[at] !== "," || text[at + 1] !== "@") throw new ProtocolError("The source route is not valid");
    at++;
  }
  return at;
}

/** Checks `[192.0.2.1]` or `[IPv6:2001:db8::1]` and brings it to one form (RFC 5321 section 4.1.3). */
export function parseAddressLiteral(text: string): string {
  const inside = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : "";
  if (inside.length <= 64) {
    if (ipaddr.IPv4.isValidFourPartDecimal(inside)) return `[${ipaddr.IPv4.parse(inside).toString()}]`;
    const address = inside.slice(5);
    if (/^ipv6:[0-9a-f:.]+$/i.test(inside) && ipaddr.IPv6.isValid(address)) {
      return `[IPv6:${ipaddr.IPv6.parse(address).toRFC5952String()}]`;
    }
  }
  throw new ProtocolError("The address literal is not valid");
}

function checkLength(text: string, octets: number): void {
  // A character is at least one octet, so a long text is refused before it is encoded.
  if (text.length > octets || encodeUtf8(text).length > octets) {
    throw new ProtocolError(`The address is too long (at most ${octets} octets)`);
  }
}
