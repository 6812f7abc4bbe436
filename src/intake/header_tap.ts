import { createHash, type Hash } from "node:crypto";
import { CR, decodeUtf8, encodeLatin1, LF } from "../core/bytes.ts";
import { isSpamField, type SpamField } from "./spam_fields.ts";

/** What the door learns of a message while its bytes pass. */
export interface HeaderFacts {
  /** Bytes of the header, without the blank line. */
  readonly size: number;
  /** How many Received fields there are. */
  readonly received: number;
  readonly hasDate: boolean;
  readonly hasMessageId: boolean;
  /** The Message-ID field's value for the log: printable ASCII, cut off; null when there is none. */
  readonly messageId: string | null;
  /** What the Delivered-To fields say, in lower case, from the top; only so many, and each cut off. */
  readonly deliveredTo: readonly string[];
  /** A field says so that the administrator trusts to say it. */
  readonly isSpam: boolean;
  /** SHA-256 of what is behind the header; null when nobody asked for it. */
  readonly bodyDigest: string | null;
  /** Bytes above 127 in the header, and anywhere; null when nobody asked for it. */
  readonly eightBit: { readonly header: boolean; readonly anywhere: boolean } | null;
}

type State =
  /** At the first byte of a line: a field name, white space (a continuation), or the blank line. */
  | "line-start"
  /** A line began with CR; with LF next it is the blank line. */
  | "cr-at-line-start"
  | "name"
  | "value"
  /** Past the blank line. */
  | "body";

const COLON = 58;
const SPACE = 32;
const TAB = 9;
/** No name that is looked for is longer. */
const NAME_LIMIT = 61;
/** A path has at most 256 octets (RFC 5321 section 4.5.3.1.3). */
const VALUE_LIMIT = 320;
const MESSAGE_ID_LIMIT = 250;
const MOST_DELIVERED_TO = 100;

type Watched = "message-id" | "delivered-to" | "spam";

export interface HeaderTapOptions {
  /** Every byte is looked at, which only a message that leaves again needs. */
  readonly watchEightBit: boolean;
  /** By its digest the same message is known again. */
  readonly digestBody?: boolean;
  /** What marks a message as spam. */
  readonly spamFields?: readonly SpamField[];
}

/**
 * Watches the bytes of a message on their way to the store and notes the few things about its header that the checks
 * and the stamp need. It keeps no header: its memory is constant whatever comes, in whatever pieces.
 */
export class HeaderTap {
  readonly #watchEightBit: boolean;
  readonly #spamFields: readonly SpamField[];
  readonly #digest: Hash | null;
  #state: State = "line-start";
  #name = "";
  #size = 0;
  #received = 0;
  #hasDate = false;
  #messageId: string | null = null;
  readonly #deliveredTo: string[] = [];
  #isSpam = false;
  /** The field whose value is being kept, if it is one that counts. */
  #watched: Watched | null = null;
  /** That value so far, without white space, in Latin-1: its bytes, one character each. */
  #value = "";
  #eightBitHeader = false;
  #eightBit = false;

  constructor({ watchEightBit, digestBody = false, spamFields = [] }: HeaderTapOptions) {
    this.#watchEightBit = watchEightBit;
    this.#digest = digestBody ? createHash("sha256") : null;
    this.#spamFields = spamFields;
  }

  write(chunk: Uint8Array): void {
    const bodyAt = this.#state === "body" ? 0 : this.#readHeader(chunk);
    if (this.#watchEightBit && !this.#eightBit) this.#watch(chunk, bodyAt);
    this.#digest?.update(chunk.subarray(bodyAt));
  }

  finish(): HeaderFacts {
    this.#endField();
    return {
      size: this.#size,
      received: this.#received,
      hasDate: this.#hasDate,
      hasMessageId: this.#messageId !== null,
      messageId: this.#messageId,
      deliveredTo: this.#deliveredTo,
      isSpam: this.#isSpam,
      bodyDigest: this.#digest?.digest("base64url") ?? null,
      eightBit: this.#watchEightBit ? { header: this.#eightBitHeader, anywhere: this.#eightBit } : null,
    };
  }

  /** Returns where the body begins in this chunk, or its length. */
  #readHeader(chunk: Uint8Array): number {
    let at = 0;
    while (at < chunk.length && this.#state !== "body") {
      at = this.#state === "value" ? this.#skipValue(chunk, at) : this.#step(chunk, at);
    }
    return at;
  }

  #step(chunk: Uint8Array, at: number): number {
    const byte = chunk[at]!;
    this.#size++;
    switch (this.#state) {
      case "line-start":
        if (byte === LF) return this.#endHeader(at, 1);
        if (byte === CR) this.#state = "cr-at-line-start";
        else if (byte === SPACE || byte === TAB) this.#state = "value";
        else this.#beginName(byte);
        return at + 1;
      case "cr-at-line-start":
        if (byte === LF) return this.#endHeader(at, 2);
        this.#endField();
        this.#state = "value";
        return at + 1;
      case "name":
        if (byte === COLON) this.#endName();
        else if (byte === LF) this.#state = "line-start";
        else if (this.#name.length < NAME_LIMIT) this.#name += String.fromCharCode(byte);
        return at + 1;
      default:
        return at + 1;
    }
  }

  #endHeader(at: number, blankLine: number): number {
    this.#endField();
    this.#size -= blankLine;
    this.#state = "body";
    return at + 1;
  }

  #beginName(byte: number): void {
    this.#endField();
    this.#name = String.fromCharCode(byte);
    this.#state = "name";
  }

  #endName(): void {
    this.#state = "value";
    // White space before the colon is obsolete syntax that still must be understood (RFC 5322 section 4.5).
    const name = this.#name.trimEnd().toLowerCase();
    if (name === "received") this.#received++;
    else if (name === "date") this.#hasDate = true;
    else if (name === "message-id" && this.#messageId === null) this.#watched = name;
    else if (name === "delivered-to" && this.#deliveredTo.length < MOST_DELIVERED_TO) this.#watched = name;
    else if (this.#spamFields.some((field) => field.name === name)) this.#watched = "spam";
  }

  /** The value of a field is complete; for one that does not count nothing is done. */
  #endField(): void {
    if (this.#watched === null) return;
    const value = this.#value;
    if (this.#watched === "message-id") {
      this.#messageId = value.replace(/[^!-~]/g, "").slice(0, MESSAGE_ID_LIMIT);
    } else if (this.#watched === "delivered-to") {
      this.#deliveredTo.push(decodeUtf8(encodeLatin1(value)).toLowerCase());
    } else this.#isSpam ||= isSpamField(this.#spamFields, this.#name.trimEnd().toLowerCase(), value);
    this.#watched = null;
    this.#value = "";
  }

  #skipValue(chunk: Uint8Array, at: number): number {
    const lf = chunk.indexOf(LF, at);
    const end = lf < 0 ? chunk.length : lf + 1;
    if (this.#watched !== null) this.#keep(chunk.subarray(at, end));
    this.#size += end - at;
    if (lf >= 0) this.#state = "line-start";
    return end;
  }

  #keep(bytes: Uint8Array): void {
    for (const byte of bytes.subarray(0, 2 * VALUE_LIMIT)) {
      if (this.#value.length >= VALUE_LIMIT) return;
      if (byte > SPACE && byte !== 127) this.#value += String.fromCharCode(byte);
    }
  }

  #watch(chunk: Uint8Array, bodyAt: number): void {
    for (let i = 0; i < chunk.length; i++) {
      if (chunk[i]! < 128) continue;
      this.#eightBit = true;
      this.#eightBitHeader ||= i < bodyAt;
      return;
    }
  }
}
