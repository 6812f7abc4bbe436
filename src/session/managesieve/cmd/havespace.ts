import { decodeHavespace, ok } from "../../../wire/managesieve/mod.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import { requireSpace } from "../script_check.ts";

/** RFC 5804 section 2.5. */
export const havespace: Command = command({
  states: AFTER_LOGIN,
  decode: decodeHavespace,
  handle: async (session, script) => {
    await requireSpace(session, script);
    return { response: ok("There is room for it") };
  },
});
