/**
 * How a log record becomes one line. Whatever a client sent may stand in a field, so every control character is
 * escaped (also DEL, C1 and the Unicode line separators, which some terminals and log readers obey): no value can
 * begin a new line or move a cursor. Fields whose name says that they hold a secret are never written.
 */
import {
  getAnsiColorFormatter,
  getTextFormatter,
  type LogRecord,
  type TextFormatter,
} from "@logtape/logtape";
import type { LogFields } from "../../core/ports.ts";

/** The longest value that is written; the rest is cut off and said to be. */
const MAX_VALUE = 2000;
const MAX_LIST = 100;
const SECRET = /passw|passphrase|secret|token|credential|authorization|cookie|privatekey|^hash$/;
/** What JSON.stringify leaves as it is but a terminal, or a log reader, takes for more than text. */
const UNSAFE = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
/** A value that needs no quotes in the pretty form. */
const PLAIN = /^[A-Za-z0-9_.:@/+<>[\]-]+$/;

/** Cut to size, and without what must not be in a log. */
export function safeFields(fields: LogFields): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    safe[name] = isSecretName(name) ? "[redacted]" : shortened(value);
  }
  return safe;
}

/** One JSON object: `time`, `level` and `event` first, then the fields. */
export function jsonLine(record: LogRecord): string {
  const level = record.level === "warning" ? "warn" : record.level;
  const time = new Date(record.timestamp).toISOString();
  const head = { time, level, event: eventOf(record) };
  // The first three cannot be replaced by a field of the same name.
  return escapeUnsafe(JSON.stringify({ ...head, ...record.properties, ...head })) + "\n";
}

/** `12:34:56.789 INF message-accepted session=... from=<a@b.c>`, in colour where a person looks at a terminal. */
export function prettyLine(options: { readonly colours: boolean }): TextFormatter {
  const layout = { timestamp: "time", level: "ABBR", sanitize: false } as const;
  const formatter = options.colours
    ? getAnsiColorFormatter({ ...layout, format: (v) => `${v.timestamp} ${v.level} ${v.message}` })
    : getTextFormatter({ ...layout, format: (v) => `${v.timestamp} ${v.level} ${v.message}` });
  return (record) => {
    const fields = Object.entries(record.properties).map(([name, value]) =>
      ` ${prettyValue(name)}=${prettyValue(value)}`
    );
    return formatter({ ...record, message: [eventOf(record) + fields.join("")] });
  };
}

function isSecretName(name: string): boolean {
  return SECRET.test(name.toLowerCase().replace(/[_-]/g, ""));
}

function eventOf(record: LogRecord): string {
  return typeof record.rawMessage === "string" ? record.rawMessage : record.rawMessage.join("");
}

function shortened(value: unknown): unknown {
  if (typeof value === "string") {
    return value.length <= MAX_VALUE ? value : `${value.slice(0, MAX_VALUE)}[... ${value.length} characters]`;
  }
  if (!Array.isArray(value)) return value;
  const list = value.slice(0, MAX_LIST).map(shortened);
  return value.length <= MAX_LIST ? list : [...list, `[... ${value.length} values]`];
}

function prettyValue(value: unknown): string {
  if (typeof value === "string" && PLAIN.test(value)) return value;
  return escapeUnsafe(JSON.stringify(value) ?? "null");
}

function escapeUnsafe(text: string): string {
  return text.replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
