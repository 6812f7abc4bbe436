import type { Arguments } from "./arguments.ts";

/** Takes `:index` and `:last` (RFC 5260 section 6): all fields without them, else the one of that place, or none. */
export function takeFieldIndex(args: Arguments): <T>(fields: readonly T[]) => readonly T[] {
  const index = args.tagNumber("index", { requires: "index" });
  const last = args.flag("last", { requires: "index" });
  if (index === null) {
    if (last) args.fail(":last needs :index");
    return (fields) => fields;
  }
  if (index.value === 0) args.fail(":index counts from 1", index.at);
  return (fields) => {
    const place = last ? fields.length - index.value : index.value - 1;
    return place < 0 || place >= fields.length ? [] : [fields[place]!];
  };
}
