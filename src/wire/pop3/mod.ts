/**
 * POP3 on the wire (RFC 1939, with the response codes of RFC 2449 and RFC 3206): bytes to commands, replies to bytes,
 * messages to dot-stuffed lines. Pure: it knows neither connection nor maildrop nor clock.
 *
 * Invariants:
 * - A command that cannot be read is a `ProtocolError` whose message may be shown to the client.
 * - An encoded reply is one line of at most 512 octets, whatever text it is given.
 * - What `DotStuffer` writes ends in CR LF `.` CR LF exactly once, however the message is cut into chunks.
 *
 * @module
 */
export { parseCommand, parseCount, parseMessageNumber, type Pop3Command } from "./command.ts";
export {
  encodeContinuation,
  encodeLines,
  encodeReply,
  err,
  ok,
  type Pop3Reply,
  type ResponseCode,
} from "./reply.ts";
export { DotStuffer } from "./dot_stuffer.ts";
export { TopCutter } from "./top_cutter.ts";
