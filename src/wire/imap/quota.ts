/** Quotas (RFC 9208 section 4). */
import { ProtocolError } from "../../core/errors.ts";
import { isDigit } from "./chars.ts";
import type { Decoder } from "./decoder.ts";
import type { Encoder } from "./encoder.ts";
import { encodeMailbox } from "./mailbox.ts";

export interface QuotaResource {
  readonly name: "STORAGE" | "MESSAGE" | "MAILBOX";
  /** STORAGE counts in units of 1024 bytes (RFC 9208 section 5.1). */
  readonly usage: number;
  readonly limit: number;
}

/** GETQUOTA: the name of a quota root. */
export function decodeGetQuota(decoder: Decoder): string {
  decoder.expectSpace();
  const root = decoder.expectText("a quota root");
  decoder.expectEnd();
  return root;
}

/** SETQUOTA: its limits are read and passed over, since nobody may set them here. */
export function decodeSetQuota(decoder: Decoder): string {
  decoder.expectSpace();
  const root = decoder.expectText("a quota root");
  decoder.expectSpace();
  decoder.expectList(() => {
    decoder.expectAtom("a resource");
    decoder.expectSpace();
    const digits = decoder.tryRun(isDigit) ?? decoder.fail("a number");
    // `number64` of RFC 9208 section 6.
    if (digits.length > 19) throw new ProtocolError("The limit is too large");
  });
  decoder.expectEnd();
  return root;
}

/** RFC 9208 section 4.2.2. */
export function encodeQuotaRoot(encoder: Encoder, mailbox: string, root: string): void {
  encoder.text("* QUOTAROOT ");
  encodeMailbox(encoder, mailbox);
  encoder.text(" ").astring(root).line("");
}

/** RFC 9208 section 4.2.1. */
export function encodeQuota(encoder: Encoder, root: string, resources: readonly QuotaResource[]): void {
  const triples = resources.map(({ name, usage, limit }) => `${name} ${usage} ${limit}`);
  encoder.text("* QUOTA ").astring(root).line(` (${triples.join(" ")})`);
}
