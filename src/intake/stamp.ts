import { type Address, formatAddress, needsSmtpUtf8, type ReversePath } from "../core/address.ts";
import { encodeUtf8 } from "../core/bytes.ts";
import type { SubmitContext } from "../core/ports.ts";
import { formatDate } from "../wire/mime/mod.ts";

export interface StampInput {
  readonly context: SubmitContext;
  readonly sender: ReversePath;
  readonly recipients: readonly Address[];
  readonly smtputf8: boolean;
  /** The name of this server. */
  readonly hostname: string;
  readonly now: number;
  /** Who of ours forwards the message; null, or missing, for nobody. */
  readonly forwardedBy?: string | null;
  /** Fields that a submission lacks and we add (RFC 6409 section 8). */
  readonly add: {
    readonly date: boolean;
    readonly messageId: boolean;
    /** The sender as author, unless it is the null path. */
    readonly from?: boolean;
  };
}

export interface Stamp {
  /** What goes before the first byte of the message. */
  readonly prefix: Uint8Array;
  /** How many of these bytes, at the start, are for local mailboxes only: the Return-Path line. */
  readonly skip: number;
  /** The Message-ID that was added; null when the message has its own, or needs none. */
  readonly messageId: string | null;
}

/**
 * Writes the trace fields (RFC 5321 section 4.4). Return-Path comes first, because only the final delivery
 * may add one: the copy that leaves again starts after it. Whatever the client chose goes through a filter, so that no
 * HELO name and no address can begin a header line of its own.
 */
export function makeStamp(input: StampInput): Stamp {
  const returnPath = encodeUtf8(`Return-Path: <${printable(formatAddress(input.sender))}>\r\n`);
  const messageId = input.add.messageId ? `<${printable(input.context.id)}@${input.hostname}>` : null;
  const forwardedBy = input.forwardedBy ?? null;
  const mark = forwardedBy === null ? "" : `Delivered-To: ${printable(forwardedBy)}\r\n`;
  const trace = encodeUtf8(mark + received(input) + submissionFields(input, messageId));
  const prefix = new Uint8Array(returnPath.length + trace.length);
  prefix.set(returnPath);
  prefix.set(trace, returnPath.length);
  return { prefix, skip: returnPath.length, messageId };
}

function received(input: StampInput): string {
  const { context, hostname, now } = input;
  const lines: string[] = [];
  if (context.client !== null) {
    lines.push(`from ${heloName(context.client.helo)} (${addressLiteral(context.client.address)})`);
  }
  const with_ = context.protocol === "" ? "" : ` with ${printable(context.protocol)}`;
  lines.push(`by ${hostname}${with_}${tlsComment(context)}`);
  lines.push(`id ${printable(context.id)}${forClause(input)}; ${formatDate(now)}`);
  return `Received: ${lines.join("\r\n\t")}\r\n`;
}

function submissionFields({ add, now, sender }: StampInput, messageId: string | null): string {
  const from = add.from === true && sender !== null ? `From: ${printable(formatAddress(sender))}\r\n` : "";
  const date = add.date ? `Date: ${formatDate(now)}\r\n` : "";
  return from + date + (messageId === null ? "" : `Message-ID: ${messageId}\r\n`);
}

function tlsComment({ tls }: SubmitContext): string {
  return tls === null ? "" : ` (${printable(tls.version)} ${printable(tls.cipher)})`;
}

/** Only for a single recipient: with more it would tell each of them about the others (RFC 5321 section 7.6). */
function forClause({ recipients, smtputf8 }: StampInput): string {
  const [only, ...others] = recipients;
  if (only === undefined || others.length > 0) return "";
  if (needsSmtpUtf8(only) && !smtputf8) return "";
  return `\r\n\tfor <${printable(formatAddress(only))}>`;
}

/** The name from HELO if it has the form of a domain or of an address literal. */
function heloName(helo: string): string {
  const isDomain = /^[A-Za-z0-9._-]{1,255}$/.test(helo);
  const isLiteral = /^\[[A-Za-z0-9:.]{1,60}\]$/.test(helo);
  return isDomain || isLiteral ? helo : "unknown";
}

/** RFC 5321 section 4.1.3. */
function addressLiteral(address: string): string {
  const safe = address.replace(/[^0-9A-Fa-f:.]/g, "");
  return safe.includes(":") ? `[IPv6:${safe}]` : `[${safe}]`;
}

/** Without control characters, so that the text cannot leave its line. */
function printable(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, "?");
}
