import type { FetchItem } from "../../wire/imap/mod.ts";
import { isWholeMessage } from "./sections.ts";

/** What a FETCH needs, found out once for all its messages. */
export interface FetchPlan {
  readonly items: readonly FetchItem[];
  /** Whether rows must come with the parsed structure. */
  readonly needsDigest: boolean;
  /** Whether messages become \Seen (RFC 3501 section 6.4.5). */
  readonly setsSeen: boolean;
  readonly tellsFlags: boolean;
}

export interface PlanOptions {
  /** UID FETCH: the answer has the UID even if it was not asked for (RFC 3501 section 6.4.8). */
  readonly withUid: boolean;
}

export function planFetch(items: readonly FetchItem[], options: PlanOptions): FetchPlan {
  const hasUid = items.some((item) => item.kind === "uid");
  return {
    items: options.withUid && !hasUid ? [{ kind: "uid" }, ...items] : items,
    needsDigest: items.some(needsDigest),
    setsSeen: items.some((item) => item.kind === "section" && !item.peek),
    tellsFlags: items.some((item) => item.kind === "flags"),
  };
}

function needsDigest(item: FetchItem): boolean {
  if (item.kind === "section") return !isWholeMessage(item.section);
  return item.kind === "envelope" || item.kind === "structure";
}
