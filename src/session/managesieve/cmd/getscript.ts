import { NoSuchScript } from "../../../store/scripts.ts";
import { decodeGetscript, encodeScript, ok } from "../../../wire/managesieve/mod.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";

/** RFC 5804 section 2.9. */
export const getscript: Command = command({
  states: AFTER_LOGIN,
  decode: decodeGetscript,
  handle: async ({ scripts, account }, { name }) => {
    const script = await scripts.get(account, name);
    if (script === null) throw new NoSuchScript();
    return { data: [encodeScript(script.text)], response: ok("That is the script") };
  },
});
