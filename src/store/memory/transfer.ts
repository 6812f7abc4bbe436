import { type FlagSet, keptBits } from "../flags.ts";
import type { KeptFlags, UidCopy, UidRanges } from "../mod.ts";
import type { QuotaLimit } from "../quota.ts";
import { bytesOfMessages, type MemoryMailbox, type MemoryMessage, type MemoryState } from "./state.ts";

export interface Transfer {
  readonly from: MemoryMailbox;
  readonly to: MemoryMailbox;
  readonly uids: UidRanges;
  readonly move: boolean;
  readonly quota?: QuotaLimit | undefined;
  readonly keeps?: KeptFlags | undefined;
  readonly keywordLimit?: number | undefined;
}

export function transferMessages(state: MemoryState, transfer: Transfer): UidCopy {
  const { from, to, uids, move, quota, keeps, keywordLimit } = transfer;
  const messages = messagesIn(from, uids);
  if (messages.length > 0 && !(move && from.account === to.account)) {
    const added = { bytes: bytesOfMessages(messages), messages: messages.length };
    state.requireRoom(to.account, added, quota);
  }
  state.requireRoomForKeywords(to, messages.map((message) => flagsOf(message, keeps).keywords), keywordLimit);
  const modseq = to.modseq + 1;
  const copies = messages.map((message) =>
    state.addMessage(to, { ...message, ...flagsOf(message, keeps) }, modseq)
  );
  if (messages.length > 0) state.tell(to);
  if (move && messages.length > 0) {
    state.takeOut(from, messages);
    state.tell(from);
  }
  return {
    uidValidity: to.uidValidity,
    from: messages.map((message) => message.uid),
    to: copies.map((message) => message.uid),
  };
}

function flagsOf({ bits, keywords }: FlagSet, keeps: KeptFlags | undefined): FlagSet {
  if (keeps === undefined) return { bits, keywords };
  return { bits: bits & keptBits(keeps), keywords: keeps.others ? keywords : "" };
}

/** The messages in the ranges, ascending. */
export function messagesIn(mailbox: MemoryMailbox, uids: UidRanges): MemoryMessage[] {
  const found: MemoryMessage[] = [];
  for (const [from, to] of uids) {
    // Whichever is less work: asking for each UID of a short range, or looking at every message.
    if (to - from < mailbox.messages.size) {
      for (let uid = from; uid <= to; uid++) {
        const message = mailbox.messages.get(uid);
        if (message !== undefined) found.push(message);
      }
    } else {
      for (const message of mailbox.messages.values()) {
        if (message.uid >= from && message.uid <= to) found.push(message);
      }
    }
  }
  return found;
}
