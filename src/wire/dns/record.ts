import ipaddr from "ipaddr.js";
import { concatBytes, decodeUtf8 } from "../../core/bytes.ts";
import { DnsError } from "../../core/errors.ts";
import type { TlsaRecord } from "../../core/ports.ts";
import { readName } from "./name.ts";

/** The record types we know (RFC 1035 section 3.2.2, RFC 3596, RFC 6698, RFC 6891). */
export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  OPT: 41,
  TLSA: 52,
} as const;

/** Response codes (RFC 1035 section 4.1.1). */
export const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

/** A resource record of class IN. Names are as `readName` gives them. */
export type DnsRecord =
  & { readonly name: string; /** Seconds. */ readonly ttl: number }
  & (
    | { readonly type: typeof TYPE.A | typeof TYPE.AAAA; readonly address: string }
    | { readonly type: typeof TYPE.NS | typeof TYPE.CNAME | typeof TYPE.PTR; readonly target: string }
    | { readonly type: typeof TYPE.MX; readonly preference: number; readonly exchange: string }
    | { readonly type: typeof TYPE.TXT; readonly text: string }
    | { readonly type: typeof TYPE.SOA; readonly minimum: number }
    | ({ readonly type: typeof TYPE.TLSA } & TlsaRecord)
  );

/** Where a record's data lies in its message; names inside may point to anywhere before them. */
export interface RecordFrame {
  readonly name: string;
  readonly type: number;
  readonly ttl: number;
  readonly start: number;
  readonly end: number;
}

/** Decodes the data of a record; null for types we have no use for (RRSIG, for one). */
export function decodeRecord(packet: Uint8Array, frame: RecordFrame): DnsRecord | null {
  const { name, ttl, type } = frame;
  const data = packet.subarray(frame.start, frame.end);
  switch (type) {
    case TYPE.A:
    case TYPE.AAAA:
      return { name, ttl, type, address: address(data, type === TYPE.A ? 4 : 16) };
    case TYPE.NS:
    case TYPE.CNAME:
    case TYPE.PTR:
      return { name, ttl, type, target: nameAt(packet, frame.start, frame.end) };
    case TYPE.MX:
      need(data, 3);
      return {
        name,
        ttl,
        type,
        preference: data[0]! << 8 | data[1]!,
        exchange: nameAt(packet, frame.start + 2, frame.end),
      };
    case TYPE.TXT:
      return { name, ttl, type, text: text(data) };
    case TYPE.TLSA:
      // RFC 6698 section 2.1: three numbers and the data they speak of.
      need(data, 4);
      return {
        name,
        ttl,
        type,
        usage: data[0]!,
        selector: data[1]!,
        matching: data[2]!,
        data: hex(data.subarray(3)),
      };
    case TYPE.SOA:
      // MNAME and RNAME (at least the root each) and five numbers, the last of them MINIMUM (RFC 1035 section 3.3.13).
      need(data, 22);
      return {
        name,
        ttl,
        type,
        minimum: new DataView(packet.buffer, packet.byteOffset).getUint32(frame.end - 4),
      };
    default:
      return null;
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function need(data: Uint8Array, length: number): void {
  if (data.length < length) throw new DnsError("A record in a DNS message is too short");
}

function nameAt(packet: Uint8Array, start: number, end: number): string {
  const decoded = readName(packet, start);
  if (decoded.end !== end) throw new DnsError("A record in a DNS message has the wrong length");
  return decoded.name;
}

function address(data: Uint8Array, length: number): string {
  if (data.length !== length) throw new DnsError("An address record in a DNS message has the wrong length");
  const parsed = ipaddr.fromByteArray([...data]);
  return parsed.kind() === "ipv6" ? (parsed as ipaddr.IPv6).toRFC5952String() : parsed.toString();
}

/** The strings of a TXT record belong together without anything between them (RFC 7208 section 3.3). */
function text(data: Uint8Array): string {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < data.length;) {
    const length = data[at]!;
    need(data, at + 1 + length);
    parts.push(data.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return decodeUtf8(concatBytes(parts));
}
