import { scriptBytes } from "../../../store/scripts.ts";
import { decodePutscript } from "../../../wire/managesieve/mod.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import { checkScript, goodScript, requireSpace } from "../script_check.ts";

/** RFC 5804 section 2.6: a script that is there already is replaced in one step, and stays active if it was. */
export const putscript: Command = command({
  states: AFTER_LOGIN,
  takesScript: true,
  decode: decodePutscript,
  handle: async (session, { name, script }) => {
    const { account, deps, log, scripts } = session;
    const warnings = await checkScript(session, script);
    const bytes = scriptBytes(script);
    await requireSpace(session, { name, bytes });
    await scripts.put(account, { name, text: script }, deps.scriptLimits.current);
    log.info("script-stored", { account, script: name, bytes });
    return { response: goodScript("The script is kept", warnings) };
  },
});
