/** The commands of access control (RFC 4314 sections 3 and 7). */
import { ProtocolError } from "../../core/errors.ts";
import { saslPrep } from "../sasl/mod.ts";
import type { Decoder } from "./decoder.ts";
import type { Encoder } from "./encoder.ts";
import { decodeMailbox, encodeMailbox } from "./mailbox.ts";

/**
 * RFC 4314 section 2.1: look up, read, keep \Seen, write flags, insert, post, create below, delete the mailbox, set \Deleted,
 * expunge, administer.
 */
export type Right = "l" | "r" | "s" | "w" | "i" | "p" | "k" | "x" | "t" | "e" | "a";

export const ALL_RIGHTS = "lrswipkxtea";

/** RFC 4314 section 2.1.1: what the rights of RFC 2086 that are no more stand for. */
const VIRTUAL_RIGHTS: Readonly<Record<string, string>> = { c: "kx", d: "te" };

export interface AclChange {
  readonly kind: "set" | "add" | "remove";
  /** In the order of `ALL_RIGHTS`, each once. */
  readonly rights: string;
}

export interface MailboxAndIdentifier {
  readonly mailbox: string;
  /** After SASLprep (RFC 4314 section 3). */
  readonly identifier: string;
  /** The identifier as it came. */
  readonly given: string;
}

export interface SetAclArguments extends MailboxAndIdentifier {
  readonly change: AclChange;
}

/** DELETEACL and LISTRIGHTS. */
export function decodeMailboxAndIdentifier(decoder: Decoder): MailboxAndIdentifier {
  const args = decodeBoth(decoder);
  decoder.expectEnd();
  return args;
}

export function decodeSetAcl(decoder: Decoder): SetAclArguments {
  const args = decodeBoth(decoder);
  decoder.expectSpace();
  const text = decoder.expectText("rights");
  decoder.expectEnd();
  const kind = text.startsWith("+") ? "add" : text.startsWith("-") ? "remove" : "set";
  return { ...args, change: { kind, rights: decodeRights(kind === "set" ? text : text.slice(1)) } };
}

function decodeBoth(decoder: Decoder): MailboxAndIdentifier {
  decoder.expectSpace();
  const mailbox = decodeMailbox(decoder);
  decoder.expectSpace();
  const given = decoder.expectText("an identifier");
  const identifier = saslPrep(given);
  if (identifier === null) throw new ProtocolError("That cannot be an identifier");
  return { mailbox, identifier, given };
}

/** RFC 4314 section 3.1: a right that is not known must be refused, not passed over. */
function decodeRights(text: string): string {
  const rights = new Set<string>();
  for (const letter of text) {
    const meant = VIRTUAL_RIGHTS[letter] ?? letter;
    if (!ALL_RIGHTS.includes(meant[0]!)) {
      throw new ProtocolError(`The rights are ${ALL_RIGHTS} and, for old clients, cd`);
    }
    for (const right of meant) rights.add(right);
  }
  return orderedRights(rights);
}

/** Rights as they are kept and compared: each once, in the order of `ALL_RIGHTS`. */
export function orderedRights(rights: Iterable<string>): string {
  const wanted = new Set(rights);
  return [...ALL_RIGHTS].filter((right) => wanted.has(right)).join("");
}

/** With the virtual rights, for those that clients of RFC 2086 look for (RFC 4314 section 2.1.1). */
export function withVirtualRights(rights: string): string {
  const virtual = Object.entries(VIRTUAL_RIGHTS).filter(([, members]) => {
    return [...members].some((right) => rights.includes(right));
  });
  return rights + virtual.map(([letter]) => letter).join("");
}

/** RFC 4314 section 3.6. */
export function encodeAcl(
  encoder: Encoder,
  mailbox: string,
  entries: readonly { readonly identifier: string; readonly rights: string }[],
): void {
  encoder.text("* ACL ");
  encodeMailbox(encoder, mailbox);
  for (const { identifier, rights } of entries) {
    encoder.text(" ").astring(identifier).text(" ").astring(withVirtualRights(rights));
  }
  encoder.line("");
}

/** RFC 4314 section 3.7; each right that is not `required` can be granted by itself. */
export function encodeListRights(
  encoder: Encoder,
  { mailbox, identifier }: { readonly mailbox: string; readonly identifier: string },
  required: string,
): void {
  encoder.text("* LISTRIGHTS ");
  encodeMailbox(encoder, mailbox);
  encoder.text(" ").astring(identifier).text(" ").astring(required);
  const all = withVirtualRights(ALL_RIGHTS);
  for (const right of all) if (!required.includes(right)) encoder.text(` ${right}`);
  encoder.line("");
}

/** RFC 4314 section 3.8. */
export function encodeMyRights(encoder: Encoder, mailbox: string, rights: string): void {
  encoder.text("* MYRIGHTS ");
  encodeMailbox(encoder, mailbox);
  encoder.text(" ").astring(withVirtualRights(rights)).line("");
}
