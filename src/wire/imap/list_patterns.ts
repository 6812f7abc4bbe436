import { ProtocolError } from "../../core/errors.ts";
import { ListPattern } from "./list_pattern.ts";

/** How long all patterns with wildcards may be together: it bounds what it costs to compare one name. */
const MAX_WILDCARD_TEXT = 4096;
const INBOX = /^INBOX(?=\/|$)/i;

/** The patterns of one LIST (RFC 5258 section 3): a name matches when one of them does. */
export class ListPatterns {
  /** Names without wildcards, which a client may send in great numbers. */
  readonly #exact: ReadonlySet<string>;
  readonly #wild: readonly ListPattern[];

  /** Throws `ProtocolError` when it would take too long to compare. */
  constructor(patterns: readonly string[]) {
    const wild = patterns.filter(hasWildcard);
    if (wild.reduce((sum, pattern) => sum + pattern.length, 0) > MAX_WILDCARD_TEXT) {
      throw new ProtocolError(`The patterns have more than ${MAX_WILDCARD_TEXT} characters`);
    }
    this.#exact = new Set(patterns.filter((pattern) => !hasWildcard(pattern)).map(withInbox));
    this.#wild = wild.map((pattern) => new ListPattern(pattern));
  }

  matches(name: string): boolean {
    return this.#exact.has(name) || this.#wild.some((pattern) => pattern.matches(name));
  }

  /** Whether a name that begins so may match: what is not asked for need not be looked up. */
  mayMatchFrom(prefix: string): boolean {
    if (this.#wild.some((pattern) => pattern.mayMatchFrom(prefix))) return true;
    for (const name of this.#exact) if (name.startsWith(prefix)) return true;
    return false;
  }
}

function hasWildcard(pattern: string): boolean {
  return pattern.includes("*") || pattern.includes("%");
}

/** INBOX is the same in any case, also as the first level (RFC 3501 section 5.1). */
function withInbox(name: string): string {
  return name.replace(INBOX, "INBOX");
}
