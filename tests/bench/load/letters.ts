/**
 * A mailbox as people have it, for the rows that search, sort and thread: plain text, text with HTML beside it, attachments,
 * conversations, several dozen senders, subjects beyond ASCII. About 4 KiB each. The same seed and number give the same letter, so
 * that two servers can be given the same mailbox without anybody keeping it.
 */

/** In one letter of a thousand, and in every fifth. */
export const RARE_WORD = "zanzibarite";
export const COMMON_WORD = "quarterly";
/** Stands in From of one letter of forty. */
export const SENDER = "greta.fuchs";

export interface Letter {
  /** Good until the next one is made. */
  readonly bytes: Uint8Array;
  /** As APPEND takes it, with its quotes. */
  readonly internalDate: string;
}

export interface Letters {
  /** From 0. */
  letter(index: number): Letter;
}

const FIRST =
  "Alice Bruno Carla David Elena Farid Greta Hugo Ines Jonas Klara Luis Mona Nils Olga Pavel Rosa Sven Tara Uwe"
    .split(" ");
const LAST = "Archer Fuchs".split(" ");
const SYLLABLES =
  "ka lo mi ra ten sor ve dal pri on el ta bu nes gor fi un mar cho sil wen do qua hel ist par jo ne ber az lim ost"
    .split(" ");
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const DAYS = "Sun Mon Tue Wed Thu Fri Sat".split(" ");
/** Beyond ASCII, as encoded words (RFC 2047): "Grüße aus Köln", "Отчёт", "会議の議事録". */
const ENCODED = [
  "=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=",
  "=?utf-8?B?0J7RgtGH0ZHRgg==?=",
  "=?utf-8?B?5Lya6K2w44Gu6K2w5LqL6Yyy?=",
  "=?iso-8859-1?Q?R=E9union_de_l'=E9quipe?=",
];
const FIRST_DATE = Date.UTC(2024, 0, 1);
const MINUTES_BETWEEN = 7;
const TEXT_LINES = 8192;
const BASE64_LINES = 2048;
const CONVERSATION_DEPTH = 10;
const BODY_BYTES = 3200;

type Chance = (below: number) => number;

export function makeLetters(seed = 1): Letters {
  const pool = makePool(seed);
  const buffer = new Uint8Array(16 * 1024);
  const encoder = new TextEncoder();
  return {
    letter(index) {
      const date = new Date(FIRST_DATE + index * MINUTES_BETWEEN * 60_000);
      const { written } = encoder.encodeInto(letterText({ seed, index, date, pool }), buffer);
      return { bytes: buffer.subarray(0, written), internalDate: `"${internalDate(date)}"` };
    },
  };
}

/** The same sequence for the same start (a Weyl sequence, mixed). */
function chance(start: number): Chance {
  let state = start >>> 0;
  return (below) => {
    state = (state + 0x9E3779B9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21F0AAAD);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735A2D97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % below;
  };
}

// ---- What letters are made of ----

interface Pool {
  readonly words: readonly string[];
  readonly text: readonly string[];
  readonly base64: readonly string[];
}

function makePool(seed: number): Pool {
  const random = chance(seed);
  const words = Array.from(
    { length: 4096 },
    () => Array.from({ length: 1 + random(4) }, () => SYLLABLES[random(SYLLABLES.length)]).join(""),
  );
  // Some words are far more common than others.
  const word = () => words[Math.floor(words.length * (random(10_000) / 10_000) ** 3)]!;
  const text = Array.from({ length: TEXT_LINES }, () => {
    let line = word();
    while (line.length < 62) line += ` ${word()}`;
    return line;
  });
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const base64 = Array.from(
    { length: BASE64_LINES },
    () => Array.from({ length: 76 }, () => letters[random(64)]).join(""),
  );
  return { words, text, base64 };
}

interface Making {
  readonly seed: number;
  readonly index: number;
  readonly date: Date;
  readonly pool: Pool;
}

function letterText({ seed, index, date, pool }: Making): string {
  const random = chance(seed * 7919 + index * 31);
  const person = () => {
    const [first, last] = [FIRST[random(FIRST.length)]!, LAST[random(LAST.length)]!];
    return `${first} ${last} <${first.toLowerCase()}.${last.toLowerCase()}@team${random(5)}.test>`;
  };
  const ancestors = ancestorsOf(seed, index);
  const root = ancestors[0] ?? index;
  const rfcDate = `${DAYS[date.getUTCDay()]}, ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ` +
    `${date.getUTCFullYear()} ${clock(date)} +0000`;
  const header = [
    "Return-Path: <bounces@foreign.test>",
    `Received: from relay${random(9)}.foreign.test (relay.foreign.test [192.0.2.${random(250)}])`,
    `\tby mx.bench.test with ESMTPS id ${index.toString(16).padStart(12, "0")};`,
    `\t${rfcDate}`,
    `From: ${person()}`,
    "To: User One <u1@bench.test>",
    ...random(3) === 0 ? [`Cc: ${person()}, ${person()}`] : [],
    `Subject: ${ancestors.length > 0 ? "Re: " : ""}${subject(seed, root, pool)}`,
    `Date: ${rfcDate}`,
    `Message-ID: ${messageId(seed, index)}`,
    ...ancestors.length === 0 ? [] : [
      `In-Reply-To: ${messageId(seed, ancestors.at(-1)!)}`,
      `References: ${ancestors.map((ancestor) => messageId(seed, ancestor)).join("\r\n ")}`,
    ],
    "MIME-Version: 1.0",
    "User-Agent: Bench/1",
  ].join("\r\n");
  return `${header}\r\n${bodyWithFields({ index, pool, random })}`;
}

/** The conversation that a letter goes on with, the oldest first. */
function ancestorsOf(seed: number, index: number): number[] {
  const ancestors: number[] = [];
  for (let at = index; at >= 30 && ancestors.length < CONVERSATION_DEPTH;) {
    const random = chance(seed * 104_729 + at);
    if (random(100) < 40) break;
    at -= 1 + random(25);
    ancestors.unshift(at);
  }
  return ancestors;
}

function subject(seed: number, root: number, { words }: Pool): string {
  const random = chance(seed * 15_485_863 + root);
  const own = Array.from({ length: 2 + random(4) }, () => words[random(words.length)]).join(" ");
  return random(5) === 0 ? `${ENCODED[random(ENCODED.length)]} ${own}` : own;
}

function messageId(seed: number, index: number): string {
  return `<${String(index).padStart(10, "0")}.${seed}@foreign.test>`;
}

// ---- Bodies ----

interface Body {
  readonly index: number;
  readonly pool: Pool;
  readonly random: Chance;
}

/** Half plain text, a quarter with HTML beside it, the rest with an attachment; the header's last fields with it. */
function bodyWithFields(body: Body): string {
  const kind = body.random(20);
  if (kind < 8) return plain(body, "us-ascii", BODY_BYTES);
  if (kind < 10) return plain(body, "utf-8", BODY_BYTES);
  const boundary = `=_part_${body.index}`;
  if (kind < 15) return alternative(body, boundary, BODY_BYTES);
  const inner = alternative(body, `${boundary}_text`, BODY_BYTES / 2);
  return multipart("mixed", boundary, [inner, attachment(body, BODY_BYTES / 2)]);
}

function plain(body: Body, charset: string, bytes: number): string {
  const words = charset === "utf-8" ? "Grüße, naïve Café-Gäste.\r\n" : "";
  return `Content-Type: text/plain; charset=${charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n` +
    `${marks(body.index)}${words}${lines(body, body.pool.text, bytes)}`;
}

function alternative(body: Body, boundary: string, bytes: number): string {
  const html =
    "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
    `<html><body><p class=3D"first">Gr=C3=BC=C3=9Fe<br>\r\n${
      lines(body, body.pool.text, bytes * 0.6)
    }</p></body></html>\r\n`;
  return multipart("alternative", boundary, [plain(body, "utf-8", bytes * 0.4), html]);
}

function attachment(body: Body, bytes: number): string {
  const name = `report-${body.index}.pdf`;
  return `Content-Type: application/pdf; name="${name}"\r\n` +
    `Content-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n` +
    lines(body, body.pool.base64, bytes);
}

function multipart(subtype: string, boundary: string, parts: readonly string[]): string {
  const inner = parts.map((part) => `--${boundary}\r\n${part}`).join("");
  return `Content-Type: multipart/${subtype}; boundary="${boundary}"\r\n\r\n${inner}--${boundary}--\r\n`;
}

/** The words that the searches look for. */
function marks(index: number): string {
  return `${index % 1000 === 500 ? `${RARE_WORD}\r\n` : ""}${index % 5 === 1 ? `${COMMON_WORD}\r\n` : ""}`;
}

function lines({ random }: Body, from: readonly string[], bytes: number): string {
  let text = "";
  while (text.length < bytes) text += `${from[random(from.length)]}\r\n`;
  return text;
}

// ---- Dates ----

function clock(date: Date): string {
  return date.toISOString().slice(11, 19);
}

function internalDate(date: Date): string {
  const day = String(date.getUTCDate()).padStart(2, " ");
  return `${day}-${MONTHS[date.getUTCMonth()]}-${date.getUTCFullYear()} ${clock(date)} +0000`;
}
