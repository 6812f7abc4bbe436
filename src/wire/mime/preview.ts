/** A list view's line of text out of the first bytes of a body (RFC 8970). */
import { openCharset } from "./charset.ts";
import { openTransfer } from "./transfer.ts";

/** RFC 8970 section 3: at most 256 characters; 200 are what a list shows. */
const LENGTH = 200;

export interface PreviewSource {
  readonly encoding: string;
  readonly charset: string | null;
  readonly html: boolean;
}

/** How many raw bytes are worth keeping: HTML often opens with a long style sheet. */
export function previewBytes(html: boolean): number {
  return html ? 32 * 1024 : 3 * 1024;
}

/** The bytes may end in the middle of anything. */
export function previewText(bytes: Uint8Array, source: PreviewSource): string {
  // Without `end`, an unfinished character at the cut stays out.
  const text = openCharset(source.charset).push(openTransfer(source.encoding).push(bytes));
  return foldedStart(source.html ? htmlText(text) : text);
}

/** The first characters, with one space for any white space and control characters. */
function foldedStart(text: string): string {
  const words = /[^\s\x00-\x1f\x7f]+/g;
  let out = "";
  for (let match = words.exec(text); match !== null && out.length < LENGTH; match = words.exec(text)) {
    out += (out === "" ? "" : " ") + match[0];
  }
  return out.length <= LENGTH ? out : cut(out, LENGTH).trimEnd();
}

/** Does not cut between the two halves of a surrogate pair. */
function cut(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}

/** Elements whose content nobody reads. */
const HIDDEN = /^(?:style|script|title|head|template)\b/i;
/** Elements that do not part words. */
const INLINE = /^\/?(?:a|b|i|u|s|em|strong|span|font|small|big|sub|sup|code|mark)\b/i;

/** The readable text of HTML, good enough for one line: tags become spaces, the common entities characters. */
function htmlText(html: string): string {
  let text = "";
  let at = 0;
  while (at < html.length && text.length < LENGTH * 20) {
    const open = html.indexOf("<", at);
    if (open < 0) return unescapeHtml(text + html.slice(at));
    text += html.slice(at, open);
    const tag = html.slice(open + 1, open + 12);
    const isTag = /^[a-z/!?]/i.test(tag);
    if (!isTag) text += "<";
    else if (!INLINE.test(tag)) text += " ";
    at = isTag ? behindTag(html, open, tag) : open + 1;
  }
  return unescapeHtml(text);
}

/** One past the tag, comment, or hidden element that begins at `open`; the end of the text when it has no end. */
function behindTag(html: string, open: number, tag: string): number {
  if (tag.startsWith("!--")) return behind(html, "-->", open + 4);
  const hidden = HIDDEN.exec(tag);
  if (hidden === null) return behind(html, ">", open + 1);
  const close = new RegExp(`</${hidden[0]}`, "gi");
  close.lastIndex = open + 1;
  const found = close.exec(html);
  return found === null ? html.length : behind(html, ">", found.index);
}

function behind(html: string, mark: string, from: number): number {
  const found = html.indexOf(mark, from);
  return found < 0 ? html.length : found + mark.length;
}

const ENTITIES = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
  ["nbsp", " "],
  ["zwnj", ""],
  ["zwj", ""],
  ["shy", ""],
  ["rsquo", "\u2019"],
  ["lsquo", "\u2018"],
  ["rdquo", "\u201d"],
  ["ldquo", "\u201c"],
  ["ndash", "\u2013"],
  ["mdash", "\u2014"],
  ["hellip", "\u2026"],
  ["copy", "\u00a9"],
  ["euro", "\u20ac"],
]);

function unescapeHtml(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z]{2,8}));/g,
    (whole, decimal, hex, name) => {
      if (name !== undefined) return ENTITIES.get(name.toLowerCase()) ?? whole;
      const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex, 16);
      const valid = code >= 32 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
      return valid ? String.fromCodePoint(code) : " ";
    },
  );
}
