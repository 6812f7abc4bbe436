import { encodeLatin1 } from "../../../src/core/bytes.ts";
import type { SentCommand } from "./client_side.ts";
import { sectionSpec } from "./fetch_items.ts";
import { Scanner } from "./scanner.ts";

const MACROS: ReadonlyMap<string, readonly string[]> = new Map([
  ["FAST", ["FLAGS", "INTERNALDATE", "RFC822.SIZE"]],
  ["ALL", ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"]],
  ["FULL", ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"]],
]);

export interface AskedFetch {
  readonly labels: ReadonlySet<string>;
  /** There are modifiers behind the items: fewer messages may be answered. */
  readonly hasModifiers: boolean;
}

/** What a FETCH asks for, each as the response must call it; null when it cannot be read (the server will say so). */
export function askedItems({ name, text }: SentCommand): AskedFetch | null {
  if (name !== "FETCH" && name !== "UID FETCH") return null;
  const scanner = new Scanner(encodeLatin1(text), { utf8: true });
  try {
    scanner.match(/(?:UID )?FETCH [0-9:,*$]+ /iy, "FETCH and a set");
    const labels = scanner.next === "(" ? scanner.list(() => label(scanner)) : [label(scanner)];
    const macro = labels.length === 1 ? MACROS.get(labels[0]!) : undefined;
    return { labels: new Set(macro ?? labels), hasModifiers: !scanner.atEnd };
  } catch {
    return null;
  }
}

function label(scanner: Scanner): string {
  const name = scanner.match(/[A-Z0-9.]+/iy, "an item").toUpperCase().replace(".PEEK", "");
  if (scanner.next !== "[") {
    // PREVIEW (LAZY), RFC 8970 section 6
    scanner.tryMatch(/ \(LAZY(?: LAZY)*\)/iy);
    return name;
  }
  const spec = sectionSpec(scanner);
  const partial = scanner.tryMatch(/<\d+\.\d+>/y);
  if (partial === null) return `${name}${spec}`;
  // The answer has the origin only (RFC 3501 section 7.4.2), as a number, whatever zeros the client put before it.
  return `${name}${spec}<${Number(/\d+/.exec(partial)![0])}>`;
}
