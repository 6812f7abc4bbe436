import { BACKSLASH } from "./chars.ts";
import type { Decoder } from "./decoder.ts";
import { decodeMailbox } from "./mailbox.ts";
import { decodeModifiers } from "./modifiers.ts";

export interface CreateArguments {
  readonly mailbox: string;
  /** Special uses, as `\Sent`, in lower case; empty when none was asked for (RFC 6154 section 3). */
  readonly uses: readonly string[];
}

/** RFC 3501 section 6.3.3, with the parameters of RFC 4466 section 2.2. */
export function decodeCreate(decoder: Decoder): CreateArguments {
  decoder.expectSpace();
  const mailbox = decodeMailbox(decoder);
  const uses = new Set<string>();
  const decodeUse = () => {
    decoder.expectSpace();
    decoder.expectList(() => {
      decoder.expectByte(BACKSLASH);
      uses.add(`\\${decoder.expectAtom("a special use").toLowerCase()}`);
    });
  };
  if (decoder.trySpace()) decodeModifiers(decoder, new Map([["USE", decodeUse]]));
  decoder.expectEnd();
  return { mailbox, uses: [...uses] };
}
