import { decodeRenamescript, ok } from "../../../wire/managesieve/mod.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";

/** RFC 5804 section 2.11: in one step, and the active script stays active. */
export const renamescript: Command = command({
  states: AFTER_LOGIN,
  decode: decodeRenamescript,
  handle: async ({ scripts, account, log }, { from, to }) => {
    await scripts.rename(account, from, to);
    log.info("script-renamed", { account, script: from, to });
    return { response: ok("The script is renamed") };
  },
});
