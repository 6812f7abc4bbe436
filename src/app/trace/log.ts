import type { Clock, Log, LogFields } from "../../core/ports.ts";
import { idOf, isEntry, keysOf, type LoggedEvent } from "./event.ts";
import { Sessions } from "./sessions.ts";

export interface TracingLogDeps {
  readonly clock: Clock;
  readonly isOn: () => boolean;
  readonly note: (event: LoggedEvent) => void;
}

/** A log that hands on every line, and notes those that are part of a message's life. */
export function tracingLog(inner: Log, deps: TracingLogDeps): Log {
  return new TracingLog(inner, {}, new Selector(deps));
}

class TracingLog implements Log {
  readonly #inner: Log;
  readonly #fields: LogFields;
  readonly #selector: Selector;

  constructor(inner: Log, fields: LogFields, selector: Selector) {
    this.#inner = inner;
    this.#fields = fields;
    this.#selector = selector;
  }

  debug(event: string, fields?: LogFields): void {
    this.#inner.debug(event, fields);
    this.#selector.see(event, this.#fields, fields);
  }
  info(event: string, fields?: LogFields): void {
    this.#inner.info(event, fields);
    this.#selector.see(event, this.#fields, fields);
  }
  warn(event: string, fields?: LogFields): void {
    this.#inner.warn(event, fields);
    this.#selector.see(event, this.#fields, fields);
  }
  error(event: string, fields?: LogFields): void {
    this.#inner.error(event, fields);
    this.#selector.see(event, this.#fields, fields);
  }
  with(fields: LogFields): Log {
    return new TracingLog(this.#inner.with(fields), { ...this.#fields, ...fields }, this.#selector);
  }
}

/** Which events are traced: all of a message, and those of its session; before there is a message, what refused an address. */
class Selector {
  readonly #deps: TracingLogDeps;
  readonly #sessions = new Sessions();

  constructor(deps: TracingLogDeps) {
    this.#deps = deps;
  }

  see(event: string, carried: LogFields, own: LogFields | undefined): void {
    const message = idOf(own?.["message"] ?? carried["message"]);
    const session = idOf(own?.["session"] ?? carried["session"]);
    if (message === null && session === null && !event.endsWith("-refused")) return;
    if (!this.#deps.isOn()) return;
    const seen: LoggedEvent = { at: this.#deps.clock.now(), event, fields: { ...carried, ...own } };
    for (const one of this.#select(seen, message, session)) this.#deps.note(one);
  }

  #select(seen: LoggedEvent, message: string | null, session: string | null): readonly LoggedEvent[] {
    if (message !== null) return session === null ? [seen] : [...this.#sessions.brings(session), seen];
    const concernsAddress = isEntry(seen.event) && keysOf(seen.fields).length > 0;
    if (session === null) return concernsAddress ? [seen] : [];
    return this.#sessions.lone(session, seen, concernsAddress);
  }
}
