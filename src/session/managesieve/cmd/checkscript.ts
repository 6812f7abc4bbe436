import { decodeCheckscript } from "../../../wire/managesieve/mod.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import { checkScript, goodScript } from "../script_check.ts";

/** RFC 5804 section 2.12: as PUTSCRIPT, and nothing is kept. */
export const checkscript: Command = command({
  states: AFTER_LOGIN,
  takesScript: true,
  decode: decodeCheckscript,
  handle: async (session, { script }) => {
    return { response: goodScript("The script is good", await checkScript(session, script)) };
  },
});
