import type { Decoder } from "./decoder.ts";

export interface AuthenticateArguments {
  readonly mechanism: string;
  /** The initial response in base64 as it came (`=` for an empty one, RFC 4959); null when there is none. */
  readonly initial: string | null;
}

/** RFC 3501 section 6.2.2 and RFC 4959. */
export function decodeAuthenticate(decoder: Decoder): AuthenticateArguments {
  decoder.expectSpace();
  const mechanism = decoder.expectKeyword("the name of a mechanism");
  const initial = decoder.trySpace() ? decoder.expectAtom("an initial response") : null;
  decoder.expectEnd();
  return { mechanism, initial };
}
