import type { Arguments } from "./arguments.ts";
import type { Field } from "./message_view.ts";

/** Of a header, the fields of these names that a test looks at. */
export type FieldPick = (header: readonly Field[], names: readonly string[]) => readonly Field[];

/** Takes `:index` and `:last` (RFC 5260 section 6): all fields without them, else the one of that place, or none. */
export function takeFieldIndex(args: Arguments): FieldPick {
  const index = args.tagNumber("index", { requires: "index" });
  const last = args.flag("last", { requires: "index" });
  if (index === null) {
    if (last) args.fail(":last needs :index");
    return (header, names) => {
      const wanted = new Set(names);
      return header.filter(({ name }) => wanted.has(name));
    };
  }
  if (index.value === 0) args.fail(":index counts from 1", index.at);
  return (header, names) => {
    const byName = Map.groupBy(header, ({ name }) => name);
    // Counted name by name, in the order of the script.
    const fields = names.flatMap((name) => byName.get(name) ?? []);
    const place = last ? fields.length - index.value : index.value - 1;
    return place < 0 ? [] : fields.slice(place, place + 1);
  };
}
