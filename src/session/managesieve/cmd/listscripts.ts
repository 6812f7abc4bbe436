import { encodeScriptList, ok } from "../../../wire/managesieve/mod.ts";
import { AFTER_LOGIN, type Command, command, noArguments } from "../command.ts";

/** RFC 5804 section 2.7. */
export const listscripts: Command = command({
  states: AFTER_LOGIN,
  decode: noArguments,
  handle: async ({ scripts, account }) => {
    const list = await scripts.list(account);
    return { data: encodeScriptList(list), response: ok(`${list.length} scripts`) };
  },
});
