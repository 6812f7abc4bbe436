/** The message's body as text, within the budget. */
import { decodeLatin1 } from "../../core/bytes.ts";
import { decodeText, parameter, type Part, textParts } from "../../wire/mime/mod.ts";
import type { Machine } from "./machine.ts";

/** Every part of a message, containers before what is in them. */
export function leafParts(top: Part): Part[] {
  return partsWithin(top, true);
}

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

/** The bytes behind the header as they are, one character each (RFC 5173 section 5.1). */
export async function rawBody(machine: Machine): Promise<string> {
  const { bodyStart } = machine.message.message.digest.structure;
  const end = Math.min(machine.message.message.size, bodyStart + machine.budget.limits.bodyBytes);
  const bytes = await machine.message.message.read(bodyStart, end);
  machine.budget.look(bytes.length);
  return decodeLatin1(bytes);
}

/** One part, transfer encoding and charset taken off. */
export async function decodedPart(machine: Machine, part: Part): Promise<string> {
  // RFC 5173 section 5.2: what is between the parts of a multipart, and the header of a message inside.
  const end = part.children[0]?.headerStart ?? part.message?.part.bodyStart ?? part.bodyEnd;
  const stop = Math.min(end, part.bodyStart + machine.budget.limits.bodyBytes);
  if (stop <= part.bodyStart) return "";
  const bytes = await machine.message.message.read(part.bodyStart, stop);
  machine.budget.look(bytes.length);
  return decodeText(bytes, part.encoding, parameter(part.params, "charset"));
}

/** What people read of a message: its text parts, HTML without its tags (RFC 5173 section 5.3). */
export async function textOfMessage(machine: Machine): Promise<string> {
  const texts: string[] = [];
  let length = 0;
  for (const part of textParts(machine.message.message.digest.structure)) {
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
