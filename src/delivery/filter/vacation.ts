import { type Address, addressKey, formatAddress, type ReversePath } from "../../core/address.ts";
import { encodeUtf8 } from "../../core/bytes.ts";
import { decodeWords } from "../../wire/mime/mod.ts";
import type { Action } from "../sieve/mod.ts";
import { fieldOf, isAutomatic, isMachine, isOneOf, namesOwner } from "./auto_reply.ts";
import type { FilterAccount } from "./deps.ts";
import { type Letter, senderField } from "./letter.ts";
import type { OpenedMessage } from "./message.ts";

export type VacationAction = Extract<Action, { kind: "vacation" }>;

export interface VacationCase {
  readonly action: VacationAction;
  readonly account: FilterAccount;
  readonly sender: ReversePath;
  /** By which the account was reached. */
  readonly recipient: Address;
  readonly fields: OpenedMessage["fields"];
  readonly isOwn: (address: Address) => boolean;
}

/** Why nobody is answered, or null when somebody may be (RFC 5230 sections 4.5 and 4.6). */
export function whyNoAnswer({ action, sender, recipient, fields, isOwn }: VacationCase): string | null {
  if (sender === null) return "the message has no sender to answer";
  if (isMachine(sender)) return "a program or a list wrote it";
  if (isOwn(sender)) return "the sender is the owner";
  if (isAutomatic(fields)) return "a program or a list wrote it";
  const isExtra = isOneOf([...action.addresses, formatAddress(recipient)]);
  if (!namesOwner(fields, (address) => isOwn(address) || isExtra(address))) {
    return "none of the owner's addresses is named in it";
  }
  return null;
}

/** The answer (RFC 5230 section 5); `sender` is not null. */
export function vacationLetter(
  { action, account, sender, fields, isOwn }: VacationCase,
  { id, hostname, now }: { readonly id: string; readonly hostname: string; readonly now: number },
): Letter {
  const about = decodeWords(fieldOf(fields, "subject") ?? "").trim();
  const messageId = fieldOf(fields, "message-id");
  const references = fieldOf(fields, "references") ?? fieldOf(fields, "in-reply-to");
  return {
    // Section 4.3: in nobody else's name.
    from: senderField(
      action.from,
      account,
      (address) => isOwn(address) || isOneOf(action.addresses)(address),
    ),
    to: [sender!],
    subject: action.subject ?? (about === "" ? "Automated reply" : `Auto: ${about}`),
    extra: [
      // RFC 3834 section 5.
      "Auto-Submitted: auto-replied (vacation)",
      ...(messageId === null ? [] : [`In-Reply-To: ${messageId.slice(0, 900)}`]),
      ...(messageId === null ? [] : [`References: ${lastOf(references)}${messageId.slice(0, 900)}`]),
    ],
    messageId: `${id}@${hostname}`,
    now,
    text: action.reason,
    isMime: action.isMime,
  };
}

/** Under this the answer is remembered: once for each sender and handle, which may be a whole text. */
export async function vacationKey(account: string, sender: Address, handle: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", encodeUtf8(handle)));
  return `${account} ${addressKey(sender)} ${hash.toHex()}`;
}

/** So that a thread of many years does not become a line of many pages. */
function lastOf(references: string | null): string {
  const ids = references?.split(/\s+/).filter((id) => id !== "").slice(-5).join(" ") ?? "";
  return ids === "" || ids.length > 900 ? "" : `${ids} `;
}
