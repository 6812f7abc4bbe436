import { decodeSetactive, ok } from "../../../wire/managesieve/mod.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";

/** RFC 5804 section 2.8: one script, or with an empty name none. */
export const setactive: Command = command({
  states: AFTER_LOGIN,
  decode: decodeSetactive,
  handle: async ({ scripts, account, log }, { name }) => {
    await scripts.activate(account, name);
    log.info("script-activated", { account, script: name });
    return { response: ok(name === null ? "No script is active" : "The script is active") };
  },
});
