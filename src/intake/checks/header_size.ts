import { reply } from "../../core/reply.ts";
import { ACCEPT, type MessageCheck } from "./check.ts";

/** A header is held in memory by whoever reads the message later, so it has a limit of its own. */
export const headerSizeCheck: MessageCheck = {
  name: "header-size",
  judge({ header, limits }) {
    if (header.size <= limits.headerSize) return ACCEPT;
    return {
      kind: "refuse",
      reply: reply(552, "5.3.4", `Message header larger than ${limits.headerSize} bytes`),
      reason: `${header.size} bytes`,
    };
  },
};
