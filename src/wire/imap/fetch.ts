import { ProtocolError } from "../../core/errors.ts";
import { CLOSE, CLOSE_BRACKET, isAtomChar, OPEN, OPEN_BRACKET } from "./chars.ts";
import type { Decoder } from "./decoder.ts";
import { decodeModifiers } from "./modifiers.ts";
import { decodeModseq } from "./modseq.ts";
import { decodePartialRange, type PartialRange } from "./partial.ts";
import { decodeBinarySection, decodePartial, decodeSection, type Section, WHOLE_MESSAGE } from "./section.ts";
import { decodeSequenceSet, type SequenceSet } from "./sequence_set.ts";

/** One thing to fetch, and under which name it is answered (RFC 3501 section 6.4.5). */
export type FetchItem =
  | { readonly kind: "flags" | "uid" | "internaldate" | "size" | "envelope" | "modseq" }
  /** RFC 8970, RFC 8514, RFC 8474. */
  | { readonly kind: "preview" | "savedate" | "emailid" | "threadid" }
  /** BODYSTRUCTURE, or with `extended` false its older brother BODY. */
  | { readonly kind: "structure"; readonly extended: boolean }
  /** `label` is null for BODY[...], else the name of the RFC822 item that means the same. */
  | {
    readonly kind: "section";
    readonly section: Section;
    readonly peek: boolean;
    readonly label: string | null;
  }
  /** A part with its content transfer encoding undone, and its size then (RFC 3516). */
  | {
    readonly kind: "binary";
    readonly path: readonly number[];
    readonly partial: Section["partial"];
    readonly peek: boolean;
  }
  | { readonly kind: "binarysize"; readonly path: readonly number[] };

export interface FetchArguments {
  readonly set: SequenceSet;
  readonly items: readonly FetchItem[];
  readonly modifiers: FetchModifiers;
}

/** RFC 7162 sections 3.1.4.1 and 3.2.6, RFC 9394 section 3.3. */
export interface FetchModifiers {
  /** Only messages with a higher mod-sequence; null for all. */
  readonly changedSince: number | null;
  /** Tell, too, which of the UIDs were expunged since then. */
  readonly vanished: boolean;
  /** Only a page of the messages; null for all. */
  readonly partial: PartialRange | null;
}

/**
 * Not in the configuration: clients ask for ten items, and thirty header parts at most. Every macro of this grammar that repeats items
 * is only a way to have the same bytes sent often.
 */
const MAX_ITEMS = 200;

const FAST: readonly FetchItem[] = [{ kind: "flags" }, { kind: "internaldate" }, { kind: "size" }];
const ALL: readonly FetchItem[] = [...FAST, { kind: "envelope" }];
const MACROS: ReadonlyMap<string, readonly FetchItem[]> = new Map([
  ["FAST", FAST],
  ["ALL", ALL],
  ["FULL", [...ALL, { kind: "structure", extended: false } as const]],
]);

const SIMPLE: ReadonlyMap<string, FetchItem> = new Map<string, FetchItem>([
  ["FLAGS", { kind: "flags" }],
  ["UID", { kind: "uid" }],
  ["INTERNALDATE", { kind: "internaldate" }],
  ["MODSEQ", { kind: "modseq" }],
  ["PREVIEW", { kind: "preview" }],
  ["SAVEDATE", { kind: "savedate" }],
  ["EMAILID", { kind: "emailid" }],
  ["THREADID", { kind: "threadid" }],
  ["RFC822.SIZE", { kind: "size" }],
  ["ENVELOPE", { kind: "envelope" }],
  ["BODYSTRUCTURE", { kind: "structure", extended: true }],
  ["BODY", { kind: "structure", extended: false }],
  ["RFC822", { kind: "section", section: WHOLE_MESSAGE, peek: false, label: "RFC822" }],
  ["RFC822.HEADER", {
    kind: "section",
    section: { ...WHOLE_MESSAGE, text: "HEADER" },
    peek: true,
    label: "RFC822.HEADER",
  }],
  ["RFC822.TEXT", {
    kind: "section",
    section: { ...WHOLE_MESSAGE, text: "TEXT" },
    peek: false,
    label: "RFC822.TEXT",
  }],
]);

export function decodeFetch(decoder: Decoder): FetchArguments {
  decoder.expectSpace();
  const set = decodeSequenceSet(decoder);
  decoder.expectSpace();
  const items = decodeItems(decoder);
  const modifiers = decodeFetchModifiers(decoder);
  decoder.expectEnd();
  return { set, items, modifiers };
}

function decodeFetchModifiers(decoder: Decoder): FetchModifiers {
  let changedSince: number | null = null;
  let vanished = false;
  let partial: PartialRange | null = null;
  const decodeChangedSince = () => {
    decoder.expectSpace();
    changedSince = decodeModseq(decoder);
  };
  if (decoder.trySpace()) {
    decodeModifiers(
      decoder,
      new Map([
        ["CHANGEDSINCE", decodeChangedSince],
        ["VANISHED", () => void (vanished = true)],
        ["PARTIAL", () => {
          decoder.expectSpace();
          partial = decodePartialRange(decoder);
        }],
      ]),
    );
  }
  if (vanished && changedSince === null) throw new ProtocolError("VANISHED needs CHANGEDSINCE");
  return { changedSince, vanished, partial };
}

/** One item, a macro, or a list of items in parentheses. */
export function decodeItems(decoder: Decoder): readonly FetchItem[] {
  const items: FetchItem[] = [];
  if (decoder.next === OPEN) {
    decoder.expectList(() => {
      items.push(decodeItem(decoder, decodeItemName(decoder)));
      if (items.length > MAX_ITEMS) throw new ProtocolError("Too many items in one FETCH");
    });
    if (items.length === 0) throw new ProtocolError("Name at least one item to fetch");
    return items;
  }
  const name = decodeItemName(decoder);
  // A macro stands alone (RFC 3501 section 6.4.5).
  return MACROS.get(name) ?? [decodeItem(decoder, name)];
}

function decodeItem(decoder: Decoder, name: string): FetchItem {
  if (decoder.next === OPEN_BRACKET && (name === "BODY" || name === "BODY.PEEK")) {
    return { kind: "section", section: decodeSection(decoder), peek: name === "BODY.PEEK", label: null };
  }
  if (decoder.next === OPEN_BRACKET && (name === "BINARY" || name === "BINARY.PEEK")) {
    const path = decodeBinarySection(decoder);
    return { kind: "binary", path, partial: decodePartial(decoder), peek: name === "BINARY.PEEK" };
  }
  if (decoder.next === OPEN_BRACKET && name === "BINARY.SIZE") {
    return { kind: "binarysize", path: decodeBinarySection(decoder) };
  }
  const item = SIMPLE.get(name);
  if (item === undefined) throw new ProtocolError("No such fetch item");
  if (item.kind === "preview") passOverLazy(decoder);
  return item;
}

/** RFC 8970 section 6 `preview-mod`: a client that does not want to wait. Ours never has to: the preview lies beside the message. */
function passOverLazy(decoder: Decoder): void {
  if (!decoder.tryText(" (LAZY", isAtomChar)) return;
  while (decoder.tryText(" LAZY", isAtomChar));
  decoder.expectByte(CLOSE);
}

/** The name up to its bracket, which an atom may not hold when it closes but may when it opens. */
function decodeItemName(decoder: Decoder): string {
  const name = decoder.tryRun((byte) => isAtomChar(byte) && byte !== OPEN_BRACKET && byte !== CLOSE_BRACKET);
  return name?.toUpperCase() ?? decoder.fail("the name of a fetch item");
}
