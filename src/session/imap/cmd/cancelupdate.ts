import { decodeLatin1 } from "../../../core/bytes.ts";
import { ProtocolError } from "../../../core/errors.ts";
import { type Decoder, ok } from "../../../wire/imap/mod.ts";
import { type Command, command, SELECTED } from "../command.ts";

/** RFC 5267 section 4.3.5. */
export const cancelupdate: Command = command({
  states: SELECTED,
  decode: decodeTags,
  handle: ({ selected }, tags) => {
    selected.contexts.cancel(tags);
    return ok("No more updates");
  },
});

function decodeTags(args: Decoder): string[] {
  const tags: string[] = [];
  while (args.trySpace()) tags.push(decodeLatin1(args.expectString()));
  args.expectEnd();
  if (tags.length === 0) throw new ProtocolError("Name the tag of at least one search");
  return tags;
}
