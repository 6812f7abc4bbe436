import { ProtocolError } from "../../../core/errors.ts";
import { decodeSelect, ok, type ResyncArguments, type SelectArguments } from "../../../wire/imap/mod.ts";
import { openAccess } from "../access.ts";
import { AFTER_LOGIN, type Answer, type Command, command } from "../command.ts";
import { type ImapSession, uidRequired } from "../context.ts";
import { tellAsListed } from "../listing.ts";
import type { SelectedMailbox } from "../selected.ts";
import { mailboxObjectId } from "../status_figures.ts";
import { tellVanished } from "../updates.ts";

/** RFC 3501 section 6.3.1. */
export const select: Command = command({
  states: AFTER_LOGIN,
  decode: decodeSelect,
  handle: (session, args) => open(session, args, false),
});

/** RFC 3501 section 6.3.2. */
export const examine: Command = command({
  states: AFTER_LOGIN,
  decode: decodeSelect,
  handle: (session, args) => open(session, args, true),
});

async function open(session: ImapSession, args: SelectArguments, readOnly: boolean): Promise<Answer> {
  const { out, enabled } = session;
  requireResync(session, args.resync);
  // Whether it succeeds or not, the mailbox selected before is so no more (RFC 9051 section 6.3.2, RFC 7162 section 3.2.11).
  if (session.selectedOrNull !== null) {
    session.deselect();
    out.status(ok("The mailbox before is closed", { code: "CLOSED" }));
  }
  const access = await openAccess(session, args.mailbox, { needs: ["r"] });
  if (args.condstore || args.resync !== null) session.enable("CONDSTORE");
  const selected = await session.select(access, { readOnly });
  selected.tellFlagList(out);
  selected.tellCounts(out);
  tellFirstUnseen(session, selected);
  const { mailbox } = selected.view;
  out.status(ok("UIDs are valid", { code: "UIDVALIDITY", data: String(mailbox.uidValidity) }));
  out.status(ok("The next UID", { code: "UIDNEXT", data: String(mailbox.uidNext) }));
  // RFC 7162 section 3.1.2.1: every mailbox keeps them, so NOMODSEQ is never said.
  out.status(ok("The highest mod-sequence", { code: "HIGHESTMODSEQ", data: String(mailbox.highestModseq) }));
  // RFC 8474 section 4.2.
  out.status(ok("The id of the mailbox", { code: "MAILBOXID", data: `(${mailboxObjectId(mailbox)})` }));
  // RFC 9051 section 6.3.2.
  if (enabled.has("IMAP4REV2")) await tellAsListed(session, { name: access.name, asked: args.mailbox });
  if (args.resync !== null) await resync(session, selected, args.resync);
  return selected.readOnly
    ? ok("Open for reading", { code: "READ-ONLY" })
    : ok("Open for reading and writing", { code: "READ-WRITE" });
}

/** RFC 7162 section 3.2.5; RFC 9586 section 3 takes the pairs with sequence numbers away. */
function requireResync({ enabled }: ImapSession, resync: ResyncArguments | null): void {
  if (resync === null) return;
  if (!enabled.has("QRESYNC")) throw new ProtocolError("Send ENABLE QRESYNC first");
  if (resync.hasMatches && enabled.has("UIDONLY")) throw uidRequired();
}

/** A sequence number, which IMAP4rev2 no longer tells (RFC 9051 appendix E) and UIDONLY cannot. */
function tellFirstUnseen({ out, enabled }: ImapSession, { view, tracker }: SelectedMailbox): void {
  if (view.firstUnseenUid === null || enabled.has("IMAP4REV2") || enabled.has("UIDONLY")) return;
  const data = String(tracker.sequenceOf(view.firstUnseenUid));
  out.status(ok("First unseen message", { code: "UNSEEN", data }));
}

/** What happened since the client was here last (RFC 7162 section 3.2.5.1): costs what changed, not what there is. */
async function resync(session: ImapSession, selected: SelectedMailbox, args: ResyncArguments): Promise<void> {
  const { out, pace, store } = session;
  // Another UIDVALIDITY: all that the client knows is void, and it will see that.
  if (args.uidValidity !== selected.view.mailbox.uidValidity) return;
  const options = args.known === null ? {} : { uids: args.known };
  const { changed, vanished } = await store.messages.changesSince(selected.id, args.modseq, options);
  // What went after we looked is in the view still; the next update tells of it.
  const earlier = vanished.filter((uid) => selected.tracker.sequenceOf(uid) === 0);
  pace.begin();
  await tellVanished({ out, pace }, earlier, { earlier: true });
  for (const row of changed) {
    selected.tellFlags(out, row, { withUid: true });
    await out.room();
    await pace.rest();
  }
}
