/** The fields of an event, read back with care: other versions, and other rooms, may have written others. */
import type { TraceEvent } from "../../store/mod.ts";

/** The longest list that a sentence names in full. */
const NAMED = 3;

export function textOf({ fields }: TraceEvent, name: string): string | null {
  const value = fields[name];
  return typeof value === "string" && value !== "" ? value : null;
}

export function numberOf({ fields }: TraceEvent, name: string): number | null {
  const value = fields[name];
  return typeof value === "number" ? value : null;
}

export function listOf({ fields }: TraceEvent, name: string): readonly string[] {
  const value = fields[name];
  return Array.isArray(value) ? value : [];
}

/** `<a@x>, <b@x>, <c@x> and 4 more`. */
export function addresses(list: readonly string[]): string {
  const named = list.slice(0, NAMED).map((address) => `<${address}>`).join(", ");
  return list.length > NAMED ? `${named} and ${list.length - NAMED} more` : named;
}

/** `2026-01-31 12:34:56Z`. */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")}Z`;
}
