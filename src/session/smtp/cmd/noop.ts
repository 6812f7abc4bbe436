import { reply } from "../../../core/reply.ts";
import type { Step } from "../step.ts";

/** RFC 5321 section 4.1.1.9; an argument is ignored. */
export function noop(): Step {
  return reply(250, "2.0.0", "Ok");
}
