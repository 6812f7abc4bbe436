import { DnsError } from "../../core/errors.ts";

/** No honest name needs more: one pointer per label at the very most (RFC 1035 section 4.1.4). */
const MAX_POINTERS = 64;
/** RFC 1035 section 2.3.4. */
const MAX_NAME_BYTES = 255;
const MAX_LABEL_BYTES = 63;

export interface DecodedName {
  /** In lower case, without the final dot; empty for the root. */
  readonly name: string;
  /** The offset after the name, where it stands in the message. */
  readonly end: number;
}

/** Reads a name that may be compressed (RFC 1035 section 4.1.4). Pointers must lead backwards, so no loop is possible. */
export function readName(packet: Uint8Array, start: number): DecodedName {
  const labels: string[] = [];
  let at = start;
  let end = -1;
  let lowest = start;
  let pointers = 0;
  let length = 1;
  for (;;) {
    const byte = packet[at];
    if (byte === undefined) throw new DnsError("A name runs past the end of the DNS message");
    if (byte === 0) break;
    if (byte >= 0xc0) {
      const target = (byte & 0x3f) << 8 | (packet[at + 1] ?? 0xff);
      if (end < 0) end = at + 2;
      if (target >= lowest || ++pointers > MAX_POINTERS) {
        throw new DnsError("Bad compression pointer in a DNS message");
      }
      lowest = target;
      at = target;
    } else {
      if (byte > MAX_LABEL_BYTES) throw new DnsError("Unknown label type in a DNS message");
      length += byte + 1;
      if (length > MAX_NAME_BYTES) throw new DnsError("Name too long in a DNS message");
      if (at + 1 + byte > packet.length) throw new DnsError("A name runs past the end of the DNS message");
      labels.push(labelText(packet.subarray(at + 1, at + 1 + byte)));
      at += byte + 1;
    }
  }
  return { name: labels.join("."), end: end < 0 ? at + 1 : end };
}

/** ASCII letters become lower case (RFC 4343); what could be misread becomes `\DDD` (RFC 1035 section 5.1). */
function labelText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const plain = byte > 0x20 && byte < 0x7f && byte !== 0x2e && byte !== 0x5c;
    text += plain ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, "0")}`;
  }
  return text.toLowerCase();
}

/** Encodes a name of plain ASCII labels; a name that `readName` had to escape is refused. */
export function encodeName(name: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(name.length + 2);
  if (name.includes("\\")) throw new DnsError(`Strange DNS name: ${name}`);
  if (bytes.length > MAX_NAME_BYTES) throw new DnsError(`Name too long for DNS: ${name.slice(0, 80)}...`);
  let at = 0;
  for (const label of name.split(".")) {
    if (label.length === 0 || label.length > MAX_LABEL_BYTES) throw new DnsError(`No DNS name: ${name}`);
    bytes[at++] = label.length;
    for (let i = 0; i < label.length; i++) bytes[at++] = label.charCodeAt(i);
  }
  return bytes;
}
