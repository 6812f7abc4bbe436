import { ProtocolError } from "../../../core/errors.ts";
import { type Decoder, ok } from "../../../wire/imap/mod.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import { EXTENSIONS } from "../enabled.ts";

/** RFC 5161 section 3.1: what we do not know, and what is on already, is passed over. */
export const enable: Command = command({
  states: AFTER_LOGIN,
  decode: decodeEnable,
  handle: (session, names) => {
    const fresh = EXTENSIONS.filter((name) => names.includes(name) && session.enable(name));
    session.out.line(["ENABLED", ...fresh.map((name) => SPELLING.get(name) ?? name)].join(" "));
    return ok("Enabled");
  },
});

/** As their RFCs write them; the rest is in capitals anyway. */
const SPELLING: ReadonlyMap<string, string> = new Map([["IMAP4REV2", "IMAP4rev2"]]);

function decodeEnable(args: Decoder): string[] {
  const names: string[] = [];
  while (args.trySpace()) names.push(args.expectKeyword("the name of an extension"));
  args.expectEnd();
  if (names.length === 0) throw new ProtocolError("Name at least one extension");
  return names;
}
