import { ProtocolError } from "../../core/errors.ts";
import { CLOSE, OPEN, QUOTE } from "./chars.ts";
import { decodeDateTime } from "./date_time.ts";
import type { Decoder } from "./decoder.ts";
import { tryDecodeFlagList } from "./flag.ts";
import type { LiteralHeader } from "./literal.ts";
import { decodeMailbox } from "./mailbox.ts";

/** What stands before a message (RFC 3501 section 6.3.11). */
export interface AppendOptions {
  readonly flags: readonly string[];
  readonly internalDate: number | null;
}

/** A stretch of a command whose literals are streamed: its text, and the literal that it announces at its end. */
export interface CommandLine {
  readonly args: Decoder;
  readonly literal: LiteralHeader | null;
}

/** What comes next in an APPEND. After `text` and `url-literal` the reader must be given the line behind that literal. */
export type AppendStep =
  /** A message begins. `isAssembled` when it is put together from parts (CATENATE). */
  | ({ readonly kind: "message"; readonly isAssembled: boolean } & AppendOptions)
  /** The literal that the line announces belongs to the message. */
  | { readonly kind: "text"; readonly header: LiteralHeader }
  /** What the URL means belongs to the message (RFC 4469). */
  | { readonly kind: "url"; readonly url: Uint8Array }
  /** The same, and the URL is the literal that the line announces. */
  | { readonly kind: "url-literal"; readonly header: LiteralHeader };

export type AppendReader = Generator<AppendStep, void, CommandLine>;

/** The mailbox of an APPEND; what follows is read by `readMessages`. */
export function decodeAppend(decoder: Decoder): { readonly mailbox: string; readonly rest: Decoder } {
  decoder.expectSpace();
  const mailbox = decodeMailbox(decoder);
  return { mailbox, rest: decoder };
}

/**
 * Whether the literal at the end of what has come so far is the handler's to read. It is, unless it stands where the mailbox
 * name is due, directly after the command's name.
 */
export function appendLiteralIsStreamed(decoder: Decoder): boolean {
  decoder.trySpace();
  return !decoder.atEnd;
}

/**
 * Reads `1*append-message` from behind the mailbox (RFC 3502; with `one`, as REPLACE has it, a single one): step by step, because
 * the messages never come through here. `next` is given the line that is being read now. Throws `ProtocolError`.
 */
export function* readMessages(first: CommandLine, { one }: { readonly one: boolean }): AppendReader {
  let line = first;
  do {
    line.args.expectSpace();
    const options = decodeOptions(line.args);
    if (line.args.tryKeyword("CATENATE")) {
      yield { kind: "message", isAssembled: true, ...options };
      line = yield* readCatenate(line);
    } else {
      yield { kind: "message", isAssembled: false, ...options };
      line = line.args.tryKeyword("UTF8")
        ? yield* readUtf8(line)
        : yield text(line, "a literal with the message");
    }
  } while (!one && !line.args.atEnd);
  line.args.expectEnd();
  if (line.literal !== null) throw new ProtocolError("Expected the end of the command after the literal");
}

function decodeOptions(decoder: Decoder): AppendOptions {
  const flags = tryDecodeFlagList(decoder);
  if (flags !== null) decoder.expectSpace();
  const internalDate = decoder.next === QUOTE ? decodeDateTime(decoder) : null;
  if (internalDate !== null) decoder.expectSpace();
  return { flags: flags ?? [], internalDate };
}

/** RFC 4469 section 5: `"CATENATE" SP "(" cat-part *(SP cat-part) ")"`. */
function* readCatenate(first: CommandLine): PartReader {
  let line = first;
  line.args.expectSpace();
  line.args.expectByte(OPEN);
  do {
    switch (line.args.expectKeyword("TEXT, UTF8 or URL")) {
      case "TEXT":
        line.args.expectSpace();
        line = yield text(line, "a literal with the text");
        break;
      case "UTF8":
        line = yield* readUtf8(line);
        break;
      case "URL":
        line = yield* readUrl(line);
        break;
      default:
        throw new ProtocolError("CATENATE knows TEXT, UTF8 and URL");
    }
  } while (line.args.trySpace());
  line.args.expectByte(CLOSE);
  return line;
}

/** RFC 6855 section 4: `"UTF8" SP "(" literal8 ")"`. Our APPEND takes such messages without it too, as RFC 9755 has it. */
function* readUtf8(first: CommandLine): PartReader {
  first.args.expectSpace();
  first.args.expectByte(OPEN);
  const line = yield text(first, "a literal8 with the message");
  line.args.expectByte(CLOSE);
  return line;
}

function* readUrl(first: CommandLine): PartReader {
  first.args.expectSpace();
  if (!first.args.atEnd) {
    const url = first.args.expectAstring("a URL");
    yield { kind: "url", url };
    return first;
  }
  return yield { kind: "url-literal", header: literalOf(first, "a URL") };
}

/** Reads on to another line. */
type PartReader = Generator<AppendStep, CommandLine, CommandLine>;

function text(line: CommandLine, expected: string): AppendStep {
  return { kind: "text", header: literalOf(line, expected) };
}

function literalOf({ args, literal }: CommandLine, expected: string): LiteralHeader {
  return args.atEnd && literal !== null ? literal : args.fail(expected);
}
