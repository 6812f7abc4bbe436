/**
 * What the mailbox keeps of a parsed message: enough to answer ENVELOPE, BODYSTRUCTURE, any BODY[section]
 * by byte range, and a list view, without reading the message again. All of it is plain JSON.
 */

/** One address of a header field, in the four parts that IMAP shows (RFC 3501 section 7.4.2). */
export interface HeaderAddress {
  /** The display name as it stood in the header, encoded words not decoded; null when there is none. */
  readonly name: string | null;
  /** The source route, which nobody uses any more; null when there is none. */
  readonly route: string | null;
  /** The local part. In a group's start: the group's name; in its end: null. */
  readonly mailbox: string | null;
  /** The domain; null marks the start or the end of a group. */
  readonly host: string | null;
}

/** The fields of IMAP's ENVELOPE, as they stood in the header (unfolded, not decoded). */
export interface MessageEnvelope {
  readonly date: string | null;
  readonly subject: string | null;
  readonly from: readonly HeaderAddress[];
  readonly sender: readonly HeaderAddress[];
  readonly replyTo: readonly HeaderAddress[];
  readonly to: readonly HeaderAddress[];
  readonly cc: readonly HeaderAddress[];
  readonly bcc: readonly HeaderAddress[];
  readonly inReplyTo: string | null;
  readonly messageId: string | null;
}

/** A parameter list, names in lower case, RFC 2231 continuations joined and charsets decoded. */
export type Parameters = readonly (readonly [name: string, value: string])[];

/** One body part. Offsets count bytes from the start of the whole message. */
export interface Part {
  /** Lower case: `text`, `multipart`, `message` ... */
  readonly type: string;
  readonly subtype: string;
  readonly params: Parameters;
  readonly id: string | null;
  readonly description: string | null;
  /** Lower case; `7bit` when the header does not say. */
  readonly encoding: string;
  readonly md5: string | null;
  readonly disposition: { readonly type: string; readonly params: Parameters } | null;
  readonly language: readonly string[];
  readonly location: string | null;
  /** Where the part's own header begins; for the top part 0. */
  readonly headerStart: number;
  /** Where its body begins: after the blank line. */
  readonly bodyStart: number;
  /** One past its last byte, without the CRLF that belongs to the boundary. */
  readonly bodyEnd: number;
  /** Lines of the body: LFs in it, and one more when it does not end in LF. */
  readonly lines: number;
  /** The parts of a multipart; empty otherwise. */
  readonly children: readonly Part[];
  /** For message/rfc822 (and message/global): the message inside. `part.headerStart` is this part's bodyStart. */
  readonly message: { readonly envelope: MessageEnvelope; readonly part: Part } | null;
}

export interface MessageDigest {
  readonly envelope: MessageEnvelope;
  readonly structure: Part;
  /** The Date field as milliseconds since 1970; null when there is none that can be read. */
  readonly sentAt: number | null;
  /** Ids of the messages this one answers, oldest first (References, else In-Reply-To), without brackets, at most 50. */
  readonly references: readonly string[];
  /** The subject, decoded, without `Re:` and its kin (RFC 5256 section 2.1). */
  readonly baseSubject: string;
  /** The first 200 or so characters of readable text (RFC 8970), decoded, white space folded. */
  readonly preview: string;
  /** How many Received fields the top header has. */
  readonly receivedCount: number;
}
