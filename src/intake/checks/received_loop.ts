import { reply } from "../../core/reply.ts";
import { ACCEPT, type MessageCheck } from "./check.ts";

/** RFC 5321 section 6.3: a message that passed so many hosts goes round in a circle. */
export const receivedLoopCheck: MessageCheck = {
  name: "received-loop",
  judge({ header, limits }) {
    if (header.received <= limits.receivedFields) return ACCEPT;
    return {
      kind: "refuse",
      reply: reply(554, "5.4.6", `Mail loop: the message has ${header.received} Received fields`),
    };
  },
};
