import type { MessageRow, MessageRowWithDigest, ShownRow, UidRanges } from "../../store/mod.ts";
import type { ImapSession } from "./context.ts";
import type { FetchPlan } from "./fetch_plan.ts";

/** A message as a FETCH reads it: with as much as it needs. */
export type FetchRow = MessageRow | MessageRowWithDigest | ShownRow;

/** The rows of a FETCH, by the cheapest way that has all it needs. */
export function readRows(
  { store: { messages }, selected: { id }, out }: ImapSession,
  { source }: FetchPlan,
  uids: UidRanges,
): AsyncIterable<readonly FetchRow[]> {
  switch (source) {
    case "flags":
    case "rows":
      return messages.rows(id, uids);
    case "headers":
    case "texts":
      return messages.shownRows(id, uids, { texts: source === "texts", utf8: out.encoder.utf8 });
    case "digests":
      return messages.rowsWithDigest(id, uids);
  }
}
