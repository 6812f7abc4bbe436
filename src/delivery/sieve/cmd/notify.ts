import { takeCopy } from "../file_copy.ts";
import type { CommandRow } from "../rows.ts";
import { isConstant } from "../text.ts";
import { isNotifyMethod } from "../notify_method.ts";

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
    const method = args.expectString("a method such as mailto:");
    if (isConstant(method.text) && !isNotifyMethod(method.text)) {
      args.fail("There is no such way to notify: mailto: with an address is one", method.at);
    }
    return (machine) => {
      const uri = machine.text(method.text);
      if (!isNotifyMethod(uri)) machine.budget.fail("There is no such way to notify");
      const level = importance === null ? "2" : machine.text(importance.text);
      machine.act({
        kind: "notify",
        method: uri,
        from: from === null ? null : machine.text(from.text),
        importance: level === "1" ? 1 : level === "3" ? 3 : 2,
        options: machine.texts(options),
        message: message === null ? null : machine.text(message.text).slice(0, MAX_MESSAGE),
        copy: copy(machine),
      });
    };
  },
};
