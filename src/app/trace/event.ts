/** How an event of the log becomes one of the trace: cut to size, without secrets, with the keys that it is found by. */
import type { LogFields } from "../../core/ports.ts";
import type { NewTraceEvent } from "../../store/mod.ts";
import { safeFields } from "../log/format.ts";

/** A message to more recipients is found by the first so many. */
const MAX_KEYS = 1000;
/** RFC 5321 allows 64 + 1 + 255 octets; a Message-ID of twice that is nothing anyone will type. */
const MAX_KEY = 640;
/** Fields that hold one address or Message-ID, or a list of addresses. */
const KEY_FIELDS = ["from", "sender", "account", "recipient", "recipients", "local", "remote", "messageId"];

/** An event as a room logged it, with the fields that its log carries. */
export interface LoggedEvent {
  readonly at: number;
  readonly event: string;
  readonly fields: LogFields;
}

export function toTraceEvent({ at, event, fields }: LoggedEvent): NewTraceEvent {
  const { message, session, ...rest } = fields;
  return {
    at,
    event,
    message: idOf(message),
    session: idOf(session),
    fields: withoutNulls(safeFields(rest) as LogFields),
    keys: isEntry(event) ? keysOf(fields) : [],
  };
}

/** What says nothing takes no room. */
function withoutNulls(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** An id among the fields, which may also be missing or null. */
export function idOf(value: LogFields[string] | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/**
 * Only what begins a story (taken, or refused) is found by address: the rest of the story hangs on the message's id, and
 * need not pay for keys of its own.
 */
export function isEntry(event: string): boolean {
  return event.endsWith("-accepted") || event.endsWith("-refused");
}

/** Addresses and Message-IDs, in lower case. */
export function keysOf(fields: LogFields): string[] {
  const keys = new Set<string>();
  const add = (value: unknown) => {
    if (typeof value !== "string" || value.length > MAX_KEY || keys.size >= MAX_KEYS) return;
    // An IP address is no key; and a NUL would end the text in SQLite.
    if ((value.includes("@") || value.startsWith("<")) && !value.includes("\0")) {
      keys.add(value.toLowerCase());
    }
  };
  for (const name of KEY_FIELDS) {
    const value = fields[name];
    if (Array.isArray(value)) value.forEach(add);
    else add(value);
  }
  add(addressIn(fields["command"]));
  return [...keys];
}

/** The address in `RCPT TO:<bob@example.com> NOTIFY=NEVER`. */
function addressIn(command: LogFields[string] | undefined): string | null {
  if (typeof command !== "string" || !/^(MAIL|RCPT) /i.test(command)) return null;
  const start = command.indexOf("<");
  const end = command.indexOf(">", start);
  return start < 0 || end < 0 ? null : command.slice(start + 1, end);
}
