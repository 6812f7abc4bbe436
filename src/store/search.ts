/**
 * What a search asks, as values (RFC 3501 section 6.4.4, already resolved: sequence numbers are UIDs, names
 * are in lower case, dates are days).
 */
import type { UidRanges } from "./mod.ts";

export type SearchKey =
  | { readonly kind: "all" | "none" }
  | { readonly kind: "and" | "or"; readonly keys: readonly SearchKey[] }
  | { readonly kind: "not"; readonly key: SearchKey }
  | { readonly kind: "uid"; readonly uids: UidRanges }
  /** `\Seen` or a keyword, compared without case. */
  | { readonly kind: "flag"; readonly flag: string }
  /** The day (UTC) of a date, as days since 1970: earlier than, on, on or after. */
  | {
    readonly kind: "internalDate" | "sentDate" | "savedDate";
    readonly test: DayTest;
    readonly day: number;
  }
  /** The internal date in milliseconds: not after, not before. */
  | { readonly kind: "internalTime"; readonly test: "until" | "from"; readonly at: number }
  | { readonly kind: "larger" | "smaller"; readonly bytes: number }
  /** A substring of a decoded header field, without case; an empty text means that the field is there. */
  | { readonly kind: "header"; readonly field: string; readonly text: string }
  /** A substring of the decoded text parts; `text` looks into all headers too. Without case. */
  | { readonly kind: "body" | "text"; readonly text: string }
  | { readonly kind: "modseq"; readonly atLeast: number }
  /** One message wherever it lies, and one conversation (RFC 8474). */
  | { readonly kind: "email"; readonly bodyId: number }
  | { readonly kind: "thread"; readonly thread: number };

export type DayTest = "before" | "on" | "since";

export interface SearchOptions {
  readonly signal?: AbortSignal;
  /** Hears how many of how many messages were looked at; now and then, and only of what takes long. */
  readonly onProgress?: (done: number, total: number) => void;
}
