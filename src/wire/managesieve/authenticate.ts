import { ProtocolError } from "../../core/errors.ts";
import { encodeBase64 } from "../sasl/mod.ts";
import type { Decoder } from "./decoder.ts";
import { encodeLine, encodeString } from "./encoder.ts";

export interface Authenticate {
  /** In capitals. */
  readonly mechanism: string;
  /** In base64; null when the client waits for a challenge. */
  readonly initial: string | null;
}

/** RFC 5804 section 2.1: `AUTHENTICATE mechanism [initial-response]`. */
export function decodeAuthenticate(args: Decoder): Authenticate {
  args.expectSpace();
  const mechanism = args.expectText("a mechanism").toUpperCase();
  const initial = args.trySpace() ? args.expectText("the initial response") : null;
  args.expectEnd();
  return { mechanism, initial };
}

/** The client's answer to a challenge, in base64. Throws `ProtocolError`, too when the client gives up with `"*"`. */
export function decodeSaslResponse(line: Decoder): string {
  const text = line.expectText("a response");
  line.expectEnd();
  if (text === "*") throw new ProtocolError("Authentication cancelled");
  return text;
}

export function encodeChallenge(challenge: Uint8Array): Uint8Array {
  return encodeLine(encodeString(encodeBase64(challenge)));
}
