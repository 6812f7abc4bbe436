import { reply } from "../../../core/reply.ts";
import { hangUp, type Step } from "../step.ts";

/** RFC 5321 section 4.1.1.10. */
export function quit(): Step {
  return hangUp(reply(221, "2.0.0", "Bye"), "quit");
}
