import { decodeDeletescript, ok } from "../../../wire/managesieve/mod.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";

/** RFC 5804 section 2.10: not the active one. */
export const deletescript: Command = command({
  states: AFTER_LOGIN,
  decode: decodeDeletescript,
  handle: async ({ scripts, account, log }, { name }) => {
    await scripts.remove(account, name);
    log.info("script-deleted", { account, script: name });
    return { response: ok("The script is deleted") };
  },
});
