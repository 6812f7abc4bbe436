import type { FetchItem } from "../../wire/imap/mod.ts";
import { isWholeMessage } from "./sections.ts";

/**
 * What rows must come with: they need not come at all, since flags are enough; nothing; where the header ends; that, ENVELOPE and
 * BODYSTRUCTURE as they are sent; all that was parsed.
 */
export type RowSource = "flags" | "rows" | "headers" | "texts" | "digests";

/** What a FETCH needs, found out once for all its messages. */
export interface FetchPlan {
  readonly items: readonly FetchItem[];
  readonly source: RowSource;
  /** Whether messages become \Seen (RFC 3501 section 6.4.5). */
  readonly setsSeen: boolean;
  readonly tellsFlags: boolean;
}

export interface PlanOptions {
  /** UID FETCH: the answer has the UID even if it was not asked for (RFC 3501 section 6.4.8). */
  readonly withUid: boolean;
  /** Whether an answer that says that the message became \Seen has the UID, too (RFC 7162 section 3.2.4). */
  readonly seenWithUid: boolean;
  /** Every answer has the mod-sequence, once the client counts changes (RFC 7162 section 3.2). */
  readonly withModseq: boolean;
}

export function planFetch(items: readonly FetchItem[], options: PlanOptions): FetchPlan {
  const lacks = (kind: FetchItem["kind"]) => !items.some((item) => item.kind === kind);
  const all = [...items];
  const setsSeen = items.some((item) => (item.kind === "section" || item.kind === "binary") && !item.peek);
  if ((options.withUid || (setsSeen && options.seenWithUid)) && lacks("uid")) all.unshift({ kind: "uid" });
  if (options.withModseq && lacks("modseq")) all.push({ kind: "modseq" });
  return {
    items: all,
    source: RICHEST.find((source) => items.some((item) => sourceOf(item) === source)) ?? "flags",
    setsSeen,
    tellsFlags: items.some((item) => item.kind === "flags"),
  };
}

const RICHEST: readonly RowSource[] = ["digests", "texts", "headers", "rows"];

function sourceOf(item: FetchItem): RowSource {
  switch (item.kind) {
    case "section":
      if (item.section.path.length > 0) return "digests";
      return isWholeMessage(item.section) ? "rows" : "headers";
    case "binary":
    case "binarysize":
      return item.path.length > 0 ? "digests" : "rows";
    case "envelope":
      return "texts";
    case "structure":
      // BODY, which nobody asks for any more, is made when it is asked for.
      return item.extended ? "texts" : "digests";
    case "preview":
    case "threadid":
      return "digests";
    case "flags":
    case "uid":
    case "modseq":
      return "flags";
    default:
      return "rows";
  }
}
