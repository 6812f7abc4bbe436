import { ProtocolError } from "../../core/errors.ts";
import { OPEN } from "./chars.ts";
import type { Decoder } from "./decoder.ts";
import { decodeFlag, tryDecodeFlagList } from "./flag.ts";
import { decodeModifiers } from "./modifiers.ts";
import { decodeModseq } from "./modseq.ts";
import { decodeSequenceSet, type SequenceSet } from "./sequence_set.ts";

export interface StoreArguments {
  readonly set: SequenceSet;
  readonly change: "set" | "add" | "remove";
  readonly silent: boolean;
  readonly flags: readonly string[];
  /** Messages with a higher mod-sequence are left alone (RFC 7162 section 3.1.3); null for no such wish. */
  readonly unchangedSince: number | null;
}

const ITEMS: ReadonlyMap<string, Pick<StoreArguments, "change" | "silent">> = new Map([
  ["FLAGS", { change: "set", silent: false }],
  ["FLAGS.SILENT", { change: "set", silent: true }],
  ["+FLAGS", { change: "add", silent: false }],
  ["+FLAGS.SILENT", { change: "add", silent: true }],
  ["-FLAGS", { change: "remove", silent: false }],
  ["-FLAGS.SILENT", { change: "remove", silent: true }],
]);

/** RFC 3501 section 6.4.6: the flags may stand in parentheses or, at least one, without. */
export function decodeStore(decoder: Decoder): StoreArguments {
  decoder.expectSpace();
  const set = decodeSequenceSet(decoder);
  decoder.expectSpace();
  const unchangedSince = decoder.next === OPEN ? decodeUnchangedSince(decoder) : null;
  const item = ITEMS.get(decoder.expectKeyword("FLAGS, +FLAGS or -FLAGS"));
  if (item === undefined) throw new ProtocolError("STORE knows FLAGS, +FLAGS and -FLAGS, each also .SILENT");
  decoder.expectSpace();
  const flags = tryDecodeFlagList(decoder) ?? decodeBareFlags(decoder);
  decoder.expectEnd();
  return { set, ...item, flags, unchangedSince };
}

function decodeUnchangedSince(decoder: Decoder): number | null {
  let unchangedSince: number | null = null;
  const decode = () => {
    decoder.expectSpace();
    unchangedSince = decodeModseq(decoder);
  };
  decodeModifiers(decoder, new Map([["UNCHANGEDSINCE", decode]]));
  decoder.expectSpace();
  return unchangedSince;
}

function decodeBareFlags(decoder: Decoder): string[] {
  const flags: string[] = [];
  do flags.push(decodeFlag(decoder)); while (decoder.trySpace());
  return flags;
}
