import { decodeLatin1, encodeLatin1 } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Decodes base64 as SASL profiles write it (RFC 4648 section 4): padded, without any other character. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 4 !== 0 || !BASE64.test(text)) throw new ProtocolError("Invalid base64");
  try {
    return encodeLatin1(atob(text));
  } catch {
    throw new ProtocolError("Invalid base64");
  }
}

export function encodeBase64(bytes: Uint8Array): string {
  return btoa(decodeLatin1(bytes));
}
