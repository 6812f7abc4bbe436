import type { Comparator } from "./comparators.ts";

/** One place of a pattern: any run of characters, any one, or one of which this is the folded form. */
type Place = { readonly kind: "run" | "one" } | { readonly kind: "char"; readonly folded: string };

export interface WildcardOptions {
  readonly comparator: Comparator;
  /** Told how many comparisons were made. */
  readonly look: (characters: number) => void;
}

/**
 * `:matches` (RFC 5228 section 2.7.1): `*` is any run, `?` any character, a backslash takes their meaning away. The result is the
 * whole and what each wildcard took, the runs as short as can be from left to right (RFC 5229 section 3.2); null when it does not
 * match. Only the last run ever grows, so the cost is at most the product of both lengths.
 */
export function matchWildcard(pattern: string, value: string, options: WildcardOptions): string[] | null {
  const places = readPattern(pattern, options.comparator);
  const characters = [...value];
  const folded = characters.map((character) => options.comparator.fold(character));
  const taken = new Array<number>(places.length).fill(0);
  let [place, at, run, looks] = [0, 0, -1, 0];
  for (;;) {
    looks++;
    const here = places[place];
    if (here === undefined ? at === characters.length : here.kind === "run") {
      if (here === undefined) break;
      run = place++;
      taken[run] = 0;
    } else if (at < characters.length && here !== undefined && fits(here, folded[at]!)) {
      taken[place++] = 1;
      at++;
    } else {
      const length = run < 0 ? -1 : taken[run]! + 1;
      // Back to where the last run began, which now takes one more.
      if (run >= 0) at = startOf(taken, run) + length;
      if (run < 0 || at > characters.length) {
        options.look(looks);
        return null;
      }
      taken[run] = length;
      place = run + 1;
    }
  }
  options.look(looks);
  return captures(places, taken, characters);
}

function fits(place: Place, folded: string): boolean {
  return place.kind === "one" || (place.kind === "char" && place.folded === folded);
}

function startOf(taken: readonly number[], place: number): number {
  let start = 0;
  for (let i = 0; i < place; i++) start += taken[i]!;
  return start;
}

function captures(
  places: readonly Place[],
  taken: readonly number[],
  characters: readonly string[],
): string[] {
  const found = [characters.join("")];
  let at = 0;
  places.forEach(({ kind }, index) => {
    const end = at + taken[index]!;
    if (kind !== "char") found.push(characters.slice(at, end).join(""));
    at = end;
  });
  return found;
}

function readPattern(pattern: string, comparator: Comparator): Place[] {
  const places: Place[] = [];
  let isEscaped = false;
  for (const character of pattern) {
    if (!isEscaped && character === "\\") {
      isEscaped = true;
      continue;
    }
    if (!isEscaped && character === "*") places.push({ kind: "run" });
    else if (!isEscaped && character === "?") places.push({ kind: "one" });
    else places.push({ kind: "char", folded: comparator.fold(character) });
    isEscaped = false;
  }
  // A backslash at the very end stands for itself.
  if (isEscaped) places.push({ kind: "char", folded: "\\" });
  return places;
}
