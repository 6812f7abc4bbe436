import type { ReversePath } from "../core/address.ts";
import { concatBytes, CR, encodeUtf8, LF } from "../core/bytes.ts";
import { normalizeDomain } from "../core/domain.ts";
import { type HeaderField, headerFields, parseAddressList } from "../wire/mime/mod.ts";
import { withLineEnds } from "./line_ends.ts";

/** A header longer than this is not waited for; intake has a limit of its own, and refuses such a message. */
const MAX_HEAD = 256 * 1024;

/** A message on its way in: its header has come, the rest comes when it is read. */
export interface FetchedMessage {
  readonly fields: readonly HeaderField[];
  /** Not one byte has come. */
  readonly isEmpty: boolean;
  /** From the Return-Path that the provider put there at delivery; null when it is not there, or empty. */
  readonly sender: ReversePath;
  /** All of it, without Return-Path: there is one only, and it is written at the final delivery (RFC 5321 section 4.4). */
  readonly bytes: AsyncGenerator<Uint8Array>;
}

export async function openMessage(raw: AsyncIterable<Uint8Array>): Promise<FetchedMessage> {
  const chunks = withLineEnds(raw);
  const parts: Uint8Array[] = [];
  const blank = new BlankLine();
  for (let length = 0; !blank.found && length <= MAX_HEAD;) {
    const { value, done } = await chunks.next();
    if (done) break;
    parts.push(value);
    length += value.length;
    blank.write(value);
  }
  const head = concatBytes(parts);
  const fields = headerFields(head);
  return {
    fields,
    isEmpty: head.length === 0,
    sender: senderOf(fields),
    bytes: joined(withoutReturnPath(head, fields), chunks),
  };
}

/**
 * What a message is known by when a server gives all its messages new numbers: the SHA-256 of the fields that name it and of its
 * size as the server tells it.
 */
export async function fingerprint(fields: readonly HeaderField[], size: number): Promise<string> {
  const named = ["message-id", "date", "from", "subject"].map((name) =>
    fields.find((field) => field.name === name)?.value ?? ""
  );
  const digest = await crypto.subtle.digest("SHA-256", encodeUtf8([...named, String(size)].join("\n")));
  return new Uint8Array(digest, 0, 16).toHex();
}

/** Looks for the line that ends the header, in text whose lines all end in CR LF. */
class BlankLine {
  /** How much of CR LF CR LF has been seen; a message may begin with the blank line. */
  #matched = 2;

  get found(): boolean {
    return this.#matched === 4;
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && this.#matched < 4; at++) {
      const wanted = this.#matched % 2 === 0 ? CR : LF;
      this.#matched = bytes[at] === wanted ? this.#matched + 1 : bytes[at] === CR ? 1 : 0;
    }
  }
}

function senderOf(fields: readonly HeaderField[]): ReversePath {
  const value = fields.find(({ name }) => name === "return-path")?.value;
  if (value === undefined) return null;
  const [address] = parseAddressList(value, 2);
  const domain = address?.host ? normalizeDomain(address.host) : null;
  const local = address?.mailbox ?? "";
  return domain === null || local === "" || local.length > 64 ? null : { local, domain };
}

function withoutReturnPath(head: Uint8Array, fields: readonly HeaderField[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const { name, start, end } of fields) {
    if (name !== "return-path") continue;
    pieces.push(head.subarray(from, start));
    from = end;
  }
  return pieces.length === 0 ? head : concatBytes([...pieces, head.subarray(from)]);
}

async function* joined(head: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  yield* rest;
}
