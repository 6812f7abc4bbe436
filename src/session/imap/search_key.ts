import type { SearchKey } from "../../store/mod.ts";
import { parseEmailId } from "../../store/email_id.ts";
import { parseThreadId } from "../../store/thread_id.ts";
import type { Ranges, SearchTerm, SequenceSet } from "../../wire/imap/mod.ts";

const UID_MAX = 0xffff_ffff;

/** What a term means depends on where it is asked: the selected mailbox, or one of many (RFC 7377). */
export interface TermScope {
  /** Throws what makes the set meaningless here. */
  resolve(set: SequenceSet, by: "sequence" | "uid"): Ranges;
  readonly recentFrom: number;
  readonly now: number;
}

/**
 * Puts UIDs in the place of sequence numbers, of `$` and of \Recent, which only the session knows, and times in the place of
 * ages. It calls itself to the depth of the term, which the decoder has bounded.
 */
export function toSearchKey(scope: TermScope, term: SearchTerm): SearchKey {
  switch (term.kind) {
    case "sequence":
    case "uid":
      return { kind: "uid", uids: scope.resolve(term.set, term.kind) };
    case "uidRange":
      return { kind: "uid", uids: term.range[0] > term.range[1] ? [] : [term.range] };
    case "recent":
      return { kind: "uid", uids: [[scope.recentFrom, UID_MAX]] };
    case "saveDateSupported":
      return { kind: "all" };
    case "within": {
      // RFC 5032 section 3: YOUNGER is at most so old, OLDER at least.
      const at = scope.now - term.seconds * 1000;
      return { kind: "internalTime", test: term.test === "older" ? "until" : "from", at };
    }
    case "and":
    case "or":
      return { kind: term.kind, keys: term.terms.map((inner) => toSearchKey(scope, inner)) };
    case "not":
      return { kind: "not", key: toSearchKey(scope, term.term) };
    case "fuzzy":
      return toSearchKey(scope, fuzzily(term.term));
    case "emailId": {
      const bodyId = parseEmailId(term.id);
      return bodyId === null ? { kind: "none" } : { kind: "email", bodyId };
    }
    case "threadId": {
      const thread = parseThreadId(term.id);
      return thread === null ? { kind: "none" } : { kind: "thread", thread };
    }
    default:
      return term;
  }
}

/**
 * RFC 6203 section 3: what is asked for fuzzily need only hold the words of the text, in any order and wherever they stand, not
 * the text as it was written. Keys without text mean what they always do.
 */
function fuzzily(term: SearchTerm): SearchTerm {
  switch (term.kind) {
    case "and":
    case "or":
      return { kind: term.kind, terms: term.terms.map(fuzzily) };
    case "not":
    case "fuzzy":
      return { kind: term.kind, term: fuzzily(term.term) };
    case "header":
    case "body":
    case "text": {
      const words = wordsOf(term.text);
      return words.length < 2 ? term : { kind: "and", terms: words.map((text) => ({ ...term, text })) };
    }
    default:
      return term;
  }
}

const MAX_WORDS = 20;

function wordsOf(text: string): string[] {
  return text.split(/[^\p{L}\p{M}\p{N}]+/u).filter((word) => word !== "").slice(0, MAX_WORDS);
}

/** The term as if FUZZY had not been said; null when it was not. */
export function exactly(term: SearchTerm): SearchTerm | null {
  return has(term, "fuzzy") ? withoutFuzzy(term) : null;
}

function withoutFuzzy(term: SearchTerm): SearchTerm {
  if (term.kind === "and" || term.kind === "or") {
    return { kind: term.kind, terms: term.terms.map(withoutFuzzy) };
  }
  if (term.kind === "fuzzy") return withoutFuzzy(term.term);
  return term.kind === "not" ? { kind: "not", term: withoutFuzzy(term.term) } : term;
}

/** Whether the result may change by the mere passing of time (RFC 5032 section 3). */
export function dependsOnTime(term: SearchTerm): boolean {
  return has(term, "within");
}

/** Whether a key of this kind stands anywhere in the term. */
export function has(term: SearchTerm, kind: SearchTerm["kind"]): boolean {
  if (term.kind === kind) return true;
  if (term.kind === "and" || term.kind === "or") return term.terms.some((inner) => has(inner, kind));
  return (term.kind === "not" || term.kind === "fuzzy") && has(term.term, kind);
}
