/**
 * How the client is told what happened in its mailbox. What it has switched on decides the words: EXPUNGE or VANISHED (RFC
 * 7162 section 3.2.10), FETCH or UIDFETCH (RFC 9586 section 3), with MODSEQ and UID or without, RECENT or not (RFC 9051).
 */
import { type Encoder, encodeVanished } from "../../wire/imap/mod.ts";
import type { MessageRow } from "../../store/mod.ts";
import type { Enabled } from "./enabled.ts";
import type { Output } from "./output.ts";
import type { Pace } from "../pace.ts";
import type { Tracker } from "./tracker.ts";

/** Where the client is told, how long at a stretch, and in which words. */
export interface Telling {
  readonly out: Output;
  readonly pace: Pace;
  readonly enabled: Enabled;
}

/** Begins the answer about one message; it ends with `)`. False, and nothing written, for a message that is not in the view. */
export function beginFetch(
  encoder: Encoder,
  uid: number,
  view: { readonly tracker: Tracker; readonly enabled: Enabled },
): boolean {
  const sequence = view.tracker.sequenceOf(uid);
  if (sequence === 0) return false;
  beginFetchAs(encoder, { uid, sequence }, view.enabled);
  return true;
}

/** The same for a message whose sequence number is known. */
export function beginFetchAs(
  encoder: Encoder,
  { uid, sequence }: { readonly uid: number; readonly sequence: number },
  enabled: Enabled,
): void {
  if (enabled.has("UIDONLY")) encoder.text("* ").number(uid).text(" UIDFETCH (");
  else encoder.text("* ").number(sequence).text(" FETCH (");
}

/**
 * Whether a FETCH answer that nobody asked for says the UID: with CONDSTORE alone, too, on a server that has QRESYNC (RFC 7162 section
 * 3.2.4), and in IMAP4rev2 (RFC 9051 appendix E 22). A UIDFETCH begins with it anyway.
 */
export function tellsUid(enabled: Enabled): boolean {
  return (enabled.has("CONDSTORE") || enabled.has("IMAP4REV2")) && !enabled.has("UIDONLY");
}

/** Ends every answer that is about flags, once the client counts changes (RFC 7162 section 3.2). */
export function encodeModseq(encoder: Encoder, row: Pick<MessageRow, "modseq">): void {
  encoder.text("MODSEQ (").number(row.modseq).text(")");
}

/** Takes what is gone out of the view, and tells of it. */
export async function tellExpunged({ out, pace, enabled }: Telling, tracker: Tracker): Promise<void> {
  if (!tracker.hasGone) return;
  if (enabled.has("QRESYNC") || enabled.has("UIDONLY")) {
    await tellVanished({ out, pace }, tracker.takeGoneUids(), { earlier: false });
    return;
  }
  for (const sequence of tracker.takeGone()) {
    out.line(`${sequence} EXPUNGE`);
    await out.room();
    await pace.rest();
  }
}

export async function tellVanished(
  { out, pace }: Pick<Telling, "out" | "pace">,
  uids: readonly number[],
  options: { readonly earlier: boolean },
): Promise<void> {
  for (const _ of encodeVanished(out.encoder, uids, options)) {
    await out.room();
    await pace.rest();
  }
}
