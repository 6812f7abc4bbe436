import { concatBytes } from "../../core/bytes.ts";
import type { ByteRange, MessageRow, MessageRowWithDigest } from "../../store/mod.ts";
import {
  encodeEnvelope,
  encodeSection,
  encodeStructure,
  type FetchItem,
  formatDateTime,
} from "../../wire/imap/mod.ts";
import type { MessageDigest } from "../../wire/mime/digest.ts";
import { selectHeader } from "../../wire/mime/mod.ts";
import type { ImapSession } from "./context.ts";
import { faultOf, SessionOver } from "./errors.ts";
import type { FetchAhead } from "./fetch_ahead.ts";
import { cut, locate } from "./sections.ts";

type SectionItem = Extract<FetchItem, { kind: "section" }>;

/** The bytes of one item of the FETCH, for one message. */
interface Wanted {
  readonly row: MessageRow | MessageRowWithDigest;
  readonly index: number;
  readonly range: ByteRange;
}

/**
 * Writes FETCH answers. Bodies go from the store to the client piece by piece; a literal is announced only when its first piece
 * is there, so a body that cannot be read is answered NIL and the other messages still come.
 */
export class FetchWriter {
  readonly #session: ImapSession;
  readonly #bodies: FetchAhead;

  constructor(session: ImapSession, bodies: FetchAhead) {
    this.#session = session;
    this.#bodies = bodies;
  }

  /** Writes one answer, or as much of it as can be had; returns what went wrong. Throws when the session cannot go on. */
  async write(row: MessageRow | MessageRowWithDigest, items: readonly FetchItem[]): Promise<unknown[]> {
    const { out, pace, selected } = this.#session;
    const sequence = selected.tracker.sequenceOf(row.uid);
    if (sequence === 0) return [];
    const failures: unknown[] = [];
    selected.learnKeywords(out, row.flags);
    const takeBack = out.mark();
    try {
      out.encoder.text(`* ${sequence} FETCH (`);
      for (const [index, item] of items.entries()) {
        if (index > 0) out.encoder.text(" ");
        if (item.kind !== "section") this.#simple(row, item);
        else await this.#section(row, { item, index }, failures);
        // One answer can be long, too: the same large structure two hundred times over.
        await out.room();
        await pace.rest();
      }
      out.encoder.line(")");
    } catch (error) {
      if (faultOf(error).kind === "over") throw error;
      // Half an answer must not stand in the stream.
      if (!takeBack()) throw new SessionOver(null, { cause: error });
      failures.push(error);
    }
    await out.room();
    return failures;
  }

  #simple(row: MessageRow | MessageRowWithDigest, item: Exclude<FetchItem, SectionItem>): void {
    const { encoder } = this.#session.out;
    switch (item.kind) {
      case "flags":
        return this.#session.selected.encodeFlags(encoder, row);
      case "uid":
        return void encoder.text("UID ").number(row.uid);
      case "internaldate":
        return void encoder.text(`INTERNALDATE "${formatDateTime(row.internalDate)}"`);
      case "size":
        return void encoder.text("RFC822.SIZE ").number(row.size);
      case "envelope":
        encoder.text("ENVELOPE ");
        return encodeEnvelope(encoder, digestOf(row).envelope);
      case "structure":
        encoder.text(item.extended ? "BODYSTRUCTURE " : "BODY ");
        return encodeStructure(encoder, digestOf(row).structure, item.extended);
    }
  }

  async #section(
    row: MessageRow | MessageRowWithDigest,
    { item, index }: { readonly item: SectionItem; readonly index: number },
    failures: unknown[],
  ): Promise<void> {
    const { encoder } = this.#session.out;
    if (item.label !== null) encoder.text(item.label);
    else {
      encoder.text("BODY");
      encodeSection(encoder, item.section);
    }
    encoder.text(" ");
    const located = locate(item.section, row);
    if (located === null) encoder.text("NIL");
    else if (located.kind === "bytes") await this.#bytes({ row, index, range: located.range }, failures);
    else {
      const header = await this.#header({ row, index, range: located.header }, failures);
      if (header === null) return;
      const fields = selectHeader(header, item.section.fields, located.mode);
      const { partial } = item.section;
      const range = partial === null ? null : cut({ start: 0, end: fields.length }, partial);
      encoder.literal(range === null ? fields : fields.subarray(range.start, range.end));
    }
  }

  /** A header in memory, or null after it has been answered with NIL. */
  async #header({ row, index, range }: Wanted, failures: unknown[]): Promise<Uint8Array | null> {
    const parts: Uint8Array[] = [];
    if (range.start === range.end) return new Uint8Array(0);
    try {
      for await (const chunk of this.#bodies.read(row, index, range)) parts.push(chunk);
    } catch (error) {
      failures.push(error);
      this.#session.out.encoder.text("NIL");
      return null;
    }
    return parts.length === 1 ? parts[0]! : concatBytes(parts);
  }

  async #bytes({ row, index, range }: Wanted, failures: unknown[]): Promise<void> {
    const { out, pace } = this.#session;
    const size = range.end - range.start;
    if (size === 0) return void out.encoder.literalHeader(0);
    const chunks = this.#bodies.read(row, index, range);
    let next: IteratorResult<Uint8Array, void>;
    try {
      next = await chunks.next();
      if (next.done) throw new Error(`Body ${row.bodyId} has no bytes from ${range.start} on`);
    } catch (error) {
      failures.push(error);
      out.encoder.text("NIL");
      return;
    }
    out.encoder.literalHeader(size);
    let left = size;
    try {
      for (; !next.done; next = await chunks.next()) {
        left -= next.value.length;
        if (left < 0) break;
        await out.pass(next.value);
        await pace.rest();
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

function digestOf(row: MessageRow | MessageRowWithDigest): MessageDigest {
  if (!("digest" in row)) throw new Error("The rows of this FETCH were read without their structure");
  return row.digest;
}
