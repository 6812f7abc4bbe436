import { decodeLsub, encodeListEntry, ok } from "../../../wire/imap/mod.ts";
import { toNfc } from "../../../core/unicode.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import { hierarchyOf, patternsOf } from "../listing.ts";
import { namesAbove } from "../names_above.ts";

/** RFC 3501 section 6.3.9. */
export const lsub: Command = command({
  states: AFTER_LOGIN,
  decode: decodeLsub,
  handle: async (session, { reference, pattern }) => {
    const { encoder } = session.out;
    if (pattern === "") {
      encodeListEntry(encoder, "LSUB", { name: "", attributes: ["\\Noselect"] });
      return ok("Listed");
    }
    const patterns = patternsOf({ reference, patterns: [pattern] });
    const endsInPercent = toNfc(pattern).endsWith("%");
    const subscribed = new Set(await session.store.mailboxes.subscriptions(session.account));
    const hierarchy = await hierarchyOf(session, patterns);
    const shown = new Set<string>();
    session.pace.begin();
    for (const name of subscribed) {
      const found = patterns.matches(name)
        ? name
        // "%" shows a level that is not subscribed itself for the sake of one below it.
        : endsInPercent
        ? namesAbove(name).find((above) => patterns.matches(above))
        : undefined;
      if (found !== undefined && !shown.has(found)) {
        shown.add(found);
        const isMailbox = subscribed.has(found) && hierarchy.has(found);
        encodeListEntry(encoder, "LSUB", { name: found, attributes: isMailbox ? [] : ["\\Noselect"] });
        await session.out.room();
      }
      await session.pace.rest();
    }
    return ok("Listed");
  },
});
