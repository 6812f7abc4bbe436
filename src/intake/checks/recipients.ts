import { reply } from "../../core/reply.ts";
import { ACCEPT, type EnvelopeCheck } from "./check.ts";

/** Every recipient has a place to go. Origins that hear an outcome for each recipient may have some without. */
export const recipientsCheck: EnvelopeCheck = {
  name: "recipients",
  judge({ plan, context }) {
    const refused = plan.routes.flatMap(({ route }) => route.kind === "refuse" ? [route.reply] : []);
    if (plan.routes.length === 0) {
      return { kind: "refuse", reply: reply(554, "5.5.1", "No valid recipients") };
    }
    if (refused.length === plan.routes.length) return { kind: "refuse", reply: refused[0]! };
    // After DATA there is one reply for all. These recipients were good at RCPT, so the configuration was changed since:
    // on the next try each of them gets its own answer there.
    const oneReplyForAll = context.origin === "smtp" || context.origin === "submission";
    if (refused.length > 0 && oneReplyForAll) {
      return {
        kind: "refuse",
        reply: reply(451, "4.3.0", "The recipients must be checked again, try again later"),
        reason: `No longer good: ${refused[0]}`,
      };
    }
    return ACCEPT;
  },
};
