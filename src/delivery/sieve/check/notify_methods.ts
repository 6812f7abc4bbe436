import { takeMatcher } from "../match/matcher.ts";
import { parseMailto } from "../notify_method.ts";
import type { TestRow } from "../rows.ts";

/** RFC 5435 section 4. */
export const validNotifyMethod: TestRow = {
  name: "valid_notify_method",
  requires: "enotify",
  compile({ args }) {
    const methods = args.expectStrings("methods");
    return (machine) => machine.texts(methods).every((method) => parseMailto(method) !== null);
  },
};

/** RFC 5435 section 5: whether somebody is there is not known of mail (RFC 5436 section 2.1). */
export const notifyMethodCapability: TestRow = {
  name: "notify_method_capability",
  requires: "enotify",
  compile({ args, scope }) {
    const matcher = takeMatcher(args, scope);
    const method = args.expectString("a method");
    const capability = args.expectString("the name of a capability");
    const keys = args.expectStrings("the texts to look for");
    matcher.checkKeys(keys);
    return (machine) => {
      const isOnline = machine.text(capability.text).toLowerCase() === "online";
      if (!isOnline || parseMailto(machine.text(method.text)) === null) return false;
      return matcher.test(machine, ["maybe"], keys);
    };
  },
};
