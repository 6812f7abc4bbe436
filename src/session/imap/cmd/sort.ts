import { decodeSort } from "../../../wire/imap/mod.ts";
import { type Command, command, SELECTED } from "../command.ts";
import { answerSearch } from "../search_command.ts";

/** RFC 5256 section 3, BASE.6.4.SORT. */
export const sort: Command = command({
  states: SELECTED,
  updates: "no-expunge",
  decode: decodeSort,
  handle: (session, args, { tag }) => answerSearch(session, { tag, by: "sequence", ...args }),
});

export const uidSort: Command = command({
  states: SELECTED,
  decode: decodeSort,
  handle: (session, args, { tag }) => answerSearch(session, { tag, by: "uid", ...args }),
});
