import type { Reply } from "../../core/reply.ts";

/** What a server offers in its answer to EHLO (RFC 5321 section 4.1.1.1). */
export interface ServerOffer {
  /** Keywords in capitals, each with its parameters as written. */
  readonly keywords: ReadonlyMap<string, string>;
  /** The largest message it takes (RFC 1870 section 3); null when it does not say, or says 0. */
  readonly size: number | null;
  /** Mechanisms in capitals. */
  readonly auth: readonly string[];
}

/** What one may rely on after HELO, or before anything was said. */
export const NO_OFFER: ServerOffer = { keywords: new Map(), size: null, auth: [] };

/** Reads the keywords from a 250 reply to EHLO; lines that are none are passed over. */
export function parseOffer(reply: Reply): ServerOffer {
  const keywords = new Map<string, string>();
  for (const line of reply.lines.slice(1)) {
    // `AUTH=LOGIN PLAIN` is how some servers wrote it before RFC 2554.
    const [, keyword, parameters] = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:[ =](.*))?$/.exec(line.trim()) ?? [];
    if (keyword === undefined) continue;
    const name = keyword.toUpperCase();
    const before = keywords.get(name);
    keywords.set(name, [before, parameters?.trim()].filter(Boolean).join(" "));
  }
  const size = keywords.get("SIZE") ?? "";
  return {
    keywords,
    size: /^[0-9]{1,20}$/.test(size) && Number(size) > 0 ? Number(size) : null,
    auth: [...new Set((keywords.get("AUTH") ?? "").toUpperCase().split(" ").filter((word) => word !== ""))],
  };
}
