import { takeCopy } from "../file_copy.ts";
import type { CommandRow } from "../rows.ts";
import { isConstant } from "../text.ts";
import { isMailto, parseMailto } from "../notify_method.ts";
import { tryAddress } from "../script_address.ts";

const MAX_MESSAGE = 4_000;

/** RFC 5435 section 3, with mailto (RFC 5436) as its method. */
export const notify: CommandRow = {
  name: "notify",
  requires: "enotify",
  compile({ args }) {
    const from = args.tagString("from");
    const importance = args.tagString("importance");
    if (importance !== null && isConstant(importance.text) && !/^[123]$/.test(importance.text)) {
      args.fail(':importance is "1", "2" or "3"', importance.at);
    }
    const options = args.tagStrings("options") ?? [];
    const message = args.tagString("message");
    const copy = takeCopy(args);
    if (from !== null && isConstant(from.text) && tryAddress(from.text) === null) {
      args.fail(":from needs a mail address", from.at);
    }
    const method = args.expectString("a method such as mailto:");
    // RFC 5435 section 3.2: what this server cannot do at all is an error only when it is done.
    if (isConstant(method.text) && isMailto(method.text) && parseMailto(method.text) === null) {
      args.fail("This is no mailto: URI with one to ten addresses", method.at);
    }
    return (machine) => {
      const uri = machine.text(method.text);
      if (parseMailto(uri) === null) machine.budget.fail("There is no such way to notify: mailto: is one");
      const level = importance === null ? "2" : machine.text(importance.text);
      machine.act({
        kind: "notify",
        method: uri,
        from: from === null ? null : machine.text(from.text),
        importance: level === "1" ? 1 : level === "3" ? 3 : 2,
        options: machine.texts(options),
        message: message === null ? null : machine.text(message.text).slice(0, MAX_MESSAGE),
        copy: copy(machine),
        header: machine.version().header,
      });
    };
  },
};
