import type { Address } from "../../core/address.ts";

/** The message as a script has made it; null is the message as it came. */
export interface MessageVersion {
  /** The whole top header with its blank line, when `editheader` or `mime` changed it. */
  readonly header: Uint8Array | null;
  /** What stands behind the header, when `replace` or `enclose` changed it. */
  readonly body: Uint8Array | null;
}

/** Where a message is put. */
export interface MailboxTarget {
  readonly mailbox: string;
  /** RFC 9042: this one, if it is still there. */
  readonly mailboxId: string | null;
  /** RFC 8579, as in `\Junk`: the mailbox for that use, if there is one. */
  readonly specialUse: string | null;
  /** RFC 5490: make it if it is missing. */
  readonly create: boolean;
  readonly flags: readonly string[];
}

/** RFC 8580: a copy of what was sent goes here. */
export type FileCopy = MailboxTarget;

/** What the script wants done, in its order. */
export type Action =
  | { readonly kind: "keep"; readonly flags: readonly string[]; readonly message: MessageVersion }
  | { readonly kind: "fileinto"; readonly target: MailboxTarget; readonly message: MessageVersion }
  | {
    readonly kind: "redirect";
    readonly address: Address;
    readonly message: MessageVersion;
  }
  | { readonly kind: "reject" | "ereject"; readonly reason: string }
  | {
    readonly kind: "vacation";
    /** Seconds in which the same sender is answered once. */
    readonly period: number;
    readonly subject: string | null;
    readonly from: string | null;
    /** More addresses of the owner, besides those we know. */
    readonly addresses: readonly string[];
    readonly isMime: boolean;
    readonly reason: string;
    /** Answers with different handles are counted apart (RFC 5230 section 4.2). */
    readonly handle: string;
    readonly copy: FileCopy | null;
    /** The header as the script has made it, as in `MessageVersion`. */
    readonly header: Uint8Array | null;
  }
  | {
    readonly kind: "notify";
    /** A URI. */
    readonly method: string;
    readonly from: string | null;
    /** 1 high, 2 normal, 3 low. */
    readonly importance: 1 | 2 | 3;
    readonly options: readonly string[];
    readonly message: string | null;
    readonly copy: FileCopy | null;
    /** As for a vacation. */
    readonly header: Uint8Array | null;
  }
  /** RFC 7352: this id has been seen now. */
  | { readonly kind: "note-duplicate"; readonly id: string; readonly seconds: number };

export interface SieveResult {
  readonly actions: readonly Action[];
  /** What was wrong while it ran, with line and column; then `actions` is one `keep` of the untouched message. */
  readonly error: string | null;
}
