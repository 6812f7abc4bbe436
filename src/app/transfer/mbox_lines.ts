/** The line that begins a message in an mbox: `From SENDER DATE`. */
import { decodeLatin1, encodeLatin1, LF } from "../../core/bytes.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
/** No real one is longer. */
export const LONGEST_FROM_LINE = 1000;

export const FROM_ = encodeLatin1("From ");

/** When the message came, in milliseconds; null when this is no such line but one of a text. */
export function parseFromLine(line: Uint8Array): number | null {
  if (line.length > LONGEST_FROM_LINE) return null;
  const words = decodeLatin1(line).trim().split(/ +/);
  // A sender may hold spaces; what counts is at the end: `Thu Nov 22 19:33:27 2026`, a zone before or behind the year.
  const month = words.findLastIndex((word, i) =>
    i > 0 && MONTHS.includes(word) && DAYS.includes(words[i - 1]!)
  );
  if (words[0] !== "From" || month < 1) return null;
  const day = Number(words[month + 1]);
  const time = /^(\d\d?):(\d\d)(?::(\d\d))?$/.exec(words[month + 2] ?? "");
  const rest = words.slice(month + 3);
  const year = Number(rest.find((word) => /^\d{4}$/.test(word)) ?? NaN);
  if (time === null || !(day >= 1 && day <= 31) || Number.isNaN(year)) return null;
  const zone = rest.map((word) => /^([+-])(\d\d)(\d\d)$/.exec(word)).find((match) => match !== null) ?? null;
  const [, hours, minutes, seconds = "0"] = time;
  const at = Date.UTC(
    year,
    MONTHS.indexOf(words[month]!),
    day,
    Number(hours),
    Number(minutes),
    Number(seconds),
  );
  if (zone === null) return at;
  const offset = (Number(zone[2]) * 60 + Number(zone[3])) * 60_000;
  return zone[1] === "+" ? at - offset : at + offset;
}

/** In UTC, with its LF. */
export function formatFromLine(at: number): Uint8Array {
  const date = new Date(Math.floor(at / 1000) * 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(":");
  const day = `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${
    String(date.getUTCDate()).padStart(2)
  }`;
  return encodeLatin1(
    `From MAILER-DAEMON ${day} ${time} ${String(date.getUTCFullYear()).padStart(4, "0")}\n`,
  );
}

const GREATER = 62;

/** Whether the line is `From `, behind any number of `>` (mboxrd). */
function isQuotable(line: Uint8Array): boolean {
  let at = 0;
  while (line[at] === GREATER) at++;
  return FROM_.every((byte, i) => line[at + i] === byte);
}

/**
 * Changes lines as they pass, whatever the chunks: puts a `>` before `From ` and `>From ` (mboxrd), or takes one away. A line's
 * beginning is held back until it is clear what it is, at most `HEAD` bytes.
 */
export class FromQuoting {
  readonly #decide: (head: Uint8Array) => Uint8Array;
  /** The beginning of a line; null within one. */
  #head: Uint8Array | null = new Uint8Array(0);

  /** `one`: only a single `>` is taken away (mboxo). */
  constructor(kind: "quote" | "unquote" | "unquote-one") {
    this.#decide = kind === "quote" ? quoted : kind === "unquote" ? unquoted : unquotedOne;
  }

  write(chunk: Uint8Array): Uint8Array[] {
    const out: Uint8Array[] = [];
    let at = 0;
    while (at < chunk.length) {
      const lf = chunk.indexOf(LF, at);
      const end = lf < 0 ? chunk.length : lf + 1;
      const piece = chunk.subarray(at, end);
      if (this.#head === null) out.push(piece);
      else this.#begin(piece, lf >= 0, out);
      if (lf >= 0) this.#head = new Uint8Array(0);
      at = end;
    }
    return out;
  }

  finish(): Uint8Array[] {
    return this.#head === null || this.#head.length === 0 ? [] : [this.#decide(this.#head)];
  }

  #begin(piece: Uint8Array, isWhole: boolean, out: Uint8Array[]): void {
    const head = this.#head!.length === 0 ? piece : joined(this.#head!, piece);
    if (!isWhole && isUnclear(head)) {
      this.#head = head.slice();
      return;
    }
    out.push(this.#decide(head));
    this.#head = null;
  }
}

/** More `>` than this in front of a `From ` nobody has quoted. */
const HEAD = 256;

/** Whether the line could still become `>From `. */
function isUnclear(head: Uint8Array): boolean {
  if (head.length >= HEAD) return false;
  let at = 0;
  while (head[at] === GREATER) at++;
  const rest = head.subarray(at);
  return rest.length < FROM_.length && rest.every((byte, i) => byte === FROM_[i]);
}

function quoted(line: Uint8Array): Uint8Array {
  return isQuotable(line) ? joined(Uint8Array.of(GREATER), line) : line;
}

function unquoted(line: Uint8Array): Uint8Array {
  return line[0] === GREATER && isQuotable(line) ? line.subarray(1) : line;
}

function unquotedOne(line: Uint8Array): Uint8Array {
  return line[1] === FROM_[0] ? unquoted(line) : line;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
