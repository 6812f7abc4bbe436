/**
 * Address lists (RFC 5322 section 3.4 with the obsolete forms of section 4.4): groups, comments, quoted strings,
 * routes, and whatever else is found in the field. Never fails; what has no domain gets an empty one, because null
 * is how IMAP marks a group (RFC 3501 section 7.4.2).
 */
import type { HeaderAddress } from "./digest.ts";
import { FieldScanner } from "./field_scanner.ts";

/** A piece of an address. `spaced`: white space or a comment stands before it. */
interface Token {
  readonly kind: "atom" | "quoted" | "at";
  readonly text: string;
  readonly spaced: boolean;
}

const GROUP_END: HeaderAddress = { name: null, route: null, mailbox: null, host: null };

/** The addresses of an unfolded field value, at most `limit` of them (a group's start counts as one). */
export function parseAddressList(text: string, limit = Infinity): HeaderAddress[] {
  return new AddressListReader(text, limit).read();
}

class AddressListReader {
  readonly #scanner: FieldScanner;
  readonly #limit: number;
  readonly #found: HeaderAddress[] = [];
  #inGroup = false;

  constructor(text: string, limit: number) {
    this.#scanner = new FieldScanner(text);
    this.#limit = limit;
  }

  read(): HeaderAddress[] {
    while (!this.#scanner.done && this.#found.length < this.#limit) this.#one();
    if (this.#inGroup) this.#found.push(GROUP_END);
    return this.#found;
  }

  /** Reads up to and including the next comma, semicolon, or group's colon. */
  #one(): void {
    const scanner = this.#scanner;
    scanner.comment = null;
    const tokens = readTokens(
      scanner,
      (character, soFar) =>
        character === "," || character === ";" || character === "<" ||
        (character === ":" && this.#startsGroup(soFar)),
    );
    const stop = scanner.peek;
    if (stop === ":") {
      this.#found.push({ name: null, route: null, mailbox: phrase(tokens), host: null });
      this.#inGroup = true;
    } else if (stop === "<") {
      scanner.at++;
      const address = angleAddress(scanner, phrase(tokens));
      skipToSeparator(scanner);
      this.#found.push(address.name === "" ? { ...address, name: scanner.comment || null } : address);
    } else if (tokens.length > 0) {
      this.#found.push(bareAddress(tokens, scanner.comment));
    }
    if (scanner.peek === ";" && this.#inGroup) {
      this.#inGroup = false;
      this.#found.push(GROUP_END);
    }
    scanner.at++;
  }

  #startsGroup(soFar: readonly Token[]): boolean {
    return !this.#inGroup && soFar.length > 0 && !soFar.some((token) => token.kind === "at");
  }
}

/** Reads tokens until `stop` says so at a special character, or to the end. Stray specials are passed over. */
function readTokens(
  scanner: FieldScanner,
  stop: (character: string, soFar: readonly Token[]) => boolean,
): Token[] {
  const tokens: Token[] = [];
  let spaced = false;
  for (;;) {
    if (scanner.skipBlank()) spaced = true;
    if (scanner.done) return tokens;
    const character = scanner.peek;
    if (isSpecial(character.charCodeAt(0))) {
      if (stop(character, tokens)) return tokens;
      const quoted = scanner.quoted();
      if (quoted === null) scanner.at++;
      if (quoted !== null) tokens.push({ kind: "quoted", text: quoted, spaced });
      else if (character === "@") tokens.push({ kind: "at", text: "@", spaced });
      else if (character === ":") tokens.push({ kind: "atom", text: ":", spaced });
      else continue;
    } else {
      tokens.push({ kind: "atom", text: atom(scanner), spaced });
    }
    spaced = false;
  }
}

/** A run of characters that are no specials, dots included; a domain literal in brackets is one atom too. */
function atom(scanner: FieldScanner): string {
  const { text } = scanner;
  const start = scanner.at;
  let i = start;
  if (text.charCodeAt(i) === 91) {
    // Section 3.4.1; a literal is short, so a bracket that is never closed costs nothing.
    const close = text.slice(start, start + 256).indexOf("]");
    i = close < 0 ? start + 1 : start + close + 1;
  } else {
    while (i < text.length && !endsAtom(text.charCodeAt(i))) i++;
  }
  scanner.at = i;
  return text.slice(start, i);
}

function isSpecial(code: number): boolean {
  // ( ) , : ; < > @ "
  return code === 44 || code === 60 || code === 62 || code === 64 || code === 34 || code === 58 ||
    code === 59 ||
    code === 40 || code === 41;
}

function endsAtom(code: number): boolean {
  return code === 32 || code === 9 || code === 13 || code === 10 || code === 91 || isSpecial(code);
}

/** The tokens as text, with one space where there was any. */
function phrase(tokens: readonly Token[]): string {
  let text = "";
  for (const token of tokens) text += token.spaced && text !== "" ? " " + token.text : token.text;
  return text;
}

function skipToSeparator(scanner: FieldScanner): void {
  readTokens(scanner, (character) => character === "," || character === ";");
}

/** What stands between angle brackets; the cursor is behind the first one. A forgotten bracket ends at the comma. */
function angleAddress(scanner: FieldScanner, name: string): HeaderAddress {
  const route = readRoute(scanner);
  const tokens = readTokens(
    scanner,
    (character) => character === ">" || character === "," || character === ";",
  );
  if (scanner.peek === ">") scanner.at++;
  const at = tokens.findLastIndex((token) => token.kind === "at");
  if (at < 0) return { name, route, ...splitText(joined(tokens)) };
  return { name, route, mailbox: joined(tokens.slice(0, at)), host: joined(tokens.slice(at + 1)) };
}

const LONGEST_ROUTE = 1000;

/** `@one,@two:` before the address itself (section 4.4). */
function readRoute(scanner: FieldScanner): string | null {
  scanner.skipBlank();
  if (scanner.peek !== "@") return null;
  const ahead = scanner.text.slice(scanner.at, scanner.at + LONGEST_ROUTE);
  const end = ahead.search(/[:>;"]/);
  if (ahead[end] !== ":") return null;
  scanner.at += end + 1;
  return ahead.slice(0, end).replace(/[ \t\r\n]/g, "");
}

/** An address without angle brackets: the last `@` counts, and words in front of it are a name without brackets. */
function bareAddress(tokens: readonly Token[], comment: string | null): HeaderAddress {
  const at = tokens.findLastIndex((token) => token.kind === "at");
  if (at < 0) return { name: comment || null, route: null, ...splitText(phrase(tokens)) };
  let start = Math.max(0, at - 1);
  while (start > 0 && belongTogether(tokens[start - 1]!, tokens[start]!)) start--;
  let end = Math.min(tokens.length, at + 2);
  while (end < tokens.length && end > at + 1 && belongTogether(tokens[end - 1]!, tokens[end]!)) end++;
  return {
    name: phrase(tokens.slice(0, start)) || comment || null,
    route: null,
    mailbox: joined(tokens.slice(start, at)),
    host: joined(tokens.slice(at + 1, end)),
  };
}

/** Section 4.4 allows white space around the dots of an address. */
function belongTogether(left: Token, right: Token): boolean {
  return !right.spaced || left.text.endsWith(".") || right.text.startsWith(".");
}

function joined(tokens: readonly Token[]): string {
  let text = "";
  for (const token of tokens) text += token.text;
  return text;
}

/** Text in which no bare `@` stands; a quoted one may be meant all the same: `"alice@example.com"`. */
function splitText(text: string): { mailbox: string; host: string } {
  const at = text.lastIndexOf("@");
  return at < 0 ? { mailbox: text, host: "" } : { mailbox: text.slice(0, at), host: text.slice(at + 1) };
}
