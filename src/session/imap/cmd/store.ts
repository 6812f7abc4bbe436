import { decodeStore, formatNumbers, no, ok, type StoreArguments } from "../../../wire/imap/mod.ts";
import { type Answer, type Command, command, SELECTED } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { permittedChanges } from "../flag_rights.ts";
import { requireShortKeywords } from "../flags.ts";
import { limited, withLimit } from "../message_limit.ts";
import { requireWritable } from "../selected.ts";
import type { Selection } from "../tracker.ts";

/** So many messages are changed by one write. */
const SLICE = 1000;

/** RFC 3501 section 6.4.6. */
export const store: Command = command({
  states: SELECTED,
  updates: "no-expunge",
  decode: decodeStore,
  handle: (session, args) => change(session, args, "sequence"),
});

/** RFC 3501 section 6.4.8. */
export const uidStore: Command = command({
  states: SELECTED,
  decode: decodeStore,
  handle: (session, args) => change(session, args, "uid"),
});

async function change(
  session: ImapSession,
  args: StoreArguments,
  by: "sequence" | "uid",
): Promise<Answer> {
  const { selected } = session;
  requireWritable(selected, []);
  const whole = session.resolve(args.set, by);
  if (args.unchangedSince !== null) session.enable("CONDSTORE");
  if (args.change !== "remove") requireShortKeywords(session, args.flags);
  const selection = limited(session, whole);
  const run = new StoreRun(session, args, by);
  for (const slice of selected.tracker.slices(selection, SLICE)) await run.slice(slice);
  return withLimit(session, { whole, selection }, run.answer(selection.count));
}

class StoreRun {
  readonly #session: ImapSession;
  readonly #args: StoreArguments;
  readonly #by: "sequence" | "uid";
  /** UIDs that were changed since the client looked (RFC 7162 section 3.1.3). */
  readonly #modified: number[] = [];
  #changed = 0;

  constructor(session: ImapSession, args: StoreArguments, by: "sequence" | "uid") {
    this.#session = session;
    this.#args = args;
    this.#by = by;
  }

  async slice(slice: Selection): Promise<void> {
    const { selected } = this.#session;
    const { change: kind, flags, unchangedSince } = this.#args;
    const [first, ...rest] = permittedChanges({ kind, flags }, selected);
    const telling = this.#session;
    let { rows, modified } = await selected.changeFlags(slice, first!, { telling, unchangedSince });
    this.#changed += rows.length;
    this.#modified.push(...modified);
    for (const change of rest) {
      // The same messages once more: those that were left alone stay so.
      const uids = rows.map(({ uid }) => [uid, uid] as const);
      ({ rows } = await selected.changeFlags({ uids, count: rows.length }, change, { telling }));
    }
    const { out, pace, enabled } = this.#session;
    const withUid = this.#by === "uid";
    pace.begin();
    for (const row of rows) {
      if (!this.#args.silent) selected.tellFlags(out, row, { withUid });
      else {
        selected.learnKeywords(out, row.flags);
        if (enabled.has("CONDSTORE")) selected.tellModseq(out, row, { withUid });
      }
      await out.room();
      await pace.rest();
    }
  }

  answer(asked: number): Answer {
    const modified = this.#modified;
    const isShort = this.#by === "sequence" && this.#changed + modified.length < asked;
    if (modified.length > 0) {
      const { tracker } = this.#session.selected;
      const numbers = this.#by === "uid" ? modified : modified.map((uid) => tracker.sequenceOf(uid));
      const code = { code: "MODIFIED", data: formatNumbers(numbers) } as const;
      const text = "Some of the messages were changed meanwhile";
      return isShort ? no(text, code) : ok(text, code);
    }
    if (isShort) return no("Some of the messages were expunged", { code: "EXPUNGEISSUED" });
    return ok("Flags stored");
  }
}
