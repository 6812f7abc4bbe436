/** The message's body as text, within the budget. */
import { decodeLatin1, decodeUtf8 } from "../../core/bytes.ts";
import { decodeText, parameter, type Part, textParts } from "../../wire/mime/mod.ts";
import type { Machine } from "./machine.ts";

/** The parts below one, and itself if asked for, in the order in which they stand. A stack, since messages nest as they like. */
export function partsWithin(top: Part, withItself: boolean): Part[] {
  const found: Part[] = [];
  const stack: Part[] = [top];
  for (let part = stack.pop(); part !== undefined; part = stack.pop()) {
    if (part !== top || withItself) found.push(part);
    stack.push(...part.children.toReversed());
    if (part.message !== null) stack.push(part.message.part);
  }
  return found;
}

/** Whether there is a body at all, be it empty: a blank line behind the header (RFC 5173 section 4). */
export async function hasBody(machine: Machine): Promise<boolean> {
  const { bodyStart } = await machine.structure();
  const { message } = machine.message;
  if (bodyStart < message.size) return true;
  const end = decodeLatin1(await message.read(Math.max(0, bodyStart - 4), bodyStart));
  return /(?:^|\n)\r?\n$/.test(end);
}

/** The bytes behind the header, as text but not decoded otherwise (RFC 5173 section 5.1). */
export async function rawBody(machine: Machine): Promise<string> {
  const { bodyStart } = await machine.structure();
  return await readText(machine, bodyStart, machine.message.message.size);
}

/** A part's own text, transfer encoding and charset taken off: of a multipart what is around its parts (RFC 5173 section 5.2). */
export async function ownTexts(machine: Machine, part: Part): Promise<string[]> {
  const first = part.children[0];
  const last = part.children.at(-1);
  if (first === undefined || last === undefined) {
    // Of a message inside, only its header.
    return [await decodedPart(machine, part, part.message?.part.bodyStart ?? part.bodyEnd)];
  }
  const before = await readText(machine, part.bodyStart, first.headerStart);
  const behind = await readText(machine, last.bodyEnd, part.bodyEnd);
  // The delimiters belong to neither (RFC 2046 section 5.1.1).
  return [withoutLastLine(before), withoutFirstLine(behind.replace(/^\r?\n/, ""))];
}

function withoutLastLine(text: string): string {
  return text.slice(0, Math.max(0, text.lastIndexOf("\n", text.length - 2) + 1));
}

function withoutFirstLine(text: string): string {
  const end = text.indexOf("\n");
  return end < 0 ? "" : text.slice(end + 1);
}

/** A part, or its text up to `end`. */
export async function decodedPart(machine: Machine, part: Part, end = part.bodyEnd): Promise<string> {
  const bytes = await readBytes(machine, part.bodyStart, end);
  return decodeText(bytes, part.encoding, parameter(part.params, "charset"));
}

async function readText(machine: Machine, start: number, end: number): Promise<string> {
  return decodeUtf8(await readBytes(machine, start, end));
}

async function readBytes({ message, budget }: Machine, start: number, end: number): Promise<Uint8Array> {
  const stop = Math.min(end, start + budget.limits.bodyBytes);
  if (stop <= start) return new Uint8Array(0);
  const bytes = await message.message.read(start, stop);
  budget.look(bytes.length);
  return bytes;
}

/** What people read of a message: its text parts, HTML without its tags (RFC 5173 section 5.3). */
export async function textOfMessage(machine: Machine): Promise<string> {
  const texts: string[] = [];
  let length = 0;
  for (const part of textParts(await machine.structure())) {
    if (length >= machine.budget.limits.bodyBytes) break;
    const text = await decodedPart(machine, part);
    texts.push(part.subtype === "html" ? withoutTags(text) : text);
    length += text.length;
  }
  return texts.join("\r\n");
}

/** Once over the text: what stands between `<` and `>` is left out. */
export function withoutTags(html: string): string {
  const kept: string[] = [];
  let from = 0;
  for (let open = html.indexOf("<"); open >= 0; open = html.indexOf("<", from)) {
    kept.push(html.slice(from, open));
    const close = html.indexOf(">", open);
    if (close < 0) return kept.join("");
    from = close + 1;
  }
  kept.push(html.slice(from));
  return kept.join("").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&nbsp;", " ").replaceAll("&amp;", "&");
}
