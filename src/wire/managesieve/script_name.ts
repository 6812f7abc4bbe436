import { ProtocolError } from "../../core/errors.ts";
import type { Decoder } from "./decoder.ts";

/** RFC 5804 section 1.6: every server takes as many characters; ours takes no more. */
export const LONGEST_NAME = 128;

/** C0 and C1 controls, DELETE, and the two separators: RFC 5804 section 1.6. */
const FORBIDDEN = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/;

/** The name of a script. Names are Net-Unicode (RFC 5198), so two ways to write the same letters are the same name. */
export function expectScriptName(args: Decoder): string {
  const name = expectScriptNameOrNone(args);
  if (name === null) throw new ProtocolError("A script needs a name");
  return name;
}

/** As `expectScriptName`; null for the empty one, which means none (RFC 5804 section 2.8). */
export function expectScriptNameOrNone(args: Decoder): string | null {
  const text = args.expectText("the name of a script");
  if (text === "") return null;
  if (FORBIDDEN.test(text)) throw new ProtocolError("The name of a script must not hold control characters");
  // What is far too long is not worth composing.
  const name = text.length > 4 * LONGEST_NAME ? text : text.normalize("NFC");
  if (name.length > 2 * LONGEST_NAME || [...name].length > LONGEST_NAME) {
    // Never cut: it would be another script's name (section 1.6).
    throw new ProtocolError(`The name of a script may have ${LONGEST_NAME} characters`);
  }
  return name;
}
