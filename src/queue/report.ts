import { type Address, formatAddress } from "../core/address.ts";
import { concatBytes, encodeUtf8 } from "../core/bytes.ts";
import type { Reply } from "../core/reply.ts";
import { formatDate } from "../wire/mime/mod.ts";
import type { OriginalHeader } from "./original.ts";
import { reportText } from "./report_text.ts";

/** RFC 3464 section 2.3.3; `relayed` and `delivered` only for a sender that asked (RFC 3461 section 5.2). */
export type ReportKind = "failed" | "delayed" | "relayed" | "delivered";

export interface ReportedRecipient {
  readonly address: Address;
  /** What the last attempt ended with. */
  readonly reply: Reply;
  /** Who said so, as `name [address]`; null when it was us. */
  readonly host: string | null;
  /** It failed because it took too long, not because of what was said last. */
  readonly expired: boolean;
  /** ORCPT, as in `rfc822;alice@example.com`. */
  readonly originalRecipient?: string | null;
}

export interface ReportInput {
  readonly kind: ReportKind;
  /** The id of the report itself. */
  readonly id: string;
  readonly originalId: string;
  readonly hostname: string;
  readonly now: number;
  /** To whom the report goes. */
  readonly sender: Address;
  readonly arrivedAt: number;
  readonly giveUpAt: number;
  readonly recipients: readonly ReportedRecipient[];
  readonly header: OriginalHeader;
  /** The whole message, when the sender asked for it back and it is not too large; then the header need not be sent, too. */
  readonly full?: Uint8Array | null;
  /** The sender asked for the whole message, and it is too large. */
  readonly tooLarge?: boolean;
  /** ENVID. */
  readonly envelopeId?: string | null;
  /** The sender can read UTF-8 in headers (SMTPUTF8), so addresses are written as they are (RFC 6533). */
  readonly utf8?: boolean;
}

/** Replies of other servers are cut off here; what they say beyond it helps nobody. */
const DIAGNOSTIC_LIMIT = 2000;
/** RFC 3461 section 4.4 allows 100 characters. */
const ID_LIMIT = 400;

/**
 * A delivery status notification (RFC 3464): first for the person, then for programs, then the header of the
 * message it is about, or all of it (RFC 6522).
 */
export function writeReport(input: ReportInput): Uint8Array {
  const boundary = `=_${input.id}`;
  const text = encodeUtf8(reportText(input).replaceAll("\n", "\r\n"));
  const status = encodeUtf8(statusFields(input));
  const full = input.full ?? null;
  const original = full ?? input.header.bytes;
  // RFC 6533 sections 4 and 6: the types of their own are for what is not ASCII alone.
  const global = (bytes: Uint8Array) => input.utf8 === true && !isAscii(bytes);
  const kept = full === null ? "text/rfc822-headers" : "message/rfc822";
  const keptGlobal = full === null ? "message/global-headers" : "message/global";
  return concatBytes([
    encodeUtf8(header(input, boundary)),
    part(boundary, "text/plain; charset=utf-8", text),
    part(boundary, global(status) ? "message/global-delivery-status" : "message/delivery-status", status),
    part(boundary, global(input.header.bytes) ? keptGlobal : kept, original),
    encodeUtf8(`--${boundary}--\r\n`),
  ]);
}

/** Whether it can go through a server that knows no SMTPUTF8. */
export function isAsciiReport({ recipients, header }: ReportInput): boolean {
  return isAscii(header.bytes) && recipients.every(({ address }) => isPrintable(formatAddress(address)));
}

const SUBJECTS: Readonly<Record<ReportKind, string>> = {
  failed: "Your message could not be delivered",
  delayed: "Your message is delayed",
  relayed: "Your message was handed on",
  delivered: "Your message was delivered",
};

function header(input: ReportInput, boundary: string): string {
  const { hostname, id, kind, now, sender } = input;
  return lines([
    `From: Mail Delivery System <postmaster@${hostname}>`,
    `To: <${oneLine(formatAddress(sender))}>`,
    `Subject: ${SUBJECTS[kind]}`,
    `Date: ${formatDate(now)}`,
    `Message-ID: <${id}@${hostname}>`,
    // RFC 3834 section 5: so that no vacation program answers this.
    "Auto-Submitted: auto-replied",
    "MIME-Version: 1.0",
    `Content-Type: multipart/report; report-type=delivery-status;`,
    `\tboundary="${boundary}"`,
    "",
    "This is a delivery report in several parts (RFC 3464).",
    "",
  ]);
}

function part(boundary: string, type: string, content: Uint8Array): Uint8Array {
  const encoding = isAscii(content) ? "7bit" : "8bit";
  const head = `--${boundary}\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`;
  return concatBytes([encodeUtf8(head), content, encodeUtf8("\r\n")]);
}

/** RFC 3464 section 2.1: one group about the message, then one for each recipient. */
function statusFields(input: ReportInput): string {
  const { envelopeId } = input;
  const message = lines([
    // RFC 3464 section 2.2.1; RFC 3461 section 4.4 lets it be printable ASCII only.
    ...(envelopeId ? [fold(`Original-Envelope-Id: ${ascii(oneLine(envelopeId)).slice(0, ID_LIMIT)}`)] : []),
    `Reporting-MTA: dns; ${input.hostname}`,
    `X-Mailden-Queue-Id: ${input.originalId}`,
    `Arrival-Date: ${formatDate(input.arrivedAt)}`,
  ]);
  return [message, ...input.recipients.map((recipient) => recipientFields(input, recipient))].join("\r\n");
}

function recipientFields(input: ReportInput, recipient: ReportedRecipient): string {
  const { address, host, reply } = recipient;
  const utf8 = input.utf8 === true;
  const original = typedOriginal(recipient.originalRecipient ?? null, utf8);
  const fields = [
    ...(original === null ? [] : [`Original-Recipient: ${original}`]),
    `Final-Recipient: ${typedAddress(address, utf8)}`,
    `Action: ${input.kind}`,
    `Status: ${statusCode(reply)}`,
  ];
  // RFC 3464 section 2.3.5: the name alone; the address stands in the text for the person.
  if (host !== null) fields.push(`Remote-MTA: dns; ${ascii(oneLine(host)).split(" ")[0]!.slice(0, 255)}`);
  if (host !== null || input.kind !== "delivered") {
    const type = host === null ? "x-mailden" : "smtp";
    const said = ascii(oneLine(reply.toString())).slice(0, DIAGNOSTIC_LIMIT);
    fields.push(fold(`Diagnostic-Code: ${type}; ${said}`));
  }
  fields.push(`Last-Attempt-Date: ${formatDate(input.now)}`);
  if (input.kind === "delayed") fields.push(`Will-Retry-Until: ${formatDate(input.giveUpAt)}`);
  return lines(fields);
}

/** RFC 3463 section 2; a server that gives no enhanced code gets the general one of its class. */
function statusCode({ enhanced, code }: Reply): string {
  return enhanced ?? `${Math.floor(code / 100)}.0.0`;
}

/**
 * RFC 3464 section 2.3.2; addresses beyond ASCII by RFC 6533 section 3: as they are in a report that may hold UTF-8, else
 * with the other characters written out.
 */
function typedAddress(address: Address, utf8: boolean): string {
  const text = oneLine(formatAddress(address));
  return isPrintable(text) ? `rfc822; ${text}` : `utf-8; ${utf8 ? text : xtext(text)}`;
}

/** RFC 3464 section 2.3.1; null when there is none, or what the sender gave is no typed address. */
function typedOriginal(text: string | null, utf8: boolean): string | null {
  const [, type, given] = /^([A-Za-z0-9-]{1,40});([^]{1,1000})$/.exec(text ?? "") ?? [];
  if (type === undefined || given === undefined) return null;
  const address = oneLine(given).trim();
  if (isPrintable(address)) return `${type.toLowerCase()}; ${address}`;
  return `utf-8; ${utf8 ? address : xtext(address)}`;
}

function xtext(text: string): string {
  let written = "";
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const plain = code > 32 && code < 127 && character !== "\\" && character !== "+" && character !== "=";
    written += plain ? character : `\\x{${code.toString(16).toUpperCase()}}`;
  }
  return written;
}

function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 128);
}

function isPrintable(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** message/delivery-status is ASCII, and so is what we write into its other form. */
function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, "?");
}

/** Other people's text must not begin a line of its own. */
function oneLine(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, " ");
}

/** Breaks a long field at white space (RFC 5322 section 2.2.3). */
function fold(field: string): string {
  const rows: string[] = [];
  let row = "";
  for (const word of field.split(" ")) {
    if (row !== "" && row.length + word.length > 76) {
      rows.push(row);
      row = "";
    }
    // One word without an end is cut into pieces that fit a line (RFC 5322 section 2.1.1).
    row += `${row === "" ? "" : " "}${word.slice(0, 900)}`;
  }
  return [...rows, row].join("\r\n ");
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\r\n`).join("");
}
