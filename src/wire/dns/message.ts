import { concatBytes } from "../../core/bytes.ts";
import { DnsError } from "../../core/errors.ts";
import { encodeName, readName } from "./name.ts";
import { decodeRecord, type DnsRecord, type RecordFrame, TYPE } from "./record.ts";

const CLASS_IN = 1;
/** The UDP size that needs no fragments anywhere (DNS flag day 2020). */
const EDNS_UDP_BYTES = 1232;
/** More records than this have no meaning for mail; it bounds the work on a hostile message. */
const MAX_RECORDS = 1000;

const FLAG_RESPONSE = 0x8000;
const FLAG_TRUNCATED = 0x0200;
const FLAG_RECURSION_DESIRED = 0x0100;
const FLAG_AUTHENTIC = 0x0020;

export interface Question {
  /** In lower case without the final dot. */
  readonly name: string;
  readonly type: number;
}

export interface DnsMessage {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  readonly truncated: boolean;
  /** The AD bit (RFC 4035 section 3.2.3). */
  readonly authentic: boolean;
  /** With the upper bits from EDNS (RFC 6891 section 6.1.3). */
  readonly rcode: number;
  readonly hasEdns: boolean;
  /** Null when the message repeats no question, or one that is not of class IN. */
  readonly question: Question | null;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
}

/**
 * Encodes a recursive query. The AD bit asks for the AD bit (RFC 6840 section 5.7), which unlike DO does not make
 * the answer grow by its signatures.
 */
export function encodeQuery(
  id: number,
  question: Question,
  options: { edns: boolean },
): Uint8Array<ArrayBuffer> {
  const header = new DataView(new ArrayBuffer(12));
  header.setUint16(0, id);
  header.setUint16(2, FLAG_RECURSION_DESIRED | FLAG_AUTHENTIC);
  header.setUint16(4, 1);
  header.setUint16(10, options.edns ? 1 : 0);
  const tail = new DataView(new ArrayBuffer(options.edns ? 15 : 4));
  tail.setUint16(0, question.type);
  tail.setUint16(2, CLASS_IN);
  if (options.edns) {
    // OPT: the root's name (one zero byte), type, our UDP size as class; no flags, no options (RFC 6891 section 6.1.2).
    tail.setUint16(5, TYPE.OPT);
    tail.setUint16(7, EDNS_UDP_BYTES);
  }
  return concatBytes([
    new Uint8Array(header.buffer),
    encodeName(question.name),
    new Uint8Array(tail.buffer),
  ]);
}

/** Decodes a message; throws `DnsError` when it is broken. Of a truncated one only the header and the question are read. */
export function decodeMessage(packet: Uint8Array): DnsMessage {
  if (packet.length < 12) throw new DnsError("DNS message too short");
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const flags = view.getUint16(2);
  const questions = view.getUint16(4);
  if (questions > 1) throw new DnsError("DNS message with several questions");
  const cursor = new Cursor(packet, view);
  const question = questions === 1 ? cursor.question() : null;
  const truncated = (flags & FLAG_TRUNCATED) !== 0;
  const counts = truncated ? [0, 0, 0] : [view.getUint16(6), view.getUint16(8), view.getUint16(10)];
  if (counts[0]! + counts[1]! + counts[2]! > MAX_RECORDS) {
    throw new DnsError("DNS message with too many records");
  }
  const answers = cursor.records(counts[0]!);
  const authorities = cursor.records(counts[1]!);
  cursor.records(counts[2]!);
  return {
    id: view.getUint16(0),
    isResponse: (flags & FLAG_RESPONSE) !== 0,
    opcode: flags >> 11 & 0xf,
    truncated,
    authentic: (flags & FLAG_AUTHENTIC) !== 0,
    rcode: flags & 0xf | (cursor.ednsTtl ?? 0) >>> 24 << 4,
    hasEdns: cursor.ednsTtl !== null,
    question,
    answers,
    authorities,
  };
}

/** Walks over a message. */
class Cursor {
  #packet: Uint8Array;
  #view: DataView;
  #at = 12;
  /** What stands where OPT has its TTL: the extended response code, the version and the flags. */
  ednsTtl: number | null = null;

  constructor(packet: Uint8Array, view: DataView) {
    this.#packet = packet;
    this.#view = view;
  }

  question(): Question | null {
    const { name, end } = readName(this.#packet, this.#at);
    this.#need(end + 4);
    const type = this.#view.getUint16(end);
    this.#at = end + 4;
    return this.#view.getUint16(end + 2) === CLASS_IN ? { name, type } : null;
  }

  records(count: number): DnsRecord[] {
    const records: DnsRecord[] = [];
    for (let i = 0; i < count; i++) {
      const frame = this.#frame();
      const record = frame === null ? null : decodeRecord(this.#packet, frame);
      if (record !== null) records.push(record);
    }
    return records;
  }

  /** Steps over one record; null when it is not of class IN. */
  #frame(): RecordFrame | null {
    const { name, end: at } = readName(this.#packet, this.#at);
    this.#need(at + 10);
    const type = this.#view.getUint16(at);
    const ttl = this.#view.getUint32(at + 4);
    const start = at + 10;
    const end = start + this.#view.getUint16(at + 8);
    this.#need(end);
    this.#at = end;
    if (type === TYPE.OPT) {
      this.ednsTtl = ttl;
      return null;
    }
    if (this.#view.getUint16(at + 2) !== CLASS_IN) return null;
    // A TTL with the top bit set counts as zero (RFC 2181 section 8).
    return { name, type, ttl: ttl > 0x7fffffff ? 0 : ttl, start, end };
  }

  #need(end: number): void {
    if (end > this.#packet.length) throw new DnsError("A record runs past the end of the DNS message");
  }
}
