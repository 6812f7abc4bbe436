import { domainToASCII } from "node:url";

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * Brings a domain to the one form used inside Mailden: lower case, A-labels, no final dot. Returns null
 * for what is no domain name. Address literals are not domains; their syntax is `wire/smtp`'s.
 */
export function normalizeDomain(text: string): string | null {
  const trimmed = text.endsWith(".") ? text.slice(0, -1) : text;
  if (trimmed === "" || trimmed.length > 1000) return null;
  const ascii = /^[\x00-\x7f]*$/.test(trimmed) ? trimmed.toLowerCase() : domainToASCII(trimmed);
  if (ascii === "" || ascii.length > 253) return null;
  return ascii.split(".").every((label) => LABEL.test(label)) ? ascii : null;
}
