/**
 * What a search asks, as values (RFC 3501 section 6.4.4, already resolved: sequence numbers are UIDs, names
 * are in lower case, dates are days).
 */
import type { UidRanges } from "./mod.ts";

export type SearchKey =
  | { readonly kind: "all" }
  | { readonly kind: "and" | "or"; readonly keys: readonly SearchKey[] }
  | { readonly kind: "not"; readonly key: SearchKey }
  | { readonly kind: "uid"; readonly uids: UidRanges }
  /** `\Seen` or a keyword, compared without case. */
  | { readonly kind: "flag"; readonly flag: string }
  /** The internal date's day (UTC), as days since 1970: earlier than, on, on or after. */
  | {
    readonly kind: "internalDate" | "sentDate";
    readonly test: "before" | "on" | "since";
    readonly day: number;
  }
  | { readonly kind: "larger" | "smaller"; readonly bytes: number }
  /** A substring of a decoded header field, without case; an empty text means that the field is there. */
  | { readonly kind: "header"; readonly field: string; readonly text: string }
  /** A substring of the decoded text parts; `text` looks into all headers too. Without case. */
  | { readonly kind: "body" | "text"; readonly text: string }
  | { readonly kind: "modseq"; readonly atLeast: number };
