/**
 * The client's half of IMAP's grammar (RFC 3501): what a server says, as values. Pure, and without trust: every response is
 * read with a bounded depth and in linear time, what is not in form is a `ProtocolError`, and every text that may be shown
 * to people is printable and short. How lines and literals are collected is the caller's business, and so are their limits.
 *
 * @module
 */
export { clientQuoted } from "./command.ts";
export {
  fetchItems,
  type ListedFolder,
  parseListed,
  parseServerResponse,
  type ServerResponse,
  type ServerStatus,
} from "./response.ts";
export {
  beforeLiteral,
  type ImapValue,
  literalLength,
  numberOf,
  type ResponsePart,
  textOf,
  ValueReader,
} from "./value.ts";
