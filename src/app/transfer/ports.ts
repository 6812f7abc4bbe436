/** What bringing mail in and out asks of the store, in pieces small enough for the control socket. Bytes cross in base64. */
import type { HiddenFilter, HiddenMessage, MailboxRole, MessageRow, Restored } from "../../store/mod.ts";

export interface Folder {
  readonly id: number;
  readonly name: string;
  readonly role: MailboxRole | null;
  readonly uidValidity: number;
  readonly messages: number;
}

export interface NewMessage {
  readonly flags: readonly string[];
  readonly internalDate: number;
  /** The whole message in base64, or the name of the upload that holds it. */
  readonly content: { readonly data: string } | { readonly upload: string };
}

export interface TransferHandlers {
  hiddenList(
    account: string,
    filter: HiddenFilter,
    page: { readonly after?: number; readonly limit?: number },
  ): Promise<HiddenMessage[]>;
  undelete(account: string, filter: HiddenFilter): Promise<Restored[]>;
  /** The account's mailboxes; the account is made if it is missing. */
  folders(account: string): Promise<Folder[]>;
  /** The mailbox of that name, made and subscribed if it is missing. */
  ensureFolder(account: string, name: string): Promise<Folder>;
  /** A page of messages behind the UID, ascending; empty at the end. */
  messageRows(mailboxId: number, after: number): Promise<MessageRow[]>;
  /** A page of what is there (`identity.ts`), and the UID to go on behind; null at the end. */
  identities(
    mailboxId: number,
    after: number,
  ): Promise<{ readonly identities: readonly number[]; readonly next: number | null }>;
  /** Bytes of a body in base64. */
  bodyPiece(bodyId: number, start: number, end: number): Promise<string>;
  /** Adds to an upload, which its first piece begins. One that nobody goes on with is forgotten after a while. */
  putPiece(upload: string, data: string): Promise<void>;
  /** Forgets an upload, if there is one of that name. */
  dropUpload(upload: string): Promise<void>;
  /** In one commit, in this order. */
  appendMessages(mailboxId: number, messages: readonly NewMessage[]): Promise<void>;
}

/** Bytes in one piece of a body or of an upload; what is in base64 and its words must fit in a request. */
export const PIECE_BYTES = 256 * 1024;
/** Messages in one request at most, and their bytes together. */
export const BATCH_MESSAGES = 64;
