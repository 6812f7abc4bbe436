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
  /** Every answer has the mod-sequence, once the client counts changes (RFC 7162 section 3.2). */
  readonly withModseq: boolean;
}

export function planFetch(items: readonly FetchItem[], options: PlanOptions): FetchPlan {
  const lacks = (kind: FetchItem["kind"]) => !items.some((item) => item.kind === kind);
  const all = [...items];
  if (options.withUid && lacks("uid")) all.unshift({ kind: "uid" });
  if (options.withModseq && lacks("modseq")) all.push({ kind: "modseq" });
  return {
    items: all,
    needsDigest: items.some(needsDigest),
    setsSeen: items.some((item) => (item.kind === "section" || item.kind === "binary") && !item.peek),
    tellsFlags: items.some((item) => item.kind === "flags"),
  };
}

const FROM_DIGEST: ReadonlySet<FetchItem["kind"]> = new Set(["envelope", "structure", "preview", "threadid"]);

function needsDigest(item: FetchItem): boolean {
  if (item.kind === "section") return !isWholeMessage(item.section);
  if (item.kind === "binary" || item.kind === "binarysize") return item.path.length > 0;
  return FROM_DIGEST.has(item.kind);
}
