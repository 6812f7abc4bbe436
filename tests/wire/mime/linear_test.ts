/** A megabyte of what is worst for a parser: what it costs grows with its length, and no faster. */
import assert from "node:assert/strict";
import {
  baseSubject,
  decodeContent,
  decodeText,
  decodeWords,
  headerFields,
  parseAddressList,
  parseDate,
  parseMessage,
  parseParameterized,
  selectHeader,
} from "../../../src/wire/mime/mod.ts";
import { assertLinear } from "../../support/growth.ts";
import { allParts, bytes } from "./support.ts";

const MEGABYTE = 1_000_000;

/** Fills an input up to its size. */
class Filler {
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  repeat(text: string): string {
    return text.repeat(Math.ceil(this.#size / text.length));
  }

  /** Half of it this, half of it that. */
  halves(first: string, second: string): string {
    return first.repeat(this.#size / 2) + second.repeat(this.#size / 2);
  }

  nested(make: (depth: number) => string): string {
    let text = "";
    for (let depth = 0; text.length < this.#size; depth++) text += make(depth);
    return text;
  }
}

const multipart = "Content-Type: multipart/mixed; boundary=";
const long = "b".repeat(69);
/** Fifty open multiparts whose boundaries differ in the last characters only. */
const alike = (depth: number) =>
  depth < 49 ? `${multipart}${long}${depth}\r\n\r\n--${long}${depth}\r\n` : `--${long}xx\r\n`;

const messages: Record<string, (fill: Filler) => string> = {
  "delimiter-like lines": (fill) => `${multipart}a\r\n\r\n${fill.repeat("--\r\n")}`,
  "dashes without an end": (fill) => `${multipart}a\r\n\r\n${fill.repeat("-")}`,
  "long delimiter-like lines": (fill) =>
    `${multipart}a\r\n\r\n${fill.repeat("--" + "a".repeat(1000) + "\r\n")}`,
  "empty lines": (fill) => `${multipart}a\r\n\r\n${fill.repeat("\n")}`,
  "parts without number": (fill) => `${multipart}a\r\n\r\n${fill.repeat("--a\r\n")}`,
  "parts with headers": (fill) =>
    `${multipart}a\r\n\r\n${fill.repeat("--a\r\nContent-Type: text/html\r\n\r\n<b\r\n")}`,
  "multiparts in multiparts": (fill) => fill.nested((depth) => `${multipart}${depth}\r\n\r\n--${depth}\r\n`),
  "multiparts with one boundary": (fill) => fill.nested(() => `${multipart}x\r\n\r\n--x\r\n`),
  "messages in messages": (fill) => fill.repeat("Content-Type: message/rfc822\r\n\r\n"),
  "boundaries that are alike": (fill) => fill.nested(alike),
  "a header without end": (fill) => fill.repeat("X: y\r\n"),
  "a folded header without end": (fill) => "X:" + fill.repeat("\r\n y"),
  "a line without end": (fill) => "Subject: " + fill.repeat("x"),
  "white space before a colon that does not come": (fill) => "X" + fill.repeat(" "),
  "open comments in From": (fill) => "From: " + fill.repeat("("),
  "open brackets in To": (fill) => "To: " + fill.repeat("<"),
  "commas in To": (fill) => "To: " + fill.repeat(","),
  "addresses in To": (fill) => "To: " + fill.repeat("a@b,"),
  "open words in Subject": (fill) => "Subject: " + fill.repeat("=?a?q?"),
  "parameters": (fill) => "Content-Type: a/b" + fill.repeat(";c=d"),
  "references": (fill) => "References: " + fill.repeat("<a@b>"),
  "open references": (fill) => "References: " + fill.repeat("<"),
  "HTML of open tags": (fill) => "Content-Type: text/html\r\n\r\n" + fill.repeat("<"),
  "HTML of open styles": (fill) => "Content-Type: text/html\r\n\r\n" + fill.repeat("<style"),
  "HTML of open comments": (fill) => "Content-Type: text/html\r\n\r\n" + fill.repeat("<!--"),
};

/** The text of a field, and what reads it. */
type Field = readonly [text: (fill: Filler) => string, read: (text: string) => unknown];

const fields: Record<string, Field> = {
  "open comments": [(fill) => fill.repeat("("), (text) => parseAddressList(text)],
  "nested comments": [(fill) => fill.halves("(", ")"), (text) => parseAddressList(text)],
  "open comments with commas": [(fill) => fill.repeat("(,"), (text) => parseAddressList(text)],
  "open quotes": [(fill) => fill.repeat('"\\'), (text) => parseAddressList(text)],
  "quotes and commas": [(fill) => fill.repeat('",'), (text) => parseAddressList(text)],
  "open literals": [(fill) => fill.repeat("["), (text) => parseAddressList(text)],
  "open routes": [(fill) => fill.repeat("<@"), (text) => parseAddressList(text)],
  "open angles": [(fill) => fill.repeat("<,"), (text) => parseAddressList(text)],
  "commas": [(fill) => fill.repeat(","), (text) => parseAddressList(text)],
  "ats": [(fill) => fill.repeat("@"), (text) => parseAddressList(text)],
  "dots": [(fill) => fill.repeat(". "), (text) => parseAddressList(text)],
  "groups": [(fill) => fill.repeat("a:"), (text) => parseAddressList(text)],
  "closed groups": [(fill) => fill.repeat("a:;"), (text) => parseAddressList(text)],
  "words never closed": [(fill) => fill.repeat("=?a?q?"), (text) => decodeWords(text)],
  "words without encoding": [(fill) => fill.repeat("=?"), (text) => decodeWords(text)],
  "words in a row": [(fill) => fill.repeat("=?utf-8?q?=C3?= "), (text) => decodeWords(text)],
  "words with blanks": [
    (fill) => "=?utf-8?q?a?=" + fill.repeat(" ") + "=?utf-8?q?a?=",
    (text) => decodeWords(text),
  ],
  "parameters": [(fill) => "a/b" + fill.repeat(";c=d"), (text) => parseParameterized(text, Infinity)],
  "open parameter quotes": [
    (fill) => "a/b" + fill.repeat(';c="'),
    (text) => parseParameterized(text, Infinity),
  ],
  "open parameter comments": [
    (fill) => "a/b" + fill.repeat(";("),
    (text) => parseParameterized(text, Infinity),
  ],
  "continuations": [
    (fill) => "a/b" + fill.nested((n) => `;c*${n}*=%41`),
    (text) => parseParameterized(text, Infinity),
  ],
  "blobs": [(fill) => fill.repeat("[a]"), (text) => baseSubject(text)],
  "open blobs": [(fill) => fill.repeat("["), (text) => baseSubject(text)],
  "replies": [(fill) => fill.repeat("re: "), (text) => baseSubject(text)],
  "forwards": [(fill) => fill.repeat("[fwd:") + fill.repeat("]"), (text) => baseSubject(text)],
  "trailers": [(fill) => "x" + fill.repeat("(fwd) "), (text) => baseSubject(text)],
  "open dates": [(fill) => fill.repeat("("), (text) => parseDate(text)],
  "digits": [(fill) => fill.repeat("1"), (text) => parseDate(text)],
  "soft breaks": [(fill) => fill.repeat("="), (text) => decodeContent(bytes(text), "quoted-printable")],
  "spaces": [(fill) => fill.repeat(" "), (text) => decodeContent(bytes(text), "quoted-printable")],
  "padding": [(fill) => fill.repeat("="), (text) => decodeContent(bytes(text), "base64")],
  "broken UTF-8": [(fill) => fill.repeat("\xc3"), (text) => decodeText(bytes(text), "8bit", null)],
  "fields": [(fill) => fill.repeat("a:\r\n"), (text) => headerFields(bytes(text))],
  "carriage returns": [(fill) => "a:" + fill.repeat("\r") + "b", (text) => headerFields(bytes(text))],
  "chosen fields": [(fill) => fill.repeat("a:\r\n"), (text) => selectHeader(bytes(text), ["a"], "not")],
};

for (const [name, make] of Object.entries(messages)) {
  Deno.test(`a message of ${name} is read in linear time and within its limits`, () =>
    assertLinear(MEGABYTE, (size) => {
      const message = bytes(make(new Filler(size)));
      return () => {
        const { structure } = parseMessage(message);
        const parts = [...allParts(structure)].length;
        assert.ok(parts <= 2000, `${parts} parts`);
        assert.ok(JSON.stringify(structure).length < 1_000_000);
      };
    }));
}

for (const [name, [make, read]] of Object.entries(fields)) {
  Deno.test(`a field of ${name} is read in linear time`, () =>
    assertLinear(MEGABYTE, (size) => {
      const text = make(new Filler(size));
      return () => read(text);
    }));
}
