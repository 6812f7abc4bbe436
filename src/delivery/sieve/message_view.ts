/**
 * The message as a script sees it, and as `editheader` and `mime` change it. The header is a list of fields, each with its own
 * bytes, so that what nobody touched goes out byte for byte as it came in.
 */
import { concatBytes, encodeUtf8 } from "../../core/bytes.ts";
import { decodeWords, encodeWord, headerFields, type Part } from "../../wire/mime/mod.ts";
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
/** A line of a field that we write (RFC 5322 section 2.1.1). */
const FOLD_AT = 76;

export class MessageView {
  readonly message: SieveMessage;
  readonly #budget: Budget;
  #fields: Field[] | null = null;
  #changedHeader = false;
  #version: MessageVersion | null = null;
  #body: Uint8Array | null = null;
  /** What stands in the place of parts of the body, by its place. */
  #splices: { readonly start: number; readonly end: number; readonly bytes: Uint8Array }[] = [];
  readonly #partFields = new Map<Part, readonly Field[]>();

  constructor(message: SieveMessage, budget: Budget) {
    this.message = message;
    this.#budget = budget;
  }

  /** In the order in which they stand. */
  async fields(): Promise<readonly Field[]> {
    if (this.#fields === null) {
      const { bodyStart } = this.message.digest.structure;
      this.#fields = readFields(await this.message.read(0, bodyStart));
    }
    return this.#fields;
  }

  /** The fields of a part; of the whole message, those that the script sees now. */
  async fieldsOf(part: Part): Promise<readonly Field[]> {
    if (part === this.message.digest.structure) return await this.fields();
    const known = this.#partFields.get(part);
    if (known !== undefined) return known;
    const fields = readFields(await this.message.read(part.headerStart, part.bodyStart));
    this.#partFields.set(part, fields);
    return fields;
  }

  /** The values of the named fields as people read them, in the order in which they stand (RFC 5228 section 2.4.2.2). */
  async values(names: ReadonlySet<string>): Promise<string[]> {
    const found: string[] = [];
    for (const field of await this.fields()) {
      if (names.has(field.name)) found.push(decodeWords(field.raw));
    }
    this.#budget.look(found.reduce((sum, value) => sum + value.length, 0));
    return found;
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

  /** RFC 5293 section 5; `keep` says which stay. */
  async replaceFields(fields: readonly Field[]): Promise<void> {
    await this.fields();
    this.#fields = [...fields];
    this.#touch();
  }

  /** RFC 5703: a whole new message body, and the fields that describe it. */
  replaceBody(fields: readonly Field[], body: Uint8Array): void {
    this.#fields = [...fields];
    this.#body = body;
    this.#splices = [];
    this.#touch();
  }

  /** RFC 5703: other bytes, header and all, in the place of a part. Parts keep the places that they had as the message came. */
  async replacePart(part: Part, bytes: Uint8Array): Promise<void> {
    const { bodyStart } = this.message.digest.structure;
    if (this.#body !== null && this.#splices.length === 0) {
      this.#budget.fail("The body was replaced already: there are no parts of it to replace");
    }
    this.#splices = this.#splices.filter(({ start, end }) =>
      end <= part.headerStart || start >= part.bodyEnd
    );
    this.#splices.push({ start: part.headerStart, end: part.bodyEnd, bytes });
    this.#splices.sort((a, b) => a.start - b.start);
    const pieces: Uint8Array[] = [];
    let at = bodyStart;
    for (const splice of this.#splices) {
      pieces.push(await this.bytes(at, splice.start), splice.bytes);
      at = splice.end;
    }
    pieces.push(await this.bytes(at, this.message.size));
    this.#body = concatBytes(pieces);
    this.#version = null;
  }

  /** Bytes of the message as it came, as many as may be edited. */
  async bytes(start: number, end: number): Promise<Uint8Array> {
    const { editBytes } = this.#budget.limits;
    if (this.message.size > editBytes) {
      this.#budget.fail(`Messages of more than ${editBytes} bytes are not edited`);
    }
    this.#budget.look(end - start);
    return start >= end ? new Uint8Array(0) : await this.message.read(start, end);
  }

  version(): MessageVersion {
    if (this.#version !== null) return this.#version;
    const header = this.#changedHeader && this.#fields !== null
      ? concatBytes([...this.#fields.map(({ bytes }) => bytes), CRLF])
      : null;
    this.#version = { header, body: this.#body };
    return this.#version;
  }

  #touch(): void {
    this.#changedHeader = true;
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
