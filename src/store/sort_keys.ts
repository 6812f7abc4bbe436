/**
 * What SORT and THREAD compare (RFC 5256, RFC 5957), taken from a digest once, when the message comes in: narrow enough that a
 * mailbox of 100,000 messages is put in order without reading a digest.
 */
import { toNfc } from "../core/unicode.ts";
import type { HeaderAddress, MessageDigest } from "../wire/mime/digest.ts";
import { decodeWords, isReplySubject } from "../wire/mime/mod.ts";
import { hashMessageId, ownId, threadOf } from "./thread_id.ts";

/** Texts are folded (`foldKey`), so that plain comparison of their UTF-8 bytes is the order that RFC 5256 asks for. */
export interface SortKeys {
  /** The Date field; null where there is none: then the internal date stands in (RFC 5256 section 2.2). */
  readonly sentAt: number | null;
  /** The base subject. */
  readonly subject: string;
  /** `Re:`, `Fwd:` or the like was taken off the subject (RFC 5256 section 3, step 5 of REFERENCES). */
  readonly isReply: boolean;
  /** The local parts of the first addresses; empty when there is none. */
  readonly from: string;
  readonly to: string;
  readonly cc: string;
  /** RFC 5957: the first address's display name, decoded, or else the address itself. */
  readonly displayFrom: string;
  readonly displayTo: string;
  /** Hashes (`hashMessageId`): the message's own id, 0 when it has none, and those that it refers to, oldest first. */
  readonly messageId: number;
  readonly references: readonly number[];
  /** `threadOf`. */
  readonly thread: number;
}

/** What is behind it puts nothing in another order that a person would notice. */
const LONGEST = 250;

export function sortKeysOf(digest: MessageDigest, bodyId: number): SortKeys {
  const { envelope } = digest;
  const own = ownId(digest);
  return {
    sentAt: digest.sentAt,
    subject: foldKey(digest.baseSubject),
    isReply: isReplySubject(envelope.subject ?? ""),
    from: foldKey(envelope.from[0]?.mailbox ?? ""),
    to: foldKey(envelope.to[0]?.mailbox ?? ""),
    cc: foldKey(envelope.cc[0]?.mailbox ?? ""),
    displayFrom: foldKey(displayName(envelope.from[0])),
    displayTo: foldKey(displayName(envelope.to[0])),
    messageId: own === null ? 0 : hashMessageId(own),
    references: digest.references.map(hashMessageId),
    thread: threadOf(digest, bodyId),
  };
}

/** The form in which i;unicode-casemap compares texts (RFC 5051 section 2), cut to the length of a key. */
export function foldKey(text: string): string {
  // deno-lint-ignore no-control-regex -- ASCII is all that this asks
  if (/^[\x00-\x7f]*$/.test(text)) return text.slice(0, LONGEST).toUpperCase();
  // `toNfc` first: it bounds what `normalize` costs.
  const folded = toNfc(text.slice(0, LONGEST)).normalize("NFKD").toUpperCase();
  return folded.slice(0, LONGEST).toWellFormed();
}

/** The ids as they lie in a row: the message's own, then those that it refers to. */
export function packLinks(keys: SortKeys): Uint8Array {
  return new Uint8Array(Float64Array.of(keys.messageId, ...keys.references).buffer);
}

export function unpackLinks(packed: Uint8Array): Pick<SortKeys, "messageId" | "references"> {
  const [messageId = 0, ...references] = new Float64Array(packed.slice().buffer);
  return { messageId, references };
}

function displayName(address: HeaderAddress | undefined): string {
  if (address === undefined) return "";
  const { name, mailbox, host } = address;
  // RFC 5957 section 3: a name that is nothing when it is decoded is none.
  const shown = decodeWords(name ?? "");
  if (shown !== "") return shown;
  // The start of a group has a name only.
  return host === null ? decodeWords(mailbox ?? "") : `${mailbox ?? ""}@${host}`;
}
