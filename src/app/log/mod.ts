/**
 * The log: the port of `core/ports.ts` over LogTape's records, formatters and sinks. One event is one line, as JSON or,
 * for a person at a terminal, in a pretty form.
 *
 * Invariants: logging never throws, never waits and never writes a secret, a body or a control character. LogTape's
 * global configuration is not used, because it is state that two servers in one process would share; a record goes
 * straight to the sinks given here, and any LogTape sink can be one of them.
 *
 * @module
 */
import { compareLogLevel, type LogLevel, type LogRecord, type Sink } from "@logtape/logtape";
import type { Clock, Live, Log, LogFields } from "../../core/ports.ts";
import { jsonLine, prettyLine, safeFields } from "./format.ts";
import { makeLineWriter } from "./writer.ts";

export type LogLevelName = "debug" | "info" | "warn" | "error";

export interface LogSettings {
  /** The least important level that is written. */
  readonly level: LogLevelName;
  /** `auto` is pretty on a terminal and JSON elsewhere. */
  readonly format: "auto" | "json" | "pretty";
}

export const defaultLogSettings: LogSettings = { level: "info", format: "auto" };

const LOGTAPE_LEVELS: Readonly<Record<LogLevelName, LogLevel>> = {
  debug: "debug",
  info: "info",
  warn: "warning",
  error: "error",
};

export interface LogOptions {
  readonly settings: Live<LogSettings>;
  readonly clock: Clock;
  readonly sinks: readonly Sink[];
}

/** A log that writes to the given sinks. */
export function makeLog(options: LogOptions): Log {
  return new RecordLog(options, {});
}

/** A log on standard error; `close` resolves when everything is written. */
export function openStderrLog(
  options: { readonly settings: Live<LogSettings>; readonly clock: Clock },
): { log: Log; close(): Promise<void> } {
  const { settings, clock } = options;
  const terminal = Deno.stderr.isTerminal();
  const pretty = prettyLine({ colours: terminal && !Deno.noColor });
  const lineOf = (record: LogRecord): string => {
    const { format } = settings.current;
    return format === "pretty" || (format === "auto" && terminal) ? pretty(record) : jsonLine(record);
  };
  const writer = makeLineWriter(Deno.stderr, {
    droppedLine: (count) => lineOf(recordOf(clock.now(), "warn", "log-lines-dropped", { count })),
  });
  const log = makeLog({ settings, clock, sinks: [(record) => writer.write(lineOf(record))] });
  return { log, close: () => writer.close() };
}

class RecordLog implements Log {
  readonly #options: LogOptions;
  readonly #fields: LogFields;

  constructor(options: LogOptions, fields: LogFields) {
    this.#options = options;
    this.#fields = fields;
  }

  debug(event: string, fields?: LogFields): void {
    this.#write("debug", event, fields);
  }
  info(event: string, fields?: LogFields): void {
    this.#write("info", event, fields);
  }
  warn(event: string, fields?: LogFields): void {
    this.#write("warn", event, fields);
  }
  error(event: string, fields?: LogFields): void {
    this.#write("error", event, fields);
  }
  with(fields: LogFields): Log {
    return new RecordLog(this.#options, { ...this.#fields, ...fields });
  }

  #write(level: LogLevelName, event: string, fields: LogFields | undefined): void {
    const { settings, clock, sinks } = this.#options;
    if (compareLogLevel(LOGTAPE_LEVELS[level], LOGTAPE_LEVELS[settings.current.level]) < 0) return;
    const record = recordOf(clock.now(), level, event, { ...this.#fields, ...fields });
    for (const sink of sinks) sink(record);
  }
}

function recordOf(now: number, level: LogLevelName, event: string, fields: LogFields): LogRecord {
  return {
    category: ["mailden"],
    level: LOGTAPE_LEVELS[level],
    message: [event],
    rawMessage: event,
    timestamp: now,
    properties: safeFields(fields),
  };
}
