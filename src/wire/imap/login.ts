import type { Decoder } from "./decoder.ts";

export interface LoginArguments {
  readonly user: string;
  readonly password: string;
}

/** RFC 3501 section 6.2.3. */
export function decodeLogin(decoder: Decoder): LoginArguments {
  decoder.expectSpace();
  const user = decoder.expectText("a user name");
  decoder.expectSpace();
  const password = decoder.expectText("a password");
  decoder.expectEnd();
  return { user, password };
}
