/**
 * The grammar of SMTP (RFC 5321) and of the extensions we speak: text to values and values to text, both for the server
 * (commands, paths, parameters, data, replies) and for the client (replies, the EHLO offer, commands, dot-stuffing).
 * Nothing here waits, except `readReply`, which reads from the reader it is given.
 *
 * Invariants: only CR LF ends a line and only CR LF . CR LF ends the data, for what we read and for what we write. Whatever is
 * not the grammar throws `ProtocolError`, or a `Refusal` where an RFC names the reply. Nothing that is written, be it a reply
 * or a command, can hold a CR or LF that came in as a value. All of it is linear in its input.
 */
export {
  type MailArguments,
  type MailOffer,
  needsSmtpUtf8,
  parseHello,
  parseMailArguments,
  parseRcptArguments,
  type RcptArguments,
} from "./arguments.ts";
export { type BdatArguments, parseBdat } from "./bdat.ts";
export {
  commandLine,
  mailCommand,
  type MailParameters,
  rcptCommand,
  type RcptParameters,
} from "./client_command.ts";
export { BareLineFeedError, type CommandLine, decodeLine, parseCommandLine } from "./command_line.ts";
export { type DataFlaw, DotReader } from "./dot_reader.ts";
export { dotStuff, DotStuffer } from "./dot_stuffer.ts";
export { NO_OFFER, parseOffer, type ServerOffer } from "./ehlo.ts";
export { FlawScanner } from "./flaw_scanner.ts";
export type { Hold } from "./hold.ts";
export { withCrlf } from "./line_ends.ts";
export { parseAddressLiteral, parseMailbox, parsePath, type ScannedPath, scanPath } from "./path.ts";
export { encodeReply } from "./reply_encoder.ts";
export { defaultReplyLimits, readReply, type ReplyLimits, ReplyParser } from "./reply_parser.ts";
export { decodeUtf8Address, decodeXtext, isXtext } from "./xtext.ts";
