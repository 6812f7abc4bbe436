import { type Address, formatAddress } from "../../core/address.ts";
import { decodeWords } from "../../wire/mime/mod.ts";
import { type Action, parseMailto } from "../sieve/mod.ts";
import { fieldOf } from "./auto_reply.ts";
import type { FilterAccount } from "./deps.ts";
import { type Letter, senderField } from "./letter.ts";
import type { OpenedMessage } from "./message.ts";

export type NotifyAction = Extract<Action, { kind: "notify" }>;

export interface NotifyCase {
  readonly action: NotifyAction;
  readonly account: FilterAccount;
  readonly fields: OpenedMessage["fields"];
  readonly isOwn: (address: Address) => boolean;
}

/** What goes round: a notice about what a program wrote (RFC 5436 section 2.7). */
export function isAboutAutomatic(fields: OpenedMessage["fields"]): boolean {
  const value = fieldOf(fields, "auto-submitted")?.trim().toLowerCase() ?? "no";
  return !/^no(?:[;\s(]|$)/.test(value);
}

/** RFC 5436 section 2.7; null when the method names no address. */
export function notifyLetter(
  { action, account, fields, isOwn }: NotifyCase,
  { id, hostname, now }: { readonly id: string; readonly hostname: string; readonly now: number },
): Letter | null {
  const method = parseMailto(action.method);
  if (method === null) return null;
  const about = decodeWords(fieldOf(fields, "subject") ?? "");
  const sender = decodeWords(fieldOf(fields, "from") ?? "");
  return {
    from: senderField(action.from, account, isOwn),
    to: method.to,
    cc: method.cc,
    // The script's own words, else the method's, else those of the message.
    subject: action.message ?? method.subject ?? (about === "" ? "New message" : about),
    extra: [
      `Auto-Submitted: auto-notified; owner-email="${formatAddress(account.address).replace(/["\\]/g, "")}"`,
      ...(action.importance === 2 ? [] : [`Importance: ${action.importance === 1 ? "high" : "low"}`]),
    ],
    messageId: `${id}@${hostname}`,
    now,
    text: method.body ??
      `${action.message ?? "You have a new message."}\n\nFrom: ${sender}\nSubject: ${about}\n`,
  };
}
