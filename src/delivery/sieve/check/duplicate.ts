import type { Machine } from "../machine.ts";
import type { TestRow } from "../rows.ts";

const DAY = 24 * 60 * 60;
const DEFAULT_SECONDS = 7 * DAY;
const MAX_SECONDS = 90 * DAY;
const MAX_ID = 1000;

/** RFC 7352. That the id was seen now is noted only when the run ends well. */
export const duplicate: TestRow = {
  name: "duplicate",
  requires: "duplicate",
  compile({ args }) {
    const handle = args.tagString("handle");
    const header = args.tagString("header");
    const uniqueId = args.tagString("uniqueid");
    if (header !== null && uniqueId !== null) {
      args.fail(":header and :uniqueid cannot stand together", uniqueId.at);
    }
    const seconds = Math.min(args.tagNumber("seconds")?.value ?? DEFAULT_SECONDS, MAX_SECONDS);
    const last = args.flag("last");
    return async (machine) => {
      // Section 3: then nothing is remembered.
      if (seconds === 0) return false;
      const name = header === null ? "message-id" : machine.text(header.text).toLowerCase();
      const id = uniqueId === null ? await headerValue(machine, name) : machine.text(uniqueId.text);
      // Section 3: without an id there is nothing to compare.
      if (id === "") return false;
      const kind = handle === null ? "" : machine.text(handle.text);
      const key = JSON.stringify([kind, id.slice(0, MAX_ID)]);
      const seen = await machine.input.duplicates.seen(key);
      // Section 3: without :last the time runs from when it was first seen.
      if (!seen || last) machine.act({ kind: "note-duplicate", id: key, seconds });
      return seen;
    };
  },
};

/** Of the first field of that name; empty when there is none. */
async function headerValue({ message }: Machine, name: string): Promise<string> {
  const field = (await message.fields()).find((one) => one.name === name);
  return field === undefined ? "" : message.textOf(field);
}
