import type { TestRow } from "../rows.ts";

/** RFC 5228 section 5.9: the message as it came; a size that is exactly the limit is neither over nor under. */
export const size: TestRow = {
  name: "size",
  requires: null,
  compile({ args }) {
    const over = args.flag("over");
    const under = args.flag("under");
    if (over === under) args.fail("size needs either :over or :under");
    const limit = args.expectNumber("a number of bytes");
    return ({ input }) => over ? input.message.size > limit : input.message.size < limit;
  },
};
