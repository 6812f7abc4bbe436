/**
 * ManageSieve on the wire (RFC 5804 section 4): the bytes of a command to its arguments, responses, capabilities, lists and
 * scripts to bytes. Pure: it knows neither connection nor store, and not what a script means.
 *
 * Invariants:
 * - What cannot be read is a `ProtocolError` whose message may be shown to the client.
 * - Whatever text a response is given, it stays one response: line ends in it make it a literal.
 * - A name that has been read is one that RFC 5804 section 1.6 allows, in its composed form.
 */
export {
  type Authenticate,
  decodeAuthenticate,
  decodeSaslResponse,
  encodeChallenge,
} from "./authenticate.ts";
export { type Capability, encodeCapabilities } from "./capability.ts";
export { decodeCheckscript } from "./checkscript.ts";
export { Decoder, type Segment } from "./decoder.ts";
export { decodeDeletescript } from "./deletescript.ts";
export { decodeGetscript, encodeScript } from "./getscript.ts";
export { decodeHavespace } from "./havespace.ts";
export { encodeScriptList } from "./listscripts.ts";
export { literalAtEnd, type LiteralHeader } from "./literal.ts";
export { decodeNoop } from "./noop.ts";
export { decodePutscript } from "./putscript.ts";
export { decodeRenamescript } from "./renamescript.ts";
export { bye, type CodeName, encodeResponse, no, ok, type Response } from "./response.ts";
export { LONGEST_NAME } from "./script_name.ts";
export { decodeSetactive } from "./setactive.ts";
