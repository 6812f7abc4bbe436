import { reply } from "../../core/reply.ts";
import { ACCEPT, type MessageCheck } from "./check.ts";

/** RFC 1870 section 6.1 (4). */
export const messageSizeCheck: MessageCheck = {
  name: "message-size",
  judge({ size, limits }) {
    if (size <= limits.messageSize) return ACCEPT;
    return {
      kind: "refuse",
      reply: reply(552, "5.3.4", `Message larger than ${limits.messageSize} bytes`),
      reason: `${size} bytes`,
    };
  },
};
