/** How found messages are put in order (RFC 5256, RFC 5957) and joined to conversations (RFC 5256 section 3). */
import type { SearchKey, UidRanges } from "./mod.ts";

export type SortCriterion =
  | "arrival"
  | "cc"
  | "date"
  | "from"
  | "size"
  | "subject"
  | "to"
  | "displayfrom"
  | "displayto"
  /** RFC 6203 section 5: the best match first. */
  | "relevancy";

/** The first criterion decides, the next among equals; at last the UID, ascending. */
export type SortOrder = readonly { readonly by: SortCriterion; readonly descending: boolean }[];

export interface SortRequest {
  readonly key: SearchKey;
  readonly order: SortOrder;
  /** The messages that `relevancy` puts before the others. */
  readonly best?: UidRanges;
}

export type ThreadAlgorithm = "references" | "orderedsubject";

export interface ThreadRequest {
  readonly key: SearchKey;
  readonly algorithm: ThreadAlgorithm;
}

/**
 * Conversations in a flat form, since they may be deeper than any stack: one entry for each node in the order in which it is
 * shown, with its depth. A UID of 0 is a message that is not there but holds its answers together.
 */
export interface ThreadList {
  readonly uids: readonly number[];
  readonly depths: readonly number[];
}
