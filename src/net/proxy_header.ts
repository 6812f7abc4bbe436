import ipaddr from "ipaddr.js";
import { CR, decodeLatin1, LF } from "../core/bytes.ts";
import { ProtocolError } from "../core/errors.ts";
import type { Endpoint } from "../core/ports.ts";
import { plainAddress } from "./address.ts";

/** What a proxy says about the connection that it passes on; null for one of its own (a health check), or of an unknown kind. */
export interface ProxyHeader {
  readonly ends: { readonly source: Endpoint; readonly destination: Endpoint } | null;
  /** How many bytes the header takes up; what follows is the client's. */
  readonly length: number;
}

/** Version 1: `PROXY TCP6 ...` with CR LF is never longer (section 2.1 of the specification). */
const MAX_V1 = 107;
/** Version 2 allows 64 KiB of extensions after the addresses; nobody sends more than some hundred bytes. */
const MAX_V2 = 4096;

const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const V1_PREFIX = Uint8Array.of(0x50, 0x52, 0x4f, 0x58, 0x59, 0x20);

/**
 * Reads the header of the PROXY protocol, version 1 or 2, at the start of `bytes`; null when more bytes are needed. Throws
 * `ProtocolError` as soon as it can be none, so that a peer that sends something else is not waited for.
 */
export function parseProxyHeader(bytes: Uint8Array): ProxyHeader | null {
  if (startsLike(bytes, SIGNATURE)) return parseV2(bytes);
  if (startsLike(bytes, V1_PREFIX)) return parseV1(bytes);
  throw new ProtocolError("The connection does not begin with a PROXY header");
}

function startsLike(bytes: Uint8Array, start: Uint8Array): boolean {
  const length = Math.min(bytes.length, start.length);
  for (let at = 0; at < length; at++) if (bytes[at] !== start[at]) return false;
  return true;
}

function parseV1(bytes: Uint8Array): ProxyHeader | null {
  const end = bytes.subarray(0, MAX_V1).indexOf(LF);
  if (end < 0) {
    if (bytes.length >= MAX_V1) throw new ProtocolError("The PROXY header is too long");
    return null;
  }
  if (bytes[end - 1] !== CR) throw new ProtocolError("The PROXY header must end in CR LF");
  const length = end + 1;
  const [, family, source, destination, sourcePort, destinationPort, ...more] = decodeLatin1(
    bytes.subarray(0, end - 1),
  ).split(" ");
  // Whatever stands behind UNKNOWN is to be ignored.
  if (family === "UNKNOWN") return { ends: null, length };
  if ((family !== "TCP4" && family !== "TCP6") || more.length > 0) {
    throw new ProtocolError("The PROXY header names no protocol that is known");
  }
  return {
    ends: {
      source: endpointV1(family, source, sourcePort),
      destination: endpointV1(family, destination, destinationPort),
    },
    length,
  };
}

function endpointV1(family: "TCP4" | "TCP6", host = "", port = ""): Endpoint {
  const isHost = family === "TCP4"
    ? ipaddr.IPv4.isValidFourPartDecimal(host)
    : /^[0-9A-Fa-f:.]{2,45}$/.test(host) && ipaddr.IPv6.isValid(host);
  if (!isHost || !/^(?:0|[1-9][0-9]{0,4})$/.test(port) || Number(port) > 65535) {
    throw new ProtocolError("The PROXY header holds an address or a port that is not valid");
  }
  return { host: plainAddress(host), port: Number(port) };
}

/** What stands before the addresses of version 2. */
const FIXED = 16;

function parseV2(bytes: Uint8Array): ProxyHeader | null {
  if (bytes.length < FIXED) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [versionAndCommand, family, size] = [bytes[12]!, bytes[13]!, view.getUint16(14)];
  if (versionAndCommand >> 4 !== 2) throw new ProtocolError("The PROXY header has an unknown version");
  const command = versionAndCommand & 15;
  if (command > 1) throw new ProtocolError("The PROXY header has an unknown command");
  if (size > MAX_V2) throw new ProtocolError("The PROXY header is too long");
  const length = FIXED + size;
  if (bytes.length < length) return null;
  // LOCAL: the proxy speaks for itself. Other families (UNIX, UNSPEC) and datagrams say nothing of use.
  const octets = family === 0x11 ? 4 : family === 0x21 ? 16 : null;
  if (command === 0 || octets === null) return { ends: null, length };
  if (size < 2 * octets + 4) throw new ProtocolError("The PROXY header is too short for its addresses");
  const host = (at: number) => {
    const address = ipaddr.fromByteArray([...bytes.subarray(at, at + octets)]);
    return plainAddress(address.toString());
  };
  const [from, to, ports] = [FIXED, FIXED + octets, FIXED + 2 * octets];
  return {
    ends: {
      source: { host: host(from), port: view.getUint16(ports) },
      destination: { host: host(to), port: view.getUint16(ports + 2) },
    },
    length,
  };
}
