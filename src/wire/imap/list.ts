import { ProtocolError } from "../../core/errors.ts";
import type { Decoder } from "./decoder.ts";
import type { Encoder } from "./encoder.ts";
import { decodeListMailbox, decodeMailbox, DELIMITER, encodeMailbox } from "./mailbox.ts";
import { decodeEntryName } from "./metadata.ts";
import { decodeStatusItems, type StatusItem } from "./status.ts";

/** What LSUB and the LIST of RFC 3501 have. */
export interface LsubArguments {
  readonly reference: string;
  readonly pattern: string;
}

const SELECTIONS = ["RECURSIVEMATCH", "REMOTE", "SPECIAL-USE", "SUBSCRIBED"] as const;
/** Which mailboxes are listed (RFC 5258 section 3.1, RFC 6154 section 2). */
export type ListSelection = typeof SELECTIONS[number];

/** What is told of each (RFC 5258 section 3.2). */
export interface ListReturns {
  readonly subscribed: boolean;
  /** RFC 8440 section 4. */
  readonly myRights: boolean;
  /** RFC 5819 section 2; null when it was not asked for. */
  readonly status: readonly StatusItem[] | null;
  /** RFC 9590 section 3: names of entries; null when it was not asked for. */
  readonly metadata: readonly string[] | null;
}

export interface ListArguments {
  /** One of the extensions to the syntax was used, so that an empty pattern is no question for the delimiter. */
  readonly isExtended: boolean;
  readonly selections: ReadonlySet<ListSelection>;
  readonly reference: string;
  readonly patterns: readonly string[];
  readonly returns: ListReturns;
}

/** RFC 3501 section 6.3.9. */
export function decodeLsub(decoder: Decoder): LsubArguments {
  decoder.expectSpace();
  const reference = decodeMailbox(decoder);
  decoder.expectSpace();
  const pattern = decodeListMailbox(decoder);
  decoder.expectEnd();
  return { reference, pattern };
}

/** RFC 3501 section 6.3.8 as RFC 5258 section 6 extends it. */
export function decodeList(decoder: Decoder): ListArguments {
  decoder.expectSpace();
  const selections = new Set<ListSelection>();
  let isExtended = decoder.tryList(() => {
    selections.add(decodeSelection(decoder));
  });
  if (isExtended) decoder.expectSpace();
  requireSomethingToRecurse(selections);
  const reference = decodeMailbox(decoder);
  decoder.expectSpace();
  const patterns: string[] = [];
  if (decoder.tryList(() => void patterns.push(decodeListMailbox(decoder)))) isExtended = true;
  else patterns.push(decodeListMailbox(decoder));
  if (patterns.length === 0) throw new ProtocolError("Name at least one pattern");
  const returns = decodeReturns(decoder);
  decoder.expectEnd();
  return {
    isExtended: isExtended || returns !== null,
    selections,
    reference,
    patterns,
    returns: returns ?? NOTHING,
  };
}

function decodeSelection(decoder: Decoder): ListSelection {
  const word = decoder.expectKeyword("a selection option");
  const selection = SELECTIONS.find((known) => known === word);
  // RFC 5258 section 3: an option that we do not know is a mistake.
  if (selection === undefined) throw new ProtocolError(`LIST can select by ${SELECTIONS.join(", ")}`);
  return selection;
}

/** RFC 5258 section 3.1: RECURSIVEMATCH asks for parents of what another option selects; REMOTE selects nothing. */
function requireSomethingToRecurse(selections: ReadonlySet<ListSelection>): void {
  if (!selections.has("RECURSIVEMATCH")) return;
  if (selections.has("SUBSCRIBED") || selections.has("SPECIAL-USE")) return;
  throw new ProtocolError("RECURSIVEMATCH needs SUBSCRIBED or SPECIAL-USE beside it");
}

const NOTHING: ListReturns = { subscribed: false, myRights: false, status: null, metadata: null };

function decodeReturns(decoder: Decoder): ListReturns | null {
  if (!decoder.trySpace()) return null;
  if (!decoder.tryKeyword("RETURN")) decoder.fail("RETURN");
  decoder.expectSpace();
  let returns = NOTHING;
  decoder.expectList(() => {
    returns = { ...returns, ...decodeReturn(decoder) };
  });
  return returns;
}

function decodeReturn(decoder: Decoder): Partial<ListReturns> {
  const word = decoder.expectKeyword("a return option");
  switch (word) {
    case "SUBSCRIBED":
      return { subscribed: true };
    case "CHILDREN":
    case "SPECIAL-USE":
      // We tell these whether they are asked for or not (RFC 3348, RFC 6154 section 2).
      return {};
    case "MYRIGHTS":
      return { myRights: true };
    case "STATUS":
      decoder.expectSpace();
      return { status: decodeStatusItems(decoder) };
    case "METADATA":
      decoder.expectSpace();
      return { metadata: decodeEntryNames(decoder) };
    default:
      throw new ProtocolError(
        "LIST can return CHILDREN, METADATA, MYRIGHTS, SPECIAL-USE, STATUS, SUBSCRIBED",
      );
  }
}

function decodeEntryNames(decoder: Decoder): string[] {
  const names = new Set<string>();
  decoder.expectList(() => {
    names.add(decodeEntryName(decoder));
  });
  if (names.size === 0) throw new ProtocolError("Name at least one entry");
  return [...names];
}

/** A line of LIST or LSUB. */
export interface ListEntry {
  /** With its backslash each. */
  readonly attributes: readonly string[];
  readonly name: string;
  /** Which selections descendants meet (RFC 5258 section 3.5). */
  readonly childInfo?: readonly string[];
  /** RFC 9051 section 6.3.9.7. */
  readonly oldName?: string;
}

/** `* LIST (attributes) "/" name`, with extended items where there are any (RFC 5258 section 6 `mailbox-list`). */
export function encodeListEntry(encoder: Encoder, verb: "LIST" | "LSUB", entry: ListEntry): void {
  encoder.text(`* ${verb} (${entry.attributes.join(" ")}) "${DELIMITER}" `);
  encodeMailbox(encoder, entry.name);
  if (entry.childInfo !== undefined) {
    encoder.text(` ("CHILDINFO" (${entry.childInfo.map((word) => `"${word}"`).join(" ")}))`);
  }
  if (entry.oldName !== undefined) {
    encoder.text(' ("OLDNAME" (');
    encodeMailbox(encoder, entry.oldName);
    encoder.text("))");
  }
  encoder.line("");
}
