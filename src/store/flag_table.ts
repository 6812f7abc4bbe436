import { listFlags } from "./flags.ts";
import type { FlagTable } from "./mod.ts";

/** A message's flags as one value: the bits of its system flags, and behind them, if it has any, its keywords. */
export type FlagMark = number | string;

/** Messages of a mailbox have few different flags: each of them stands there once. */
export function packFlags(marks: readonly FlagMark[]): Pick<FlagTable, "flags" | "flagLists"> {
  const places = new Map<FlagMark, number>();
  const flagLists: (readonly string[])[] = [];
  const flags = new Uint16Array(marks.length);
  for (let i = 0; i < marks.length; i++) {
    const mark = marks[i]!;
    let place = places.get(mark);
    if (place === undefined) {
      place = flagLists.push(flagsOf(mark)) - 1;
      places.set(mark, place);
    }
    flags[i] = place;
  }
  return { flags, flagLists };
}

function flagsOf(mark: FlagMark): readonly string[] {
  if (typeof mark === "number") return listFlags(mark, "");
  const space = mark.indexOf(" ");
  return listFlags(Number(mark.slice(0, space)), mark.slice(space + 1));
}
