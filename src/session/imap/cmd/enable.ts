import { ProtocolError } from "../../../core/errors.ts";
import { type Decoder, ok } from "../../../wire/imap/mod.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";

/** Extensions that change what the server says, and so have to be asked for. */
const EXTENSIONS: readonly string[] = [];

/** RFC 5161 section 3.1: what we do not know is passed over. */
export const enable: Command = command({
  states: AFTER_LOGIN,
  decode: decodeEnable,
  handle: (session, names) => {
    const fresh = names.filter((name) => EXTENSIONS.includes(name) && !session.enabled.has(name));
    for (const name of fresh) session.enabled.add(name);
    session.out.line(["ENABLED", ...fresh].join(" "));
    return ok("Enabled");
  },
});

function decodeEnable(args: Decoder): string[] {
  const names: string[] = [];
  while (args.trySpace()) names.push(args.expectKeyword("the name of an extension"));
  args.expectEnd();
  if (names.length === 0) throw new ProtocolError("Name at least one extension");
  return names;
}
