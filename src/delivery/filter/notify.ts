import { type Address, formatAddress } from "../../core/address.ts";
import { decodeWords } from "../../wire/mime/mod.ts";
import type { Action } from "../sieve/mod.ts";
import { addressIn } from "./addresses.ts";
import { fieldOf } from "./auto_reply.ts";
import type { FilterAccount } from "./deps.ts";
import { type Letter, namedAddress } from "./letter.ts";
import type { OpenedMessage } from "./message.ts";

export type NotifyAction = Extract<Action, { kind: "notify" }>;

export interface NotifyCase {
  readonly action: NotifyAction;
  readonly account: FilterAccount;
  readonly fields: OpenedMessage["fields"];
  readonly isOwn: (address: Address) => boolean;
}

/** What goes round: a notice about a notice, or about an answer (RFC 5436 section 2.7.1). */
export function isAboutNotice(fields: OpenedMessage["fields"]): boolean {
  const value = fieldOf(fields, "auto-submitted")?.toLowerCase() ?? "no";
  return value.startsWith("auto-notified") || value.startsWith("auto-replied");
}

/** RFC 5436 section 2; null when the method names no address. */
export function notifyLetter(
  { action, account, fields, isOwn }: NotifyCase,
  { id, hostname, now }: { readonly id: string; readonly hostname: string; readonly now: number },
): Letter | null {
  const { to, subject, body } = readMethod(action.method);
  if (to === null) return null;
  const from = action.from === null ? null : addressIn(action.from);
  const about = decodeWords(fieldOf(fields, "subject") ?? "");
  const sender = decodeWords(fieldOf(fields, "from") ?? "");
  return {
    from: from !== null && isOwn(from) ? action.from! : namedAddress(account.address, account.displayName),
    to,
    // Section 2.3: the script's own words, else the method's, else ours.
    subject: action.message ?? subject ?? `New message: ${about}`,
    extra: [
      `Auto-Submitted: auto-notified; owner-email="${formatAddress(account.address).replace(/["\\]/g, "")}"`,
      ...(action.importance === 2 ? [] : [`Importance: ${action.importance === 1 ? "high" : "low"}`]),
    ],
    messageId: `${id}@${hostname}`,
    now,
    text: body ?? `${action.message ?? "You have a new message."}\n\nFrom: ${sender}\nSubject: ${about}\n`,
  };
}

/** RFC 6068: an address, and perhaps a subject and a body; other fields are not taken from a script. */
function readMethod(uri: string): { to: Address | null; subject: string | null; body: string | null } {
  const end = uri.indexOf("?");
  const values = new Map<string, string>();
  for (const pair of end < 0 ? [] : uri.slice(end + 1).split("&")) {
    const equals = pair.indexOf("=");
    if (equals > 0) values.set(pair.slice(0, equals).toLowerCase(), decoded(pair.slice(equals + 1)));
  }
  return {
    to: addressIn(decoded(uri.slice("mailto:".length, end < 0 ? undefined : end))),
    subject: values.get("subject") ?? null,
    body: values.get("body") ?? null,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
