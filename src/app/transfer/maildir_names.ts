/** The names in a Maildir: folders as Maildir++ writes them, and what a file's name says of its message. */
import { decodeUtf7, encodeUtf7 } from "../../wire/imap/mod.ts";

/** Flags by their letters, in the order in which they are written. `P` is for what was forwarded. */
const LETTERS: readonly (readonly [letter: string, flag: string])[] = [
  ["D", "\\Draft"],
  ["F", "\\Flagged"],
  ["P", "$Forwarded"],
  ["R", "\\Answered"],
  ["S", "\\Seen"],
  ["T", "\\Deleted"],
];
/** Keywords have the letters a to z, by their places in `dovecot-keywords`. */
export const MOST_KEYWORDS = 26;
const FIRST_KEYWORD = "a".charCodeAt(0);
/** What Modified UTF-7 would make of a dot that stands for itself: a level may hold one, and dots separate levels. */
const DOT = "&AC4-";

/** `.Work.2026` as `Work/2026`; what is no Modified UTF-7 is taken as UTF-8. */
export function folderOfMaildir(directory: string): string {
  return directory.replace(/^\./, "").split(".").map((level) =>
    level.split(DOT).map((part) => decodeUtf7(part) ?? part).join(".").replaceAll("/", "_")
  ).join("/");
}

/** The directory of a folder; INBOX is the Maildir itself. */
export function maildirOfFolder(folder: string): string {
  if (folder === "INBOX") return "";
  return "." + folder.split("/").map((level) => level.split(".").map(encodeUtf7).join(DOT)).join(".");
}

export interface InfoFlags {
  readonly flags: readonly string[];
  /** Letters that stand for a keyword that nobody knows. */
  readonly unknown: string;
}

/** What stands behind `:2,` in a file's name; some systems, which know no colon in names, write another sign. */
export function flagsOfName(name: string, keywords: readonly (string | undefined)[]): InfoFlags {
  const info = /[:;!]2,([A-Za-z]*)$/.exec(name)?.[1] ?? "";
  const flags: string[] = [];
  let unknown = "";
  for (const letter of info) {
    const system = LETTERS.find(([known]) => known === letter)?.[1];
    const flag = system ?? keywords[letter.charCodeAt(0) - FIRST_KEYWORD];
    if (flag === undefined) unknown += letter;
    else flags.push(flag);
  }
  return { flags, unknown };
}

/** The letters for the flags, and the keywords that have none. */
export function infoOfFlags(
  flags: readonly string[],
  keywords: readonly string[],
): { info: string; left: string[] } {
  const system = LETTERS.filter(([, flag]) => flags.includes(flag)).map(([letter]) => letter);
  const others = flags.filter((flag) => !LETTERS.some(([, known]) => known === flag));
  const places = others.map((flag) => keywords.indexOf(flag));
  const letters = places.filter((place) => place >= 0 && place < MOST_KEYWORDS)
    .sort((a, b) => a - b).map((place) => String.fromCharCode(FIRST_KEYWORD + place));
  return {
    info: [...system, ...letters].join(""),
    left: others.filter((_, i) => places[i]! < 0 || places[i]! >= MOST_KEYWORDS),
  };
}

/** Reads `dovecot-keywords`: a line `0 $Work` for each. */
export function parseKeywords(text: string): (string | undefined)[] {
  const keywords: (string | undefined)[] = [];
  for (const line of text.split("\n")) {
    const space = line.indexOf(" ");
    const place = Number(line.slice(0, space));
    if (space < 1 || !Number.isInteger(place) || place < 0 || place >= MOST_KEYWORDS) continue;
    keywords[place] = line.slice(space + 1).trim();
  }
  // Places that were left out are there too.
  return Array.from(keywords);
}

export function formatKeywords(keywords: readonly string[]): string {
  return keywords.map((keyword, place) => keyword === "" ? "" : `${place} ${keyword}\n`).join("");
}

/** Numbers in names compare as numbers: what came first was named so that it sorts first. */
export function compareFileNames(a: string, b: string): number {
  const [first, second] = [Number.parseInt(a, 10), Number.parseInt(b, 10)];
  if (first !== second && !Number.isNaN(first) && !Number.isNaN(second)) return first - second;
  return a < b ? -1 : a > b ? 1 : 0;
}
