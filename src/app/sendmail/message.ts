import type { Address, ReversePath } from "../../core/address.ts";
import { formatAddress } from "../../core/address.ts";
import { concatBytes, CR, encodeUtf8, LF } from "../../core/bytes.ts";
import {
  encodeWord,
  type HeaderField,
  headerFields,
  parseAddressList,
  selectHeader,
} from "../../wire/mime/mod.ts";
import { parseMailbox } from "../../wire/smtp/mod.ts";

/** What a program wrote, made a message: CR LF at each line's end, a header that ends, a From. */
export interface PreparedMessage {
  readonly bytes: Uint8Array;
  /** From To, Cc and Bcc, or from their Resent forms when there are any; empty unless asked for. */
  readonly recipients: readonly Address[];
}

export interface PrepareOptions {
  readonly fromHeader: boolean;
  readonly ignoreDots: boolean;
  readonly sender: ReversePath;
  readonly fullName: string | null;
}

const RESENT = ["resent-to", "resent-cc", "resent-bcc"];
const PLAIN = ["to", "cc", "bcc"];

export function prepareMessage(input: Uint8Array, options: PrepareOptions): PreparedMessage {
  const whole = toCrLf(options.ignoreDots ? input : upToDot(input));
  const { header, body } = splitHeader(whole);
  const fields = headerFields(header);
  // RFC 5322 section 3.6.3: a blind copy stays blind.
  const kept = options.fromHeader ? withoutEnd(selectHeader(header, ["bcc", "resent-bcc"], "not")) : header;
  const from = fields.some(({ name }) => name === "from") ? "" : fromField(options);
  return {
    bytes: concatBytes([encodeUtf8(from), kept, encodeUtf8("\r\n"), body]),
    recipients: options.fromHeader ? headerRecipients(fields) : [],
  };
}

function headerRecipients(fields: readonly HeaderField[]): Address[] {
  const resent = fields.some(({ name }) => RESENT.includes(name));
  const wanted = resent ? RESENT : PLAIN;
  return fields.filter(({ name }) => wanted.includes(name)).flatMap(({ value }) =>
    parseAddressList(value).flatMap(({ mailbox, host }) => {
      // Groups begin and end without a host; a bare name is completed by the caller's parser.
      if (mailbox === null || host === null || mailbox === "") return [];
      return [parseMailbox(host === "" ? mailbox : formatAddress({ local: mailbox, domain: host }))];
    })
  );
}

function fromField({ sender, fullName }: PrepareOptions): string {
  if (sender === null) return "";
  const address = formatAddress(sender);
  return fullName === null ? `From: ${address}\r\n` : `From: ${phrase(fullName)} <${address}>\r\n`;
}

/** RFC 5322 section 3.2.5; what is not ASCII becomes an encoded word, and no line can be begun. */
function phrase(name: string): string {
  const line = name.replace(/[\x00-\x1f\x7f]+/g, " ").trim();
  return /[^\x20-\x7e]/.test(line) ? encodeWord(line) : `"${line.replace(/["\\]/g, "\\$&")}"`;
}

/** The header with the end of its last line, and what follows the blank line. */
function splitHeader(bytes: Uint8Array): { header: Uint8Array; body: Uint8Array } {
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(LF, at) + 1;
    if (end === 0) break;
    if (end - at === 2) return { header: bytes.subarray(0, at), body: bytes.subarray(end) };
    if (!isHeaderLine(bytes, at, end)) return { header: bytes.subarray(0, at), body: bytes.subarray(at) };
    at = end;
  }
  return { header: bytes, body: new Uint8Array(0) };
}

/** `echo text | sendmail alice`: a first line that is no field begins the body. */
function isHeaderLine(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] === 32 || bytes[start] === 9) return start > 0;
  const colon = bytes.subarray(start, end).indexOf(58);
  if (colon <= 0) return false;
  return bytes.subarray(start, start + colon).every((byte) => byte > 32 && byte < 127);
}

/** `selectHeader` closes the header with a blank line. */
function withoutEnd(header: Uint8Array): Uint8Array {
  return header.subarray(0, header.length - 2);
}

/** Without `-i` a line with a single dot ends the message, as at a terminal of 1983. */
function upToDot(bytes: Uint8Array): Uint8Array {
  for (let at = 0; at < bytes.length;) {
    const newline = bytes.indexOf(LF, at);
    const end = newline < 0 ? bytes.length : newline + 1;
    const isDot = bytes[at] === 46 && (end - at === 1 || bytes[at + 1] === LF ||
      (end - at === 3 && bytes[at + 1] === CR));
    if (isDot) return bytes.subarray(0, at);
    at = end;
  }
  return bytes;
}

/** Every LF gets its CR, every CR its LF, and the last line its end. */
function toCrLf(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length * 2 + 2);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte !== CR && byte !== LF) {
      out[length++] = byte;
      continue;
    }
    if (byte === CR && bytes[i + 1] === LF) i++;
    out[length++] = CR;
    out[length++] = LF;
  }
  if (length > 0 && out[length - 1] !== LF) {
    out[length++] = CR;
    out[length++] = LF;
  }
  return out.subarray(0, length);
}
