import { encodeLatin1 } from "../../core/bytes.ts";
import type { Reply } from "../../core/reply.ts";

/** RFC 5321 section 4.5.3.1.5: 512 octets with code and CR LF; the rest of a longer text is not shown. */
const MAX_TEXT = 480;

/**
 * Writes a reply (RFC 5321 section 4.2), with the enhanced code on every line (RFC 2034 section 4). Its text may come from
 * anywhere, such as another host: what is not printable ASCII becomes a question mark, so that it stays one reply.
 */
export function encodeReply(reply: Reply): Uint8Array<ArrayBuffer> {
  const lines = reply.lines.length === 0 ? [""] : reply.lines;
  const enhanced = reply.enhanced === null ? "" : `${reply.enhanced} `;
  let text = "";
  lines.forEach((line, index) => {
    const separator = index === lines.length - 1 ? " " : "-";
    const shown = line.slice(0, MAX_TEXT).replace(/[^\x20-\x7e]/g, "?");
    text += `${reply.code}${separator}${enhanced}${shown}\r\n`;
  });
  return encodeLatin1(text);
}
