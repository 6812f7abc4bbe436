/**
 * What of a message goes into the index: the same texts, decoded and folded in the same pieces, that `search_text.ts` compares
 * a search with.
 */
import type { Part } from "../../../wire/mime/digest.ts";
import { decodeWords, headerFields, textParts } from "../../../wire/mime/mod.ts";
import { allParts, decodedPieces, foldText, type HeaderSource, readHeader } from "../../search_text.ts";

/** The header fields with a column of their own. */
export const FIELDS = ["from", "to", "cc", "bcc", "subject"] as const;
export type FieldName = typeof FIELDS[number];

/** What no searched text can hold; it keeps apart what must not be read as one. */
export const SEPARATOR = "\n";
/** Of all the fields of one message together; no list of recipients is longer unless it is meant to be. */
const MAX_FIELDS = 64 * 1024;

export interface MessageTexts {
  /** Every field of every header. */
  readonly head: string;
  /** The text parts. */
  readonly body: string;
  /** The top header's fields of each name; null when there is none. */
  readonly fields: Readonly<Record<FieldName, string | null>>;
  /** False when there is more than the index takes: then what is missing means nothing. */
  readonly complete: boolean;
}

/** At most `limit` characters, and a window's worth more, of the message's texts. */
export function readTexts(source: HeaderSource, structure: Part, limit: number): MessageTexts {
  const head = new Gathering(limit);
  const fields = new FieldTexts();
  for (const part of allParts(structure)) {
    if (head.isFull) break;
    for (const { name, value } of headerFields(readHeader(source, part))) {
      const decoded = decodeWords(value);
      head.add(foldText(`${name}: ${decoded}`));
      head.add(SEPARATOR);
      if (part === structure) fields.add(name, decoded);
    }
  }
  const body = new Gathering(limit - head.length);
  for (const part of textParts(structure)) {
    for (const piece of decodedPieces(source, part)) {
      body.add(foldText(piece));
      if (body.isFull) break;
    }
    if (body.isFull) break;
    body.add(SEPARATOR);
  }
  return {
    head: storable(head.text),
    body: storable(body.text),
    fields: fields.all,
    complete: !head.isFull && !body.isFull && fields.complete,
  };
}

/** Text up to a limit. */
class Gathering {
  readonly #limit: number;
  #parts: string[] = [];
  length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isFull(): boolean {
    return this.length > this.#limit;
  }

  get text(): string {
    return this.#parts.join("");
  }

  add(text: string): void {
    this.#parts.push(text);
    this.length += text.length;
  }
}

class FieldTexts {
  readonly #found = new Map<string, string>();
  #length = 0;
  complete = true;

  get all(): Record<FieldName, string | null> {
    const [from, to, cc, bcc, subject] = FIELDS.map((name) => this.#found.get(name) ?? null);
    return { from: from!, to: to!, cc: cc!, bcc: bcc!, subject: subject! };
  }

  add(name: string, value: string): void {
    if (!isField(name)) return;
    const text = storable(foldText(value));
    this.#length += text.length;
    if (this.#length > MAX_FIELDS) {
      this.complete = false;
      return;
    }
    const before = this.#found.get(name);
    this.#found.set(name, before === undefined ? text : before + SEPARATOR + text);
  }
}

export function isField(name: string): name is FieldName {
  return (FIELDS as readonly string[]).includes(name);
}

/** SQLite ends a text at NUL, and stores no half of a pair: neither can be searched for through the index. */
function storable(text: string): string {
  return (text.includes("\0") ? text.replaceAll("\0", "\ufffd") : text).toWellFormed();
}
