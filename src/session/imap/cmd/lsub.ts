import { decodeList, ok } from "../../../wire/imap/mod.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import { hierarchyOf, listLine, namesAbove, patternOf } from "../listing.ts";

/** RFC 3501 section 6.3.9. */
export const lsub: Command = command({
  states: AFTER_LOGIN,
  decode: decodeList,
  handle: async (session, args) => {
    if (args.pattern === "") {
      listLine(session, "LSUB", { name: "", attributes: ["\\Noselect"] });
      return ok("Listed");
    }
    const pattern = patternOf(args);
    const subscribed = new Set(await session.store.mailboxes.subscriptions(session.account));
    const hierarchy = await hierarchyOf(session);
    const shown = new Set<string>();
    session.pace.begin();
    for (const name of subscribed) {
      const found = pattern.matches(name)
        ? name
        // "%" shows a level that is not subscribed itself for the sake of one below it.
        : pattern.endsInPercent
        ? namesAbove(name).find((above) => pattern.matches(above))
        : undefined;
      if (found !== undefined && !shown.has(found)) {
        shown.add(found);
        const isMailbox = subscribed.has(found) && hierarchy.has(found);
        listLine(session, "LSUB", { name: found, attributes: isMailbox ? [] : ["\\Noselect"] });
        await session.out.room();
      }
      await session.pace.rest();
    }
    return ok("Listed");
  },
});
