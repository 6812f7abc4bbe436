import { ProtocolError } from "../../../core/errors.ts";
import { type ImapValue, numberOf, type ResponsePart, textOf, ValueReader } from "./value.ts";

export type ServerStatus = "OK" | "NO" | "BAD" | "BYE" | "PREAUTH";

/** What a server says (RFC 3501 section 7). */
export type ServerResponse =
  | { readonly kind: "continue"; readonly text: string }
  | {
    readonly kind: "status";
    /** Null for an untagged one. */
    readonly tag: string | null;
    readonly status: ServerStatus;
    /** In capitals, as in `UIDVALIDITY`. */
    readonly code: string | null;
    readonly codeArguments: string;
    /** Printable, at most 300 characters: it may be shown. */
    readonly text: string;
  }
  | {
    readonly kind: "data";
    /** In capitals, as in `FETCH`. */
    readonly name: string;
    /** The number before the name; null when there is none. */
    readonly number: number | null;
    readonly values: readonly ImapValue[];
  };

const STATUS = /^(\*|[A-Za-z0-9]{1,20}) (OK|NO|BAD|BYE|PREAUTH)(?: |$)/i;
const CODE = /^\[([A-Za-z0-9._-]{1,60})(?: ([^\]]{0,60000}))?\] ?/;
const LONGEST_TEXT = 300;

/** Throws `ProtocolError` for what is no response. */
export function parseServerResponse(parts: readonly ResponsePart[]): ServerResponse {
  const first = parts[0]?.text ?? "";
  if (first.startsWith("+")) return { kind: "continue", text: first.slice(1).trimStart() };
  const status = STATUS.exec(first);
  if (status !== null) return parseStatus(status[1]!, status[2]!, first.slice(status[0].length));
  if (!first.startsWith("* ")) throw new ProtocolError(`It sent no IMAP response: ${shown(first)}`);
  return parseData([{ ...parts[0]!, text: first.slice(2) }, ...parts.slice(1)]);
}

function parseStatus(tag: string, status: string, rest: string): ServerResponse {
  const code = CODE.exec(rest);
  return {
    kind: "status",
    tag: tag === "*" ? null : tag,
    status: status.toUpperCase() as ServerStatus,
    code: code?.[1]?.toUpperCase() ?? null,
    codeArguments: code?.[2] ?? "",
    text: shown(code === null ? rest : rest.slice(code[0].length)),
  };
}

function parseData(parts: readonly ResponsePart[]): ServerResponse {
  const values = new ValueReader(parts).rest();
  const number = numberOf(values[0]);
  const name = textOf(values[number === null ? 0 : 1]);
  if (name === null) throw new ProtocolError("It sent a response without a name");
  return { kind: "data", name: name.toUpperCase(), number, values: values.slice(number === null ? 1 : 2) };
}

/** The items of a FETCH response by their names in capitals (RFC 3501 section 7.4.2). */
export function fetchItems(values: readonly ImapValue[]): ReadonlyMap<string, ImapValue> {
  const [list] = values;
  if (list === undefined || list.kind !== "list") throw new ProtocolError("It sent a FETCH without items");
  const items = new Map<string, ImapValue>();
  for (let i = 0; i + 1 < list.items.length; i += 2) {
    const name = textOf(list.items[i]);
    if (name === null) throw new ProtocolError("It sent a FETCH item without a name");
    items.set(name.toUpperCase(), list.items[i + 1]!);
  }
  return items;
}

export interface ListedFolder {
  /** As it came, one character a byte: how it must be named to the server. */
  readonly wireName: string;
  readonly selectable: boolean;
  /** What it is for (RFC 6154), in lower case, as in `\\sent`. */
  readonly attributes: readonly string[];
}

/** RFC 3501 section 7.2.2. */
export function parseListed(values: readonly ImapValue[]): ListedFolder {
  const [attributes, , name] = values;
  const wireName = name?.kind === "list" ? null : name === undefined ? null : textOrNil(name);
  if (wireName === null || attributes?.kind !== "list") throw new ProtocolError("It sent no line of LIST");
  const flags = attributes.items.map((flag) => textOf(flag)?.toLowerCase() ?? "");
  const selectable = !flags.includes("\\noselect") && !flags.includes("\\nonexistent");
  return { wireName, selectable, attributes: flags };
}

/** Here `NIL` would be a folder of that name. */
function textOrNil(value: ImapValue): string | null {
  return value.kind === "atom" ? value.text : textOf(value);
}

function shown(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, LONGEST_TEXT);
}
