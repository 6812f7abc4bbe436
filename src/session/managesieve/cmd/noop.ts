import { decodeNoop, ok } from "../../../wire/managesieve/mod.ts";
import { ANY_STATE, type Command, command } from "../command.ts";

/** RFC 5804 section 2.13. */
export const noop: Command = command({
  states: ANY_STATE,
  decode: decodeNoop,
  handle: (_session, { tag }) => {
    return { response: tag === null ? ok("Done") : ok("Done", { code: "TAG", data: tag }) };
  },
});
