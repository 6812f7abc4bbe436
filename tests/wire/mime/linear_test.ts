/**
 * A megabyte of what is worst for a parser. The time allowed is many times what each takes; only quadratic work can
 * come near it.
 */
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
import { allParts, bytes } from "./support.ts";

const MEGABYTE = 1_000_000;
const ALLOWED_MS = 2000;

function repeat(text: string): string {
  return text.repeat(Math.ceil(MEGABYTE / text.length));
}

function nested(make: (depth: number) => string): string {
  let text = "";
  for (let depth = 0; text.length < MEGABYTE; depth++) text += make(depth);
  return text;
}

const multipart = "Content-Type: multipart/mixed; boundary=";
const long = "b".repeat(69);
/** Fifty open multiparts whose boundaries differ in the last characters only. */
const alike = nested((depth) =>
  depth < 49 ? `${multipart}${long}${depth}\r\n\r\n--${long}${depth}\r\n` : `--${long}xx\r\n`
);

const messages: Record<string, string> = {
  "delimiter-like lines": `${multipart}a\r\n\r\n${repeat("--\r\n")}`,
  "dashes without an end": `${multipart}a\r\n\r\n${repeat("-")}`,
  "long delimiter-like lines": `${multipart}a\r\n\r\n${repeat("--" + "a".repeat(1000) + "\r\n")}`,
  "empty lines": `${multipart}a\r\n\r\n${repeat("\n")}`,
  "parts without number": `${multipart}a\r\n\r\n${repeat("--a\r\n")}`,
  "parts with headers": `${multipart}a\r\n\r\n${repeat("--a\r\nContent-Type: text/html\r\n\r\n<b\r\n")}`,
  "multiparts in multiparts": nested((depth) => `${multipart}${depth}\r\n\r\n--${depth}\r\n`),
  "multiparts with one boundary": nested(() => `${multipart}x\r\n\r\n--x\r\n`),
  "messages in messages": repeat("Content-Type: message/rfc822\r\n\r\n"),
  "boundaries that are alike": alike,
  "a header without end": repeat("X: y\r\n"),
  "a folded header without end": "X:" + repeat("\r\n y"),
  "a line without end": "Subject: " + repeat("x"),
  "white space before a colon that does not come": "X" + repeat(" "),
  "open comments in From": "From: " + repeat("("),
  "open brackets in To": "To: " + repeat("<"),
  "commas in To": "To: " + repeat(","),
  "addresses in To": "To: " + repeat("a@b,"),
  "open words in Subject": "Subject: " + repeat("=?a?q?"),
  "parameters": "Content-Type: a/b" + repeat(";c=d"),
  "references": "References: " + repeat("<a@b>"),
  "open references": "References: " + repeat("<"),
  "HTML of open tags": "Content-Type: text/html\r\n\r\n" + repeat("<"),
  "HTML of open styles": "Content-Type: text/html\r\n\r\n" + repeat("<style"),
  "HTML of open comments": "Content-Type: text/html\r\n\r\n" + repeat("<!--"),
};

const fields: Record<string, () => unknown> = {
  "open comments": () => parseAddressList(repeat("(")),
  "nested comments": () =>
    parseAddressList(repeat("(").slice(0, MEGABYTE / 2) + repeat(")").slice(0, MEGABYTE / 2)),
  "open comments with commas": () => parseAddressList(repeat("(,")),
  "open quotes": () => parseAddressList(repeat('"\\')),
  "quotes and commas": () => parseAddressList(repeat('",')),
  "open literals": () => parseAddressList(repeat("[")),
  "open routes": () => parseAddressList(repeat("<@")),
  "open angles": () => parseAddressList(repeat("<,")),
  "commas": () => parseAddressList(repeat(",")),
  "ats": () => parseAddressList(repeat("@")),
  "dots": () => parseAddressList(repeat(". ")),
  "groups": () => parseAddressList(repeat("a:")),
  "closed groups": () => parseAddressList(repeat("a:;")),
  "words never closed": () => decodeWords(repeat("=?a?q?")),
  "words without encoding": () => decodeWords(repeat("=?")),
  "words in a row": () => decodeWords(repeat("=?utf-8?q?=C3?= ")),
  "words with blanks": () => decodeWords("=?utf-8?q?a?=" + repeat(" ") + "=?utf-8?q?a?="),
  "parameters": () => parseParameterized("a/b" + repeat(";c=d"), Infinity),
  "open parameter quotes": () => parseParameterized("a/b" + repeat(';c="'), Infinity),
  "open parameter comments": () => parseParameterized("a/b" + repeat(";("), Infinity),
  "continuations": () => parseParameterized("a/b" + nested((n) => `;c*${n}*=%41`), Infinity),
  "blobs": () => baseSubject(repeat("[a]")),
  "open blobs": () => baseSubject(repeat("[")),
  "replies": () => baseSubject(repeat("re: ")),
  "forwards": () => baseSubject(repeat("[fwd:") + repeat("]")),
  "trailers": () => baseSubject("x" + repeat("(fwd) ")),
  "open dates": () => parseDate(repeat("(")),
  "digits": () => parseDate(repeat("1")),
  "soft breaks": () => decodeContent(bytes(repeat("=")), "quoted-printable"),
  "spaces": () => decodeContent(bytes(repeat(" ")), "quoted-printable"),
  "padding": () => decodeContent(bytes(repeat("=")), "base64"),
  "broken UTF-8": () => decodeText(bytes(repeat("\xc3")), "8bit", null),
  "fields": () => headerFields(bytes(repeat("a:\r\n"))),
  "carriage returns": () => headerFields(bytes("a:" + repeat("\r") + "b")),
  "chosen fields": () => selectHeader(bytes(repeat("a:\r\n")), ["a"], "not"),
};

function timed(run: () => unknown): void {
  const start = performance.now();
  run();
  const took = performance.now() - start;
  assert.ok(took < ALLOWED_MS, `It took ${took.toFixed(0)} ms`);
}

for (const [name, text] of Object.entries(messages)) {
  Deno.test(`a message of ${name} is read in linear time and within its limits`, () => {
    const message = bytes(text);
    timed(() => {
      const { structure } = parseMessage(message);
      const parts = [...allParts(structure)].length;
      assert.ok(parts <= 2000, `${parts} parts`);
      assert.ok(JSON.stringify(structure).length < 1_000_000);
    });
  });
}

for (const [name, run] of Object.entries(fields)) {
  Deno.test(`a field of ${name} is read in linear time`, () => timed(run));
}
