/**
 * Decides whether a message matches a search key (RFC 3501 section 6.4.4); both stores use it. What the row alone can
 * decide is decided first, so that a search for a flag or a date reads no digest and no body. The rest is a
 * generator that yields the cost of each step in bytes: its driver (`slices.ts`) lets others in between.
 */
import type { MessageDigest } from "../wire/mime/digest.ts";
import { parseDay } from "../wire/mime/mod.ts";
import { flagTest } from "./flags.ts";
import type { SearchKey, UidRanges } from "./mod.ts";
import { inRanges } from "./ranges.ts";
import { threadOf } from "./thread_id.ts";
import { fieldMatches, type HeaderSource, textMatches } from "./search_text.ts";

/** What the row of a message tells. */
export interface SearchRow {
  readonly uid: number;
  readonly modseq: number;
  readonly bits: number;
  readonly keywords: string;
  readonly internalDate: number;
  /** When it came into its mailbox (RFC 8514); null when that was not noted. */
  readonly savedAt: number | null;
  readonly size: number;
  readonly bodyId: number;
  /** What an index knows of a text key for this message: it matches, it does not, or (null) the message must be looked into. */
  readonly known?: (key: SearchKey) => boolean | null;
}

/** A message under search; what costs a read is a function. */
export interface SearchSubject extends HeaderSource {
  readonly row: SearchRow;
  digest(): MessageDigest;
}

/** A search key made ready to be asked many times. */
export interface CompiledKey {
  /** Rises with what the decision may cost; cheap parts are asked first. */
  readonly cost: 0 | 1 | 2 | 3;
  /** True or false when the row decides; null when the message must be looked into. */
  test(row: SearchRow): boolean | null;
  /** The whole decision. */
  examine(subject: SearchSubject): Generator<number, boolean>;
}

export function compileKey(key: SearchKey): CompiledKey {
  switch (key.kind) {
    case "all":
      return byRow(() => true);
    case "none":
      return byRow(() => false);
    case "uid":
      return byRow((row) => inRanges(key.uids, row.uid));
    case "flag": {
      const has = flagTest(key.flag);
      return byRow((row) => has(row.bits, row.keywords));
    }
    case "internalDate":
      return byRow((row) => dayTest(key.test, dayOf(row.internalDate), key.day));
    case "savedDate":
      // RFC 8514 section 4.3: where it is not known, the internal date stands in.
      return byRow((row) => dayTest(key.test, dayOf(row.savedAt ?? row.internalDate), key.day));
    case "internalTime":
      return byRow((row) => key.test === "until" ? row.internalDate <= key.at : row.internalDate >= key.at);
    case "larger":
      return byRow((row) => row.size > key.bytes);
    case "smaller":
      return byRow((row) => row.size < key.bytes);
    case "modseq":
      return byRow((row) => row.modseq >= key.atLeast);
    case "email":
      return byRow((row) => row.bodyId === key.bodyId);
    case "thread":
      return byContent(1, function* (subject) {
        yield 1000;
        return threadOf(subject.digest(), subject.row.bodyId) === key.thread;
      });
    case "not":
      return compileNot(compileKey(key.key));
    case "and":
      return compileMany(key.keys.map(compileKey), false);
    case "or":
      return compileMany(key.keys.map(compileKey), true);
    case "sentDate":
      return byContent(1, function* (subject) {
        yield 1000;
        // RFC 3501 section 6.4.4: as it is written, without time and zone.
        const day = parseDay(subject.digest().envelope.date ?? "");
        return day !== null && dayTest(key.test, day, key.day);
      });
    case "header":
      return indexed(
        key,
        byContent(2, (subject) => fieldMatches(subject, subject.digest().structure, key)),
      );
    case "body":
    case "text":
      return indexed(
        key,
        byContent(3, (subject) => textMatches(subject, subject.digest().structure, key)),
      );
  }
}

/** The UIDs between which every match lies; what is outside need not be read. */
export function uidBounds(key: SearchKey): readonly [from: number, to: number] {
  if (key.kind === "uid") return boundsOf(key.uids);
  if (key.kind !== "and") return [1, 0xffffffff];
  let from = 1;
  let to = 0xffffffff;
  for (const child of key.keys) {
    const [low, high] = uidBounds(child);
    from = Math.max(from, low);
    to = Math.min(to, high);
  }
  return [from, to];
}

function boundsOf(ranges: UidRanges): readonly [number, number] {
  return ranges.length === 0 ? [1, 0] : [ranges[0]![0], ranges[ranges.length - 1]![1]];
}

function byRow(test: (row: SearchRow) => boolean): CompiledKey {
  return {
    cost: 0,
    test,
    // deno-lint-ignore require-yield -- the row is at hand
    *examine(subject) {
      return test(subject.row);
    },
  };
}

function byContent(cost: 1 | 2 | 3, examine: CompiledKey["examine"]): CompiledKey {
  return { cost, test: () => null, examine };
}

/** Asks the index before the message. */
function indexed(key: SearchKey, inner: CompiledKey): CompiledKey {
  return { ...inner, test: (row) => row.known?.(key) ?? null };
}

function compileNot(inner: CompiledKey): CompiledKey {
  return {
    cost: inner.cost,
    test(row) {
      const found = inner.test(row);
      return found === null ? null : !found;
    },
    *examine(subject) {
      return !(yield* inner.examine(subject));
    },
  };
}

/** `and` when `decisive` is false, `or` when it is true: the value of one part that settles the whole. */
function compileMany(unsorted: readonly CompiledKey[], decisive: boolean): CompiledKey {
  const parts = unsorted.toSorted((a, b) => a.cost - b.cost);
  return {
    cost: parts.at(-1)?.cost ?? 0,
    test(row) {
      let open = false;
      for (const part of parts) {
        const found = part.test(row);
        if (found === decisive) return decisive;
        if (found === null) open = true;
      }
      return open ? null : !decisive;
    },
    *examine(subject) {
      for (const part of parts) {
        const found = part.test(subject.row) ?? (yield* part.examine(subject));
        if (found === decisive) return decisive;
      }
      return !decisive;
    },
  };
}

function dayOf(milliseconds: number): number {
  return Math.floor(milliseconds / 86_400_000);
}

function dayTest(test: "before" | "on" | "since", actual: number, asked: number): boolean {
  if (test === "on") return actual === asked;
  return test === "before" ? actual < asked : actual >= asked;
}
