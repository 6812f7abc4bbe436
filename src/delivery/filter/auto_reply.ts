/** Who may be answered by a program, and for what (RFC 3834 section 2, RFC 5230 sections 4.5 and 4.6). Pure functions. */
import { type Address, addressKey } from "../../core/address.ts";
import { normalizeDomain } from "../../core/domain.ts";
import { type HeaderField, parseAddressList } from "../../wire/mime/mod.ts";

type Fields = readonly Pick<HeaderField, "name" | "value">[];

/** The value of the first field of that name; null when there is none. */
export function fieldOf(fields: Fields, name: string): string | null {
  return fields.find((field) => field.name === name)?.value ?? null;
}

/** Programs and lists write so, and an answer to them helps nobody. */
export function isAutomatic(fields: Fields): boolean {
  return fields.some(({ name, value }) => {
    const first = value.toLowerCase().split(/[;\s]/, 1)[0] ?? "";
    switch (name) {
      // RFC 3834 section 5: anything but "no".
      case "auto-submitted":
        return first !== "no";
      case "precedence":
        return ["bulk", "list", "junk"].includes(first);
      case "x-auto-response-suppress":
        return /\b(?:all|oof|autoreply)\b/i.test(value.slice(0, 200));
      case "x-loop":
        return true;
      default:
        return name.startsWith("list-");
    }
  });
}

/** RFC 5230 section 4.6: names of programs and of those who run lists. */
export function isMachine({ local }: Address): boolean {
  const name = local.toLowerCase();
  return ["mailer-daemon", "listserv", "majordomo", "postmaster", "noreply", "no-reply"].includes(name) ||
    name.startsWith("owner-") || /-(?:request|owner|bounces?|relay|confirm)$/.test(name) ||
    name.includes("-bounces+");
}

const NAMING: ReadonlySet<string> = new Set(["to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc"]);
/** Addresses that are looked at in one message. */
const MOST_NAMED = 1000;

/** Whether one of the addresses that are the owner's stands among the recipients in the header (RFC 5230 section 4.5). */
export function namesOwner(fields: Fields, isOwn: (address: Address) => boolean): boolean {
  let seen = 0;
  for (const { name, value } of fields) {
    if (!NAMING.has(name) || seen >= MOST_NAMED) continue;
    for (const { mailbox, host } of parseAddressList(value, MOST_NAMED - seen)) {
      seen++;
      const domain = host === null ? null : normalizeDomain(host);
      if (mailbox !== null && domain !== null && isOwn({ local: mailbox, domain })) return true;
    }
  }
  return false;
}

/** One of these, in any case. */
export function isOneOf(texts: readonly string[]): (address: Address) => boolean {
  const known = new Set(texts.map((text) => text.trim().toLowerCase()));
  return (address) => known.has(addressKey(address));
}
