import { decodeSearch } from "../../../wire/imap/mod.ts";
import { type Command, command, SELECTED } from "../command.ts";
import { answerSearch } from "../search_command.ts";

/** RFC 3501 section 6.4.4, RFC 4731. */
export const search: Command = command({
  states: SELECTED,
  updates: "no-expunge",
  decode: decodeSearch,
  handle: (session, args, { tag }) =>
    answerSearch(session, { tag, by: "sequence", search: args, order: null }),
});

/** RFC 3501 section 6.4.8. */
export const uidSearch: Command = command({
  states: SELECTED,
  decode: decodeSearch,
  handle: (session, args, { tag }) => answerSearch(session, { tag, by: "uid", search: args, order: null }),
});
