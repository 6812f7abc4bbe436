import type { FlagTable, UidRanges } from "../../store/mod.ts";
import type { Encoder } from "../../wire/imap/mod.ts";
import type { ImapSession } from "./context.ts";
import type { FetchPlan } from "./fetch_plan.ts";
import { beginFetchAs } from "./updates.ts";

/** Between so many messages the clock is not looked at. */
const AT_A_TIME = 64;

/**
 * A FETCH of flags, UIDs and mod-sequences alone, which clients send for whole mailboxes at each start; how many messages were
 * answered. Nothing is made for each message but the bytes that are sent.
 */
export async function fetchFlags(session: ImapSession, plan: FetchPlan, uids: UidRanges): Promise<number> {
  const { store, selected, out, pace } = session;
  let written = 0;
  for await (const table of pace.over(store.messages.flagTables(selected.id, uids))) {
    const writer = new FlagWriter(session, plan, table);
    for (let place = 0; place < table.uids.length;) {
      const end = Math.min(place + AT_A_TIME, table.uids.length);
      for (; place < end; place++) if (writer.write(place)) written++;
      if (out.isFull) await out.room();
      if (pace.isDue) await pace.rest();
    }
  }
  return written;
}

/** Writes the answers of one table. */
class FlagWriter {
  readonly #session: ImapSession;
  readonly #plan: FetchPlan;
  readonly #table: FlagTable;
  /** By place in the table's list; first without \Recent, then with it. */
  readonly #texts: readonly [(string | undefined)[], (string | undefined)[]] = [[], []];
  /** The sequence number of the message before. */
  #previous = 0;

  constructor(session: ImapSession, plan: FetchPlan, table: FlagTable) {
    this.#session = session;
    this.#plan = plan;
    this.#table = table;
  }

  /** False, and nothing written, for a message that is not in the view. */
  write(place: number): boolean {
    const { out: { encoder }, selected } = this.#session;
    const uid = this.#table.uids[place]!;
    const sequence = selected.tracker.sequenceAfter(this.#previous, uid);
    if (sequence === 0) return false;
    this.#previous = sequence;
    // Before the answer begins: a keyword that is new to the client is told on a line of its own.
    const flags = this.#flagsText(place, selected.isRecent(uid));
    beginFetchAs(encoder, { uid, sequence }, selected.enabled);
    this.#items(encoder, { place, uid, flags });
    encoder.text(")\r\n");
    return true;
  }

  #items(
    encoder: Encoder,
    { place, uid, flags }: { readonly place: number; readonly uid: number; readonly flags: string },
  ): void {
    const { items } = this.#plan;
    for (let i = 0; i < items.length; i++) {
      if (i > 0) encoder.text(" ");
      switch (items[i]!.kind) {
        case "uid":
          encoder.text("UID ").number(uid);
          break;
        case "modseq":
          this.#session.selected.encodeModseq(encoder, { modseq: this.#table.modseqs[place]! });
          break;
        default:
          encoder.text(flags);
      }
    }
  }

  #flagsText(place: number, isRecent: boolean): string {
    const { flags, flagLists } = this.#table;
    const list = flags[place]!;
    return (this.#texts[isRecent ? 1 : 0][list] ??= this.#makeText(flagLists[list]!, isRecent));
  }

  #makeText(flags: readonly string[], isRecent: boolean): string {
    const { out, selected } = this.#session;
    selected.learnKeywords(out, flags);
    return selected.flagsText(flags, { isRecent });
  }
}
