import { reply } from "../../../core/reply.ts";
import type { Step } from "../step.ts";

/** RFC 5321 section 4.1.1.8. */
export function help(verbs: Iterable<string>): Step {
  return reply(214, "2.0.0", ["Commands:", [...verbs].join(" "), "See RFC 5321"]);
}
