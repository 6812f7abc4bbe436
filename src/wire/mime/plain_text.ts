import { encodeUtf8 } from "../../core/bytes.ts";

/** A text as a MIME entity: the fields that describe it, and how it stands behind them. */
export interface TextEntity {
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

const BASE64_LINE = 76;
/** RFC 5322 section 2.1.1 allows 998. */
const LONGEST_LINE = 900;

/** ASCII goes out as it is, anything else in base64, which every server passes on. Lines end in CR LF. */
export function plainTextEntity(text: string): TextEntity {
  const type = ["Content-Type", "text/plain; charset=utf-8"] as const;
  const isPlain = /^[\x01-\x7f]*$/.test(text) &&
    text.split("\r\n").every((line) => line.length <= LONGEST_LINE);
  if (isPlain) return { fields: [type, ["Content-Transfer-Encoding", "7bit"]], body: text };
  return { fields: [type, ["Content-Transfer-Encoding", "base64"]], body: base64Lines(encodeUtf8(text)) };
}

function base64Lines(bytes: Uint8Array): string {
  const text = bytes.toBase64();
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += BASE64_LINE) lines.push(text.slice(at, at + BASE64_LINE));
  return `${lines.join("\r\n")}\r\n`;
}
