import { concatBytes } from "../../core/bytes.ts";
import type { ByteRange } from "../../store/mod.ts";
import { encodeBinarySection, Encoder, encodeSection, type FetchItem } from "../../wire/imap/mod.ts";
import { selectHeader } from "../../wire/mime/mod.ts";
import type { ImapSession } from "./context.ts";
import { faultOf, SessionOver } from "./errors.ts";
import type { FetchAhead } from "./fetch_ahead.ts";
import {
  decoded,
  type EncodedPart,
  isPlain,
  locateBinary,
  measure,
  type Measured,
  within,
} from "./fetch_binary.ts";
import { encodeItem, isPlainItem } from "./fetch_items.ts";
import type { FetchRow } from "./fetch_rows.ts";
import { cut, locate } from "./sections.ts";
import { beginFetch } from "./updates.ts";

/** Answers of so many bytes are written without a pause. */
const AT_ONCE = 128 * 1024;

type SectionItem = Extract<FetchItem, { kind: "section" }>;
type BinaryItem = Extract<FetchItem, { kind: "binary" | "binarysize" }>;

/** Bytes of a message. */
interface Wanted {
  readonly row: FetchRow;
  readonly range: ByteRange;
}

/**
 * Writes FETCH answers. Bodies go from the store to the client piece by piece; a literal is announced only when its first piece
 * is there, so a body that cannot be read is answered NIL and the other messages still come.
 */
export class FetchWriter {
  readonly #session: ImapSession;
  readonly #bodies: FetchAhead;
  /** What answers call the sections, as it is sent. */
  readonly #labels = new Map<SectionItem, Uint8Array>();

  constructor(session: ImapSession, bodies: FetchAhead) {
    this.#session = session;
    this.#bodies = bodies;
  }

  /**
   * Writes one answer whose every part is there already. False, and nothing written, when something has to be waited for, or is
   * wrong: then `write` does it.
   */
  writeAtOnce(row: FetchRow, items: readonly FetchItem[]): boolean {
    const { out: { encoder }, out, selected } = this.#session;
    if (selected.tracker.sequenceOf(row.uid) === 0 || !this.#isReady(row, items)) return false;
    selected.learnKeywords(out, row.flags);
    const mark = encoder.length;
    try {
      beginFetch(encoder, row.uid, selected);
      for (let index = 0; index < items.length; index++) {
        const item = items[index]!;
        if (index > 0) encoder.text(" ");
        if (isPlainItem(item)) encodeItem(encoder, row, { item, selected });
        else if (item.kind === "section") this.#readSection(item, this.#bodies.take(index)!);
      }
      encoder.line(")");
      return true;
    } catch {
      encoder.rewind(mark);
      return false;
    }
  }

  #isReady(row: FetchRow, items: readonly FetchItem[]): boolean {
    let size = 0;
    for (let index = 0; index < items.length; index++) {
      const item = items[index]!;
      if (isPlainItem(item)) {
        // One answer can be long, too: the same large structure two hundred times over.
        if (item.kind === "envelope" || item.kind === "structure") size += sizeOf(row);
      } else if (item.kind === "section") {
        const bytes = this.#bodies.take(index);
        if (bytes === null) return false;
        size += bytes.length;
      } else return false;
    }
    return size <= AT_ONCE;
  }

  /** A section whose bytes, or fields, were read ahead. */
  #readSection(item: SectionItem, bytes: Uint8Array): void {
    const { encoder } = this.#session.out;
    encoder.bytes(this.#label(item));
    encoder.literal(isFields(item) ? cutBytes(bytes, item.section.partial) : bytes);
  }

  /** What the answer calls the section; its value follows. */
  #label(item: SectionItem): Uint8Array {
    let label = this.#labels.get(item);
    if (label === undefined) {
      label = labelOf(item, this.#session.out.encoder);
      this.#labels.set(item, label);
    }
    return label;
  }

  /** Writes one answer, or as much of it as can be had; returns what went wrong. Throws when the session cannot go on. */
  async write(row: FetchRow, items: readonly FetchItem[]): Promise<unknown[]> {
    const { out, pace, selected } = this.#session;
    if (selected.tracker.sequenceOf(row.uid) === 0) return [];
    const failures: unknown[] = [];
    selected.learnKeywords(out, row.flags);
    const takeBack = out.mark();
    try {
      beginFetch(out.encoder, row.uid, selected);
      for (const [index, item] of items.entries()) {
        if (index > 0) out.encoder.text(" ");
        if (isPlainItem(item)) encodeItem(out.encoder, row, { item, selected });
        else if (item.kind === "section") await this.#section(row, { item, index }, failures);
        else await this.#binary(row, item, failures);
        // One answer can be long, too: the same large structure two hundred times over. Where nothing has to wait, nothing is
        // awaited: a FETCH of ten thousand small answers would spend half its time on that.
        if (out.isFull) await out.room();
        if (pace.isDue) await pace.rest();
      }
      out.encoder.line(")");
    } catch (error) {
      if (faultOf(error).kind === "over") throw error;
      // Half an answer must not stand in the stream.
      if (!takeBack()) throw new SessionOver(null, { cause: error });
      failures.push(error);
    }
    if (out.isFull) await out.room();
    return failures;
  }

  async #section(
    row: FetchRow,
    { item, index }: { readonly item: SectionItem; readonly index: number },
    failures: unknown[],
  ): Promise<void> {
    const ready = this.#bodies.take(index);
    if (ready !== null) return this.#readSection(item, ready);
    const { encoder } = this.#session.out;
    encoder.bytes(this.#label(item));
    const located = locate(item.section, row);
    if (located === null) encoder.text("NIL");
    else if (located.pick === null) await this.#bytes({ row, range: located.range }, failures);
    else {
      const header = await this.#header({ row, range: located.range }, failures);
      if (header === null) return;
      const { fields, mode } = located.pick;
      encoder.literal(cutBytes(selectHeader(header, fields, mode), item.section.partial));
    }
  }

  /** A header in memory, or null after it has been answered with NIL. */
  async #header({ row, range }: Wanted, failures: unknown[]): Promise<Uint8Array | null> {
    const parts: Uint8Array[] = [];
    if (range.start === range.end) return new Uint8Array(0);
    try {
      for await (const chunk of this.#bodies.read(row, range)) parts.push(chunk);
    } catch (error) {
      failures.push(error);
      this.#session.out.encoder.text("NIL");
      return null;
    }
    return parts.length === 1 ? parts[0]! : concatBytes(parts);
  }

  async #bytes({ row, range }: Wanted, failures: unknown[]): Promise<void> {
    const size = range.end - range.start;
    if (size === 0) return void this.#session.out.encoder.literalHeader(0);
    const chunks = this.#bodies.read(row, range);
    await this.#literal(chunks, { row, size, isBinary: false }, failures);
  }

  /** RFC 3516 section 4.2. */
  async #binary(
    row: FetchRow,
    item: BinaryItem,
    failures: unknown[],
  ): Promise<void> {
    const { encoder } = this.#session.out;
    const isSize = item.kind === "binarysize";
    encoder.text(isSize ? "BINARY.SIZE" : "BINARY");
    encodeBinarySection(encoder, item.path, isSize ? null : item.partial);
    encoder.text(" ");
    const nothing = isSize ? "0" : "NIL";
    let found: { readonly part: EncodedPart; readonly measured: Measured } | null;
    try {
      const part = locateBinary(item.path, row);
      if (part !== null && isSize && isPlain(part)) {
        return void encoder.number(part.range.end - part.range.start);
      }
      const measured = part && await measure(this.#decoded(row, part), isSize ? null : item.partial);
      found = part && measured && { part, measured };
    } catch (error) {
      if (faultOf(error).kind === "over") throw error;
      failures.push(error);
      found = null;
    }
    if (found === null) return void encoder.text(nothing);
    const { part, measured: { size, wanted, hasNul, bytes } } = found;
    if (isSize) return void encoder.number(size);
    const chunks = bytes === null ? within(this.#decoded(row, part), wanted) : each(bytes);
    await this.#literal(chunks, { row, size: wanted.end - wanted.start, isBinary: hasNul }, failures);
  }

  #decoded(row: FetchRow, { range, encoding }: EncodedPart): AsyncGenerator<Uint8Array, void> {
    return decoded(range.start === range.end ? each([]) : this.#bodies.read(row, range), encoding);
  }

  /** Announces a literal when its first piece is there, and sends it. */
  async #literal(
    chunks: AsyncGenerator<Uint8Array, void>,
    { row, size, isBinary }: Announced,
    failures: unknown[],
  ): Promise<void> {
    const { out, pace } = this.#session;
    if (size === 0) return void out.encoder.literalHeader(0);
    let next: IteratorResult<Uint8Array, void>;
    try {
      next = await chunks.next();
      if (next.done) throw new Error(`Body ${row.bodyId} is shorter than it says`);
    } catch (error) {
      failures.push(error);
      out.encoder.text("NIL");
      return;
    }
    // RFC 3516 section 4.4: NUL stands in a literal8 only.
    if (isBinary) out.encoder.text("~");
    out.encoder.literalHeader(size);
    let left = size;
    try {
      for (; !next.done; next = await chunks.next()) {
        left -= next.value.length;
        if (left < 0) break;
        await out.pass(next.value);
        if (pace.isDue) await pace.rest();
      }
    } catch (error) {
      await chunks.return();
      // That the client went away is no fault of ours.
      if (faultOf(error).kind === "over") throw error;
      // So many bytes were announced, and they cannot be had: the stream has no meaning any more.
      throw new SessionOver(null, { cause: error });
    }
    if (left === 0) return;
    await chunks.return();
    throw new SessionOver(null, { cause: new Error(`Body ${row.bodyId} is not ${size} bytes long`) });
  }
}

/** A literal that is about to be sent. */
interface Announced {
  readonly row: FetchRow;
  readonly size: number;
  readonly isBinary: boolean;
}

function labelOf({ label, section }: SectionItem, { utf8 }: Pick<Encoder, "utf8">): Uint8Array {
  const encoder = new Encoder();
  encoder.utf8 = utf8;
  if (label !== null) encoder.text(label);
  else {
    encoder.text("BODY");
    encodeSection(encoder, section);
  }
  return encoder.text(" ").take();
}

function isFields({ section: { text } }: SectionItem): boolean {
  return text === "HEADER.FIELDS" || text === "HEADER.FIELDS.NOT";
}

function cutBytes(bytes: Uint8Array, partial: SectionItem["section"]["partial"]): Uint8Array {
  if (partial === null) return bytes;
  const { start, end } = cut({ start: 0, end: bytes.length }, partial);
  return bytes.subarray(start, end);
}

/** The bytes of the texts that are there; of a digest nobody knows, so it counts as much. */
function sizeOf(row: FetchRow): number {
  return "envelope" in row ? row.envelope.length + row.structure.length : AT_ONCE;
}

async function* each(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void> {
  yield* pieces;
}
