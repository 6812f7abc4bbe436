/**
 * DNS as bytes and values (RFC 1035, EDNS0 by RFC 6891): queries are encoded, messages decoded, and the answer to one
 * question is picked out of a message. Pure: no socket, no clock, no cache; those are `net/dns`.
 *
 * Invariants. A message comes from whoever can reach our port, so decoding takes linear time and bounded memory
 * whatever the bytes are, and throws nothing but `DnsError`. A name keeps no ambiguity: a dot or a control
 * character inside a label is escaped (RFC 1035 section 5.1), so it can never be taken for another name or break a
 * log line. From a message only the records on the chain that begins at the question are used (RFC 2181 section 5.4.1):
 * whatever else the sender put in is not believed.
 */
export { type ChainStep, selectAnswer } from "./answer.ts";
export { decodeMessage, type DnsMessage, encodeQuery, type Question } from "./message.ts";
export { type DnsRecord, RCODE, TYPE } from "./record.ts";
export { parseResolvConf, parseServerAddress } from "./resolv_conf.ts";
export { reverseName } from "./reverse.ts";
