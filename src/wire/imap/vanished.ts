import type { Encoder } from "./encoder.ts";
import { formatNumbers } from "./sequence_set.ts";

/** So many UIDs stand in one response: a client's buffer for a line has an end, too. */
const UIDS_PER_RESPONSE = 500;

/**
 * `* VANISHED uids`, or with `(EARLIER)` for those that were gone before the client opened the mailbox (RFC 7162 section
 * 3.2.10). One response for each few hundred; the generator stops in between, so that its caller can wait for room.
 */
export function* encodeVanished(
  encoder: Encoder,
  uids: readonly number[],
  options: { readonly earlier: boolean },
): Generator<void> {
  const word = options.earlier ? "VANISHED (EARLIER)" : "VANISHED";
  for (let at = 0; at < uids.length; at += UIDS_PER_RESPONSE) {
    encoder.line(`* ${word} ${formatNumbers(uids.slice(at, at + UIDS_PER_RESPONSE))}`);
    yield;
  }
}
