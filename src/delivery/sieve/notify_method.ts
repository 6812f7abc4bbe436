import { tryAddress } from "./cmd/redirect.ts";

/** `mailto:` with one address, and perhaps fields behind a question mark (RFC 5436 section 2.2, RFC 6068). */
export function isNotifyMethod(uri: string): boolean {
  if (!uri.toLowerCase().startsWith("mailto:") || uri.length > 2000) return false;
  const end = uri.indexOf("?");
  const address = decodePercent(uri.slice("mailto:".length, end < 0 ? undefined : end));
  return address !== null && tryAddress(address) !== null;
}

export function decodePercent(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
