import { ListPattern } from "./list_pattern.ts";

/**
 * How long all patterns with wildcards may be together: it bounds what it costs to compare one name. Those beyond it match nothing,
 * as RFC 5258 section 3 has it for patterns that a server does not accept.
 */
const MAX_WILDCARD_TEXT = 4096;
const INBOX = /^INBOX(?=\/|$)/i;

/** The patterns of one LIST (RFC 5258 section 3): a name matches when one of them does. */
export class ListPatterns {
  /** Names without wildcards, which a client may send in great numbers. */
  readonly #exact: ReadonlySet<string>;
  readonly #wild: readonly ListPattern[];

  constructor(patterns: readonly string[]) {
    this.#exact = new Set(patterns.filter((pattern) => !hasWildcard(pattern)).map(withInbox));
    let room = MAX_WILDCARD_TEXT;
    const wild = patterns.filter(hasWildcard).filter(({ length }) => (room -= length) >= 0);
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
