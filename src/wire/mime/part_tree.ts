/**
 * The parts of a message while it passes: a stack of those that are open, from the message itself inwards. The
 * builder tells where headers end and delimiters stand; the tree keeps the budgets and the promises of a structure:
 * a multipart has at least one child, a message/rfc822 always its message, and every body lies within its parent's.
 */
import { boundaryOf, matchDelimiter } from "./delimiters.ts";
import type { MessageDigest, MessageEnvelope, Part } from "./digest.ts";
import { type AddressBudget, readEnvelope, readThreadFacts, type ThreadFacts } from "./envelope.ts";
import { Gather } from "./gather.ts";
import { HeaderReader } from "./header.ts";
import type { MimeLimits } from "./limits.ts";
import { emptyPartHeader, parameter, type PartHeader, readPartHeader } from "./part_header.ts";
import { previewBytes, type PreviewSource, previewText } from "./preview.ts";

type Building = { -readonly [Key in keyof Part]: Part[Key] } & { children: Part[] };

interface OpenPart {
  readonly headerStart: number;
  /** It is a message, the top one or one within message/rfc822, not a part of a multipart. */
  readonly isMessage: boolean;
  /** Null while its header is being read. */
  part: Building | null;
  /** Of a multipart whose closing delimiter has not come yet. */
  boundary: Uint8Array | null;
  /** LFs in the message before its body. */
  linesBefore: number;
}

/** A place in the message where bodies end. */
export interface End {
  readonly offset: number;
  /** LFs before it. */
  readonly lines: number;
  readonly afterLf: boolean;
}

export interface Crossing {
  /** Index into the stack of the multipart whose delimiter it is. */
  readonly level: number;
  readonly kind: "open" | "close";
}

export class PartTree {
  readonly #limits: MimeLimits;
  readonly #budget: AddressBudget;
  readonly #open: OpenPart[] = [];
  #parts = 0;
  #headerBytesLeft: number;
  #boundaries = 0;
  #top: { readonly envelope: MessageEnvelope; readonly facts: ThreadFacts; readonly part: Part } | null =
    null;
  #preview = "";
  #previewed: { readonly source: PreviewSource; readonly bytes: Gather } | null = null;

  constructor(limits: MimeLimits) {
    this.#limits = limits;
    this.#budget = { addresses: limits.addresses };
    this.#headerBytesLeft = limits.allHeaderBytes;
    this.#push(0, true);
  }

  /** Whether the innermost open part is still in its header. */
  get inHeader(): boolean {
    return this.#open.at(-1)!.part === null;
  }

  get headerStart(): number {
    return this.#open.at(-1)!.headerStart;
  }

  /** How many bytes of the current header are worth keeping. */
  get headerBudget(): number {
    return Math.min(this.#limits.headerBytes, this.#headerBytesLeft);
  }

  /** Whether there is a delimiter to look out for. */
  get hasBoundary(): boolean {
    return this.#boundaries > 0;
  }

  /** Where the body's bytes are to go; null when nobody wants them. */
  get wanted(): Gather | null {
    return this.#previewed?.bytes ?? null;
  }

  #push(headerStart: number, isMessage: boolean): void {
    this.#parts++;
    this.#open.push({ headerStart, isMessage, part: null, boundary: null, linesBefore: 0 });
  }

  /** The current header is over; the body begins at `bodyStart`, before which `linesBefore` LFs stand. */
  endHeader(header: Uint8Array, bodyStart: number, linesBefore: number): void {
    this.#headerBytesLeft -= header.length;
    const frame = this.#open.at(-1)!;
    const parent = this.#open.at(-2)?.part ?? null;
    const reader = new HeaderReader(header);
    const inDigest = !frame.isMessage && parent?.subtype === "digest";
    const fields = readPartHeader(reader, { inDigest, parameters: this.#limits.parameters });
    const { headerStart } = frame;
    const part: Building = {
      ...fields,
      headerStart,
      bodyStart,
      bodyEnd: bodyStart,
      lines: 0,
      children: [],
      message: null,
    };
    frame.part = part;
    frame.linesBefore = linesBefore;
    this.#attach(part, parent, frame.isMessage ? reader : null);
    this.#enter(frame, part);
  }

  #attach(part: Part, parent: Building | null, messageHeader: HeaderReader | null): void {
    if (messageHeader === null) {
      parent!.children.push(part);
      return;
    }
    const envelope = readEnvelope(messageHeader, this.#budget);
    if (parent !== null) parent.message = { envelope, part };
    else this.#top = { envelope, facts: readThreadFacts(messageHeader, envelope), part };
  }

  /** Makes ready for what the body holds: delimiters, a message, or perhaps the text for the preview. */
  #enter(frame: OpenPart, part: Building): void {
    const enclosed = part.type === "message" && (part.subtype === "rfc822" || part.subtype === "global");
    if (enclosed || part.type === "multipart") {
      if (this.#open.length >= this.#limits.depth || this.#parts >= this.#limits.parts) {
        part.type = "application";
        part.subtype = "octet-stream";
      } else if (enclosed) {
        this.#push(part.bodyStart, true);
      } else {
        frame.boundary = boundaryOf(part.params);
        if (frame.boundary !== null) this.#boundaries++;
        else this.#beginPreview(emptyPartHeader());
      }
    } else if (isReadable(part)) {
      this.#beginPreview(part);
    }
  }

  /** The first text that says anything becomes the preview. */
  #beginPreview(part: PartHeader): void {
    if (this.#preview !== "") return;
    const html = part.subtype === "html";
    this.#previewed = {
      source: { encoding: part.encoding, charset: parameter(part.params, "charset"), html },
      bytes: new Gather(previewBytes(html)),
    };
  }

  /**
   * Whose delimiter the line is, if any. Inner multiparts come first, should two have the same boundary. When no
   * more parts may be opened, a delimiter that would open one is an ordinary line of the part that is open.
   */
  delimiter(bytes: Uint8Array, start: number, end: number): Crossing | null {
    for (let level = this.#open.length - 1; level >= 0; level--) {
      const boundary = this.#open[level]!.boundary;
      const kind = boundary === null ? null : matchDelimiter(bytes, { start, end }, boundary);
      if (kind !== null) return kind === "open" && this.#parts >= this.#limits.parts ? null : { level, kind };
    }
    return null;
  }

  /**
   * Passes a delimiter. What is inside the multipart ends at `ends.cut`, before the line's end that belongs to the
   * delimiter; where a body begins only after that, since its header ran into the delimiter, it ends at `ends.full`.
   */
  cross(crossing: Crossing, ends: { readonly cut: End; readonly full: End }, nextHeader: number): void {
    let end = ends.cut;
    while (this.#open.length > crossing.level + 1) {
      if (this.#open.at(-1)!.part!.bodyStart > end.offset) end = ends.full;
      this.#close(end);
    }
    if (crossing.kind === "open") {
      this.#push(nextHeader, false);
    } else {
      this.#open[crossing.level]!.boundary = null;
      this.#boundaries--;
    }
  }

  #close(end: End): void {
    const { part, boundary, linesBefore } = this.#open.pop()!;
    if (boundary !== null) this.#boundaries--;
    if (this.#previewed !== null) {
      this.#preview = previewText(this.#previewed.bytes.bytes, this.#previewed.source);
      this.#previewed = null;
    }
    const { bodyStart } = part!;
    part!.bodyEnd = end.offset;
    part!.lines = end.offset === bodyStart ? 0 : end.lines - linesBefore + (end.afterLf ? 0 : 1);
    if (part!.type === "multipart" && part!.children.length === 0) {
      // No delimiter was found: all of the body is shown as text, because IMAP knows no empty multipart.
      const { bodyEnd, lines } = part!;
      const place = { headerStart: bodyStart, bodyStart, bodyEnd, lines };
      part!.children.push({ ...emptyPartHeader(), ...place, children: [], message: null });
    }
  }

  /** Closes all that is open. No part may be in its header any more. */
  finish(end: End): MessageDigest {
    while (this.#open.length > 0) this.#close(end);
    const { envelope, facts, part } = this.#top!;
    return { envelope, structure: part, ...facts, preview: this.#preview };
  }
}

function isReadable(part: Part): boolean {
  return part.type === "text" && (part.subtype === "plain" || part.subtype === "html") &&
    part.disposition?.type !== "attachment";
}
