import type { FetchItem } from "../../wire/imap/mod.ts";
import { mergeRanges } from "../../wire/imap/mod.ts";
import type { MessageRow } from "../../store/mod.ts";
import type { ImapSession } from "./context.ts";
import { FetchAhead } from "./fetch_ahead.ts";
import { planFetch } from "./fetch_plan.ts";
import { readRows } from "./fetch_rows.ts";
import { FetchWriter } from "./fetch_writer.ts";
import type { ContextPlace } from "./search_contexts.ts";
import { tellsUid } from "./updates.ts";

/** New messages, which the client was told of by EXISTS. */
export interface NewMessages {
  readonly rows: readonly MessageRow[];
  readonly place: ContextPlace;
}

/**
 * Tells of new messages what NOTIFY asked for, and the results that they come into (RFC 5465 sections 5.2 and 7): one answer for each.
 * Nothing becomes \Seen by that: nobody has read it yet.
 */
export async function tellNew(
  session: ImapSession,
  { rows, place }: NewMessages,
  asked: readonly FetchItem[],
): Promise<void> {
  const more = await session.selected.contexts.itemsOf(place, rows.map(({ uid }) => uid));
  /** Those of which the same is told. */
  const groups = new Map<string, { readonly items: readonly FetchItem[]; readonly uids: number[] }>();
  for (const { uid } of rows) {
    const items = distinct([...asked, ...more.get(uid) ?? []]);
    if (items.length === 0) continue;
    const name = JSON.stringify(items);
    const group = groups.get(name) ?? { items, uids: [] };
    group.uids.push(uid);
    groups.set(name, group);
  }
  for (const group of groups.values()) await fetchGroup(session, group);
}

/** Each item once; whether it would make messages \Seen does not matter here. */
function distinct(items: readonly FetchItem[]): readonly FetchItem[] {
  return [...new Map(items.map((item) => {
    const peeking = "peek" in item ? { ...item, peek: true } : item;
    return [JSON.stringify(peeking), peeking];
  })).values()];
}

async function fetchGroup(
  session: ImapSession,
  { items, uids }: { readonly items: readonly FetchItem[]; readonly uids: readonly number[] },
): Promise<void> {
  const { store, enabled } = session;
  const plan = planFetch(items, {
    withUid: tellsUid(enabled),
    seenWithUid: false,
    withModseq: enabled.has("CONDSTORE"),
  });
  const ahead = new FetchAhead(store.bodies, plan.items);
  const writer = new FetchWriter(session, ahead);
  try {
    for await (const batch of readRows(session, plan, mergeRanges(uids.map((uid) => [uid, uid])))) {
      ahead.expect(batch);
      for (const row of batch) {
        await ahead.goOn();
        await writer.write(row, plan.items);
        await session.pace.rest();
      }
    }
  } finally {
    ahead.close();
  }
}
