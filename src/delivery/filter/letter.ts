/** Messages that the filter writes itself: pure functions from values to bytes. */
import { type Address, formatAddress } from "../../core/address.ts";
import { encodeUtf8 } from "../../core/bytes.ts";
import {
  encodeWord,
  formatDate,
  headerFields,
  parseAddressList,
  plainTextEntity,
} from "../../wire/mime/mod.ts";
import { tryAddress } from "../sieve/mod.ts";
import type { FilterAccount } from "./deps.ts";

export interface Letter {
  /** As it stands in the field: with a name, perhaps. */
  readonly from: string;
  readonly to: readonly Address[];
  readonly cc?: readonly Address[];
  readonly subject: string;
  /** `Name: value` each, on one line. */
  readonly extra: readonly string[];
  readonly messageId: string;
  readonly now: number;
  readonly text: string;
  /** The text is a MIME entity with a header of its own. */
  readonly isMime?: boolean;
}

const SUBJECT_LIMIT = 300;

export function writeLetter(letter: Letter): Uint8Array {
  const { from, to, cc = [], subject, extra, messageId, now } = letter;
  const { fields, body } = letter.isMime === true ? mimeEntity(letter.text) : plainText(letter.text);
  const header = [
    `From: ${oneLine(from)}`,
    ...addressField("To", to),
    ...addressField("Cc", cc),
    `Subject: ${encodeWord(oneLine(subject).slice(0, SUBJECT_LIMIT))}`,
    `Date: ${formatDate(now)}`,
    `Message-ID: <${messageId}>`,
    ...extra.map(oneLine),
    "MIME-Version: 1.0",
    ...fields,
  ];
  return encodeUtf8(`${header.join("\r\n")}\r\n\r\n${body}`);
}

function addressField(name: string, addresses: readonly Address[]): string[] {
  const shown = addresses.map((address) => `<${oneLine(formatAddress(address))}>`);
  return shown.length === 0 ? [] : [`${name}: ${shown.join(",\r\n ")}`];
}

/** An address with the name of a person before it. */
export function namedAddress(address: Address, name: string | null): string {
  const plain = `<${formatAddress(address)}>`;
  if (name === null || name === "") return plain;
  const isPlain = /^[A-Za-z0-9 !#$%&'*+\-/=?^_`{|}~]*$/.test(name);
  return `${
    isPlain ? name : /^[\x20-\x7e]*$/.test(name) ? `"${name.replace(/["\\]/g, "\\$&")}"` : encodeWord(name)
  } ${plain}`;
}

/**
 * The From field: what the script gives, if the account may use that address, with the name so that every host takes it; else the
 * account's own.
 */
export function senderField(
  given: string | null,
  { address: own, displayName }: FilterAccount,
  mayUse: (address: Address) => boolean,
): string {
  const address = given === null ? null : tryAddress(given);
  if (address === null || !mayUse(address)) return namedAddress(own, displayName);
  return namedAddress(address, parseAddressList(given!, 1)[0]?.name ?? null);
}

function plainText(text: string): { fields: string[]; body: string } {
  const { fields, body } = plainTextEntity(`${crlf(text).replace(/(?:\r\n)+$/, "")}\r\n`);
  return { fields: fields.map(([name, value]) => `${name}: ${value}`), body };
}

/** RFC 5230 section 4.2: of the header only what describes the content is taken, so that nobody else is written to. */
function mimeEntity(text: string): { fields: string[]; body: string } {
  const whole = crlf(text);
  const blank = whole.startsWith("\r\n") ? 0 : whole.indexOf("\r\n\r\n");
  if (blank < 0) return plainText(text);
  const head = encodeUtf8(`${whole.slice(0, blank)}\r\n`);
  const fields = headerFields(head)
    .filter(({ name }) => name.startsWith("content-"))
    .map(({ name, value }) => `${name}: ${oneLine(value)}`);
  return { fields, body: whole.slice(blank === 0 ? 2 : blank + 4) };
}

function crlf(text: string): string {
  return text.replace(/\r\n|\r|\n/g, "\r\n").replaceAll("\0", "");
}

function oneLine(text: string): string {
  return text.replace(/[\x00-\x1f\x7f\u2028\u2029]+/g, " ");
}
