import { type Address, formatAddress } from "../core/address.ts";
import { concatBytes, encodeUtf8 } from "../core/bytes.ts";
import type { Reply } from "../core/reply.ts";
import { formatDate } from "../wire/mime/mod.ts";
import type { OriginalHeader } from "./original.ts";
import { reportText } from "./report_text.ts";

export type ReportKind = "failed" | "delayed";

export interface ReportedRecipient {
  readonly address: Address;
  /** What the last attempt ended with. */
  readonly reply: Reply;
  /** Who said so, as `name [address]`; null when it was us. */
  readonly host: string | null;
  /** It failed because it took too long, not because of what was said last. */
  readonly expired: boolean;
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
}

/** Replies of other servers are cut off here; what they say beyond it helps nobody. */
const DIAGNOSTIC_LIMIT = 2000;

/**
 * A delivery status notification (RFC 3464): first for the person, then for programs, then the header of the
 * message it is about (RFC 6522).
 */
export function writeReport(input: ReportInput): Uint8Array {
  const boundary = `=_${input.id}`;
  const text = encodeUtf8(reportText(input).replaceAll("\n", "\r\n"));
  const original = input.header.bytes;
  return concatBytes([
    encodeUtf8(header(input, boundary)),
    part(boundary, "text/plain; charset=utf-8", text),
    part(boundary, "message/delivery-status", encodeUtf8(statusFields(input))),
    part(boundary, "text/rfc822-headers", original),
    encodeUtf8(`--${boundary}--\r\n`),
  ]);
}

function header(input: ReportInput, boundary: string): string {
  const { hostname, id, kind, now, sender } = input;
  const subject = kind === "failed" ? "Your message could not be delivered" : "Your message is delayed";
  return lines([
    `From: Mail Delivery System <postmaster@${hostname}>`,
    `To: <${oneLine(formatAddress(sender))}>`,
    `Subject: ${subject}`,
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
  const encoding = content.some((byte) => byte > 127) ? "8bit" : "7bit";
  const head = `--${boundary}\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`;
  return concatBytes([encodeUtf8(head), content, encodeUtf8("\r\n")]);
}

/** RFC 3464 section 2.1: one group about the message, then one for each recipient. */
function statusFields(input: ReportInput): string {
  const message = lines([
    `Reporting-MTA: dns; ${input.hostname}`,
    `X-Mailden-Queue-Id: ${input.originalId}`,
    `Arrival-Date: ${formatDate(input.arrivedAt)}`,
  ]);
  return [message, ...input.recipients.map((recipient) => recipientFields(input, recipient))].join("\r\n");
}

function recipientFields(input: ReportInput, { address, host, reply }: ReportedRecipient): string {
  const fields = [
    `Final-Recipient: ${typedAddress(address)}`,
    `Action: ${input.kind}`,
    `Status: ${statusCode(reply)}`,
  ];
  // RFC 3464 section 2.3.5: the name alone; the address stands in the text for the person.
  if (host !== null) fields.push(`Remote-MTA: dns; ${ascii(oneLine(host)).split(" ")[0]!.slice(0, 255)}`);
  const type = host === null ? "x-mailden" : "smtp";
  fields.push(
    fold(`Diagnostic-Code: ${type}; ${ascii(oneLine(reply.toString())).slice(0, DIAGNOSTIC_LIMIT)}`),
  );
  fields.push(`Last-Attempt-Date: ${formatDate(input.now)}`);
  if (input.kind === "delayed") fields.push(`Will-Retry-Until: ${formatDate(input.giveUpAt)}`);
  return lines(fields);
}

/** RFC 3463 section 2; a server that gives no enhanced code gets the general one of its class. */
function statusCode({ enhanced, code }: Reply): string {
  return enhanced ?? `${Math.floor(code / 100)}.0.0`;
}

/** RFC 3464 section 2.3.2; addresses beyond ASCII by RFC 6533 section 3. */
function typedAddress(address: Address): string {
  const text = oneLine(formatAddress(address));
  return /^[\x20-\x7e]*$/.test(text) ? `rfc822; ${text}` : `utf-8; ${xtext(text)}`;
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

/** message/delivery-status is ASCII. */
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
