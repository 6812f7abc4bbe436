import { decodeLatin1, decodeUtf8, encodeLatin1, encodeUtf8 } from "../../../core/bytes.ts";
import { isAscii } from "./ascii_case.ts";
import type { Comparator } from "./comparators.ts";

/** One place of a pattern: any run of characters, any one, or one of which this is the folded form. */
type Place = { readonly kind: "run" | "one" } | { readonly kind: "char"; readonly folded: string };

/** So many comparisons are one step of the budget. */
const COMPARISONS_PER_STEP = 250;

/**
 * `:matches` (RFC 5228 section 2.7.1): `*` is any run, `?` any character, a backslash takes their meaning away. The result is the
 * whole and what each wildcard took, the runs as short as can be from left to right (RFC 5229 section 3.2); null when it does not
 * match. Only the last run ever grows, so the cost is at most the product of both lengths; it yields once for each step of it.
 */
export function* matchWildcard(
  pattern: string,
  value: string,
  comparator: Comparator,
): Generator<void, string[] | null> {
  const places = readPattern(pattern, comparator);
  for (let paid = COMPARISONS_PER_STEP; paid <= places.length; paid += COMPARISONS_PER_STEP) yield;
  const subject = yield* readSubject(value, comparator);
  const { folded } = subject;
  const starts = new Array<number>(places.length).fill(0);
  let [place, at, run, runEnd] = [0, 0, -1, 0];
  for (let comparisons = 1;; comparisons++) {
    if (comparisons % COMPARISONS_PER_STEP === 0) yield;
    const here = places[place];
    if (here === undefined && at === folded.length) break;
    if (here?.kind === "run") {
      starts[place] = at;
      [run, runEnd] = [place++, at];
      // Nothing stands behind it, so it takes all the rest.
      if (place === places.length) at = folded.length;
    } else if (here !== undefined && at < folded.length && fits(here, folded[at]!)) {
      starts[place++] = at++;
    } else if (run < 0 || runEnd === folded.length) {
      return null;
    } else {
      // Back to where the last run ended, which now takes one more.
      at = ++runEnd;
      place = run + 1;
    }
  }
  const taken = places.flatMap(({ kind }, index) =>
    kind === "char" ? [] : [subject.cut(starts[index]!, starts[index + 1] ?? folded.length)]
  );
  return [value, ...taken];
}

function fits(place: Place, folded: string): boolean {
  return place.kind === "one" || (place.kind === "char" && place.folded === folded);
}

/** A value in the units that the comparator knows. */
interface Subject {
  readonly folded: ArrayLike<string>;
  /** What stands between two of them, as it came. */
  cut(start: number, end: number): string;
}

function* readSubject(value: string, comparator: Comparator): Generator<void, Subject> {
  if (isAscii(value)) {
    return { folded: comparator.fold(value), cut: (start, end) => value.slice(start, end) };
  }
  if (comparator.unit === "character") {
    const characters = [...value];
    return {
      folded: yield* foldEach(characters, comparator),
      cut: (start, end) => characters.slice(start, end).join(""),
    };
  }
  const text = octetsOf(value);
  return {
    folded: comparator.fold(text),
    cut: (start, end) => decodeUtf8(encodeLatin1(text.slice(start, end))),
  };
}

/** Each by itself, since the form of one may be several. */
function* foldEach(characters: readonly string[], { fold }: Comparator): Generator<void, string[]> {
  const known = new Map<string, string>();
  const folded: string[] = [];
  for (const character of characters) {
    const form = known.get(character) ?? fold(character);
    known.set(character, form);
    if (folded.push(form) % COMPARISONS_PER_STEP === 0) yield;
  }
  return folded;
}

/** The octets of UTF-8, as one character each. */
function octetsOf(text: string): string {
  return isAscii(text) ? text : decodeLatin1(encodeUtf8(text));
}

function readPattern(pattern: string, comparator: Comparator): Place[] {
  const places: Place[] = [];
  let isEscaped = false;
  for (const character of comparator.unit === "octet" ? octetsOf(pattern) : pattern) {
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
