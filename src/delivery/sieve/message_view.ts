/**
 * The message as a script sees it, and as `editheader` and `mime` change it. The header is a list of fields, each with its own
 * bytes, so that what nobody touched goes out byte for byte as it came in.
 */
import { concatBytes, encodeUtf8 } from "../../core/bytes.ts";
import {
  decodeWords,
  DigestBuilder,
  encodeWord,
  type HeaderAddress,
  headerFields,
  parseAddressList,
  type Part,
} from "../../wire/mime/mod.ts";
import type { MessageVersion } from "./actions.ts";
import type { Budget } from "./budget.ts";
import type { SieveMessage } from "./input.ts";

export interface Field {
  /** Lower case. */
  readonly name: string;
  /** Unfolded; encoded words not decoded. */
  readonly raw: string;
  readonly bytes: Uint8Array;
}

const CRLF = encodeUtf8("\r\n");
/** To read what is in a character of a field takes as long as to look at so many. */
const DECODING = 10;
const CHARACTERS_PER_ADDRESS = 40;
/** More addresses of one field are not looked at. */
const MAX_ADDRESSES = 2000;
/** Bytes that are taken apart before others get the thread. */
const PIECE = 64 * 1024;
/** A line of a field that we write (RFC 5322 section 2.1.1). */
const FOLD_AT = 76;

/** What stands in the place of a part. */
interface Splice {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

export class MessageView {
  readonly #budget: Budget;
  /** The message that is taken apart: as it came, or as it was when it was last settled. */
  #message: SieveMessage;
  #fields: Field[] | null = null;
  #hasOtherHeader = false;
  #version: MessageVersion | null = null;
  #body: Uint8Array | null = null;
  /** What stands in the place of parts of `#message`, by its place. */
  #splices: readonly Splice[] = [];
  /** Whether `#message` has a body that is no more. */
  #hasOtherBody = false;
  readonly #partFields = new Map<Part, readonly Field[]>();
  readonly #known = new Map<string, Promise<string>>();
  readonly #texts = new WeakMap<Field, string>();
  readonly #addresses = new WeakMap<Field, readonly HeaderAddress[]>();

  constructor(message: SieveMessage, budget: Budget) {
    this.#message = message;
    this.#budget = budget;
  }

  get message(): SieveMessage {
    return this.#message;
  }

  /** In the order in which they stand. */
  async fields(): Promise<readonly Field[]> {
    if (this.#fields === null) {
      const { bodyStart } = this.#message.digest.structure;
      this.#fields = readFields(await this.#message.read(0, bodyStart));
    }
    return this.#fields;
  }

  /** The fields of a part; of the whole message, those that the script sees now. */
  async fieldsOf(part: Part): Promise<readonly Field[]> {
    if (part === this.#message.digest.structure) return await this.fields();
    const known = this.#partFields.get(part);
    if (known !== undefined) return known;
    const fields = readFields(await this.#message.read(part.headerStart, part.bodyStart));
    this.#partFields.set(part, fields);
    return fields;
  }

  /** A field's value as people read it (RFC 5228 sections 2.4.2.2 and 5.7), decoded once. */
  textOf(field: Field): string {
    const known = this.#texts.get(field);
    this.#budget.look(known?.length ?? field.raw.length * DECODING);
    const text = known ?? decodeWords(field.raw).trim();
    this.#texts.set(field, text);
    return text;
  }

  /** The addresses in a field, read once. */
  addressesOf(field: Field): readonly HeaderAddress[] {
    const known = this.#addresses.get(field);
    this.#budget.look(
      known === undefined ? field.raw.length * DECODING : known.length * CHARACTERS_PER_ADDRESS,
    );
    const addresses = known ?? parseAddressList(field.raw, MAX_ADDRESSES);
    this.#addresses.set(field, addresses);
    return addresses;
  }

  /** A text of the body that is made once, until the body changes. */
  once(name: string, make: () => Promise<string>): Promise<string> {
    const known = this.#known.get(name) ?? make();
    this.#known.set(name, known);
    return known;
  }

  // ---- Changing it ----

  /** RFC 5293 section 4. */
  async addField(name: string, value: string, options: { readonly last: boolean }): Promise<void> {
    await this.fields();
    this.#budget.addedField();
    const field = makeField(name, value);
    if (options.last) this.#fields!.push(field);
    else this.#fields!.unshift(field);
    this.#touch();
  }

  /** RFC 5293 section 5. */
  replaceFields(fields: readonly Field[]): void {
    this.#fields = [...fields];
    this.#touch();
  }

  /** RFC 5703: a whole new message body, and the fields that describe it. */
  replaceBody(fields: readonly Field[], body: Uint8Array): void {
    this.#hasOtherBody = true;
    this.#splices = [];
    this.#setBody(body);
    this.replaceFields(fields);
  }

  /** RFC 5703: other bytes, header and all, in the place of a part. Parts keep their places until the message is settled. */
  async replacePart(part: Part, bytes: Uint8Array): Promise<void> {
    const others = this.#splices.filter(({ start, end }) => end <= part.headerStart || start >= part.bodyEnd);
    this.#splices = [...others, { start: part.headerStart, end: part.bodyEnd, bytes }]
      .sort((a, b) => a.start - b.start);
    const pieces: Uint8Array[] = [];
    let at = this.#message.digest.structure.bodyStart;
    for (const splice of this.#splices) {
      pieces.push(await this.bytes(at, splice.start), splice.bytes);
      at = splice.end;
    }
    pieces.push(await this.bytes(at, this.#message.size));
    this.#setBody(concatBytes(pieces));
  }

  /** Whether a part was replaced, or one around it (RFC 5703 section 5). */
  isGone(part: Part): boolean {
    return this.#hasOtherBody ||
      this.#splices.some(({ start, end }) => start <= part.headerStart && part.bodyEnd <= end);
  }

  /** Takes the message apart anew, if what it is made of has changed. */
  async settle(): Promise<void> {
    if (!this.#hasOtherBody && this.#splices.length === 0) return;
    const { header, body } = await this.whole();
    const bytes = concatBytes([header, body]);
    this.#budget.look(bytes.length);
    const builder = new DigestBuilder();
    for (let at = 0; at < bytes.length; at += PIECE) {
      builder.write(bytes.subarray(at, at + PIECE));
      await this.#budget.rest();
    }
    this.#message = {
      size: bytes.length,
      digest: builder.finish(),
      read: (start, end) => Promise.resolve(bytes.slice(start, end)),
    };
    this.#splices = [];
    this.#hasOtherBody = false;
    this.#partFields.clear();
  }

  /** The message as it is now. */
  async whole(): Promise<{ readonly header: Uint8Array; readonly body: Uint8Array }> {
    const { bodyStart } = this.#message.digest.structure;
    const { header, body } = this.version();
    return {
      header: header ?? await this.bytes(0, bodyStart),
      body: body ?? await this.bytes(bodyStart, this.#message.size),
    };
  }

  /** Bytes of the message that is taken apart, as many as may be edited. */
  async bytes(start: number, end: number): Promise<Uint8Array> {
    const { editBytes } = this.#budget.limits;
    if (this.#message.size > editBytes) {
      this.#budget.fail(`Messages of more than ${editBytes} bytes are not edited`);
    }
    this.#budget.look(Math.max(0, end - start));
    return start >= end ? new Uint8Array(0) : await this.#message.read(start, end);
  }

  version(): MessageVersion {
    if (this.#version !== null) return this.#version;
    const header = this.#hasOtherHeader && this.#fields !== null
      ? concatBytes([...this.#fields.map(({ bytes }) => bytes), CRLF])
      : null;
    this.#version = { header, body: this.#body };
    return this.#version;
  }

  #setBody(body: Uint8Array): void {
    this.#body = body;
    this.#version = null;
    this.#known.clear();
  }

  #touch(): void {
    this.#hasOtherHeader = true;
    this.#version = null;
  }
}

function readFields(header: Uint8Array): Field[] {
  return headerFields(header).map(({ name, value, start, end }) => ({
    name,
    raw: value,
    bytes: header.slice(start, end),
  }));
}

/** A field that we write: UTF-8 in encoded words, folded, and no line end from the value in it. */
export function makeField(name: string, value: string): Field {
  const text = value.replace(/[\r\n\0]+[ \t]*/g, " ").trim();
  const encoded = /^[\x20-\x7e\t]*$/.test(text) ? text : encodeWord(text);
  return { name: name.toLowerCase(), raw: encoded, bytes: encodeUtf8(`${fold(`${name}: ${encoded}`)}\r\n`) };
}

/** Lines are broken at spaces where there are any. */
function fold(line: string): string {
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(" ")) {
    if (current !== "" && current.length + 1 + word.length > FOLD_AT && current.trim() !== "") {
      lines.push(current);
      current = ` ${word}`;
    } else current = current === "" && lines.length === 0 ? word : `${current} ${word}`;
  }
  return [...lines, current].join("\r\n");
}
