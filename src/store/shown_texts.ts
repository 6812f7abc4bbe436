/**
 * What IMAP shows of a message most often, as it is sent: made once, when the message comes in, so that a FETCH of ten thousand
 * messages is a matter of copying bytes.
 */
import { encodeEnvelope, Encoder, encodeStructure } from "../wire/imap/mod.ts";
import type { MessageDigest } from "../wire/mime/digest.ts";

export interface ShownTexts {
  /** Where the body of the message begins. */
  readonly headerSize: number;
  /** ENVELOPE (RFC 3501 section 7.4.2). */
  readonly envelope: Uint8Array<ArrayBuffer>;
  /** BODYSTRUCTURE. */
  readonly structure: Uint8Array<ArrayBuffer>;
  /** A client that has switched on UTF-8 (RFC 9755 section 3) is shown something else. */
  readonly dependsOnUtf8: boolean;
}

export function showTexts(digest: MessageDigest, options: { readonly utf8: boolean }): ShownTexts {
  const encoder = new Encoder();
  encoder.utf8 = options.utf8;
  encodeEnvelope(encoder, digest.envelope);
  const { length } = encoder;
  encodeStructure(encoder, digest.structure, true);
  const { dependsOnUtf8 } = encoder;
  const texts = encoder.take();
  return {
    headerSize: digest.structure.bodyStart,
    envelope: texts.subarray(0, length),
    structure: texts.subarray(length),
    dependsOnUtf8,
  };
}
