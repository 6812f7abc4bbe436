import { decodeList, ok } from "../../../wire/imap/mod.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import { hierarchyOf, listLine, patternOf } from "../listing.ts";

/** RFC 3501 section 6.3.8, with the attributes of RFC 3348 and RFC 6154. */
export const list: Command = command({
  states: AFTER_LOGIN,
  decode: decodeList,
  handle: async (session, args) => {
    if (args.pattern === "") {
      // The question for the delimiter and the root, which is nothing here.
      listLine(session, "LIST", { name: "", attributes: ["\\Noselect"] });
      return ok("Listed");
    }
    const pattern = patternOf(args);
    const hierarchy = await hierarchyOf(session);
    session.pace.begin();
    for (const name of hierarchy.names) {
      if (pattern.matches(name)) {
        listLine(session, "LIST", { name, attributes: hierarchy.attributes(name) });
        await session.out.room();
      }
      await session.pace.rest();
    }
    return ok("Listed");
  },
});
