/** `mailto:` URIs (RFC 6068) as a way to notify (RFC 5436). */
import type { Address } from "../../core/address.ts";
import { tryAddress } from "./script_address.ts";

/** What a `mailto:` URI asks for; fields other than these are not taken from a script (RFC 5436 section 2.7). */
export interface MailtoMethod {
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly subject: string | null;
  readonly body: string | null;
}

const SCHEME = "mailto:";
const MAX_URI = 2000;
const MAX_RECIPIENTS = 10;

/** Whether this is a way to notify that the server has at all, right or wrong. */
export function isMailto(uri: string): boolean {
  return uri.slice(0, SCHEME.length).toLowerCase() === SCHEME;
}

/** Null when it is none, or not well formed. */
export function parseMailto(uri: string): MailtoMethod | null {
  if (!isMailto(uri) || uri.length > MAX_URI) return null;
  const end = uri.indexOf("?");
  const to = readAddresses(uri.slice(SCHEME.length, end < 0 ? undefined : end));
  const fields = readFields(end < 0 ? "" : uri.slice(end + 1));
  if (to === null || fields === null) return null;
  const more = addressesOf(fields, "to");
  const cc = addressesOf(fields, "cc");
  if (more === null || cc === null) return null;
  const count = to.length + more.length + cc.length;
  if (count === 0 || count > MAX_RECIPIENTS) return null;
  const value = (name: string) => fields.find((field) => field.name === name)?.value ?? null;
  return {
    to: [...to, ...more],
    cc,
    subject: percentDecoded(value("subject")),
    body: percentDecoded(value("body")),
  };
}

interface UriField {
  readonly name: string;
  /** With its escapes. */
  readonly value: string;
}

function readFields(query: string): UriField[] | null {
  const fields: UriField[] = [];
  for (const pair of query === "" ? [] : query.split("&")) {
    const equals = pair.indexOf("=");
    const value = pair.slice(equals + 1);
    if (equals <= 0 || percentDecoded(value) === null) return null;
    fields.push({ name: pair.slice(0, equals).toLowerCase(), value });
  }
  return fields;
}

function addressesOf(fields: readonly UriField[], wanted: string): Address[] | null {
  const found: Address[] = [];
  for (const { name, value } of fields) {
    if (name !== wanted) continue;
    const addresses = readAddresses(value);
    if (addresses === null) return null;
    found.push(...addresses);
  }
  return found;
}

/** With commas between them, which are escaped in an address (RFC 6068 section 2). */
function readAddresses(text: string): Address[] | null {
  const addresses = text === "" ? [] : text.split(",").map((one) => tryAddress(percentDecoded(one) ?? ""));
  return addresses.every((address) => address !== null) ? addresses : null;
}

function percentDecoded(text: string | null): string | null {
  if (text === null) return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
