/** Sections of the file: fixed keys, all with defaults or all required, and nothing else. */
import { z } from "zod";
import { type Field, value } from "./fields.ts";

/** Where the schema keeps the keys it knows, for "did you mean"; `report.ts` splits them at the spaces. */
function knownKeys(shape: object): z.core.$ZodErrorMap {
  return (issue) => issue.code === "unrecognized_keys" ? Object.keys(shape).join(" ") : undefined;
}

/** A section that may be left out or be empty: then every key has its default. */
export function section<S extends z.ZodRawShape>(shape: S) {
  return z.preprocess(emptyIfNull, z.strictObject(shape, { error: knownKeys(shape) })).prefault({});
}

/** The keys of a section of free names (domains, accounts), or none. */
export function records<T extends z.ZodType>(schema: T) {
  return z.preprocess(emptyIfNull, z.record(z.string(), schema)).prefault({});
}

/** The fields of one of the rooms' settings, under the names they have there: all of them, or it does not compile. */
export type FieldsOf<T extends object> = { readonly [K in keyof T]-?: Field<T[K]> };

/** The keys of the file for settings whose own names would not read well there. */
export type FileKeys<T extends object> = { readonly [K in keyof T]?: string };

/**
 * A section made from a room's settings. `commandTimeoutMs` is `command_timeout` in the file unless `keys` says
 * otherwise; what the file leaves out comes from the room's own defaults, the only place where a default stands.
 */
export function settingsSection<T extends object>(defaults: T, fields: FieldsOf<T>, keys: FileKeys<T> = {}) {
  return section(settingsShape(defaults, fields, keys)).transform((read) =>
    settingsFrom<T>(read, fields, keys)
  );
}

/** The shape alone, for a section that has other keys too; `settingsFrom` takes the settings out of what was read. */
export function settingsShape<T extends object>(
  defaults: T,
  fields: FieldsOf<T>,
  keys: FileKeys<T> = {},
): Record<string, z.ZodType> {
  return Object.fromEntries(
    namesOf(fields).map((name) => {
      const field = value(fields[name] as Field<unknown>);
      return [keys[name] ?? fileKey(name), field.default(defaults[name])];
    }),
  );
}

export function settingsFrom<T extends object>(
  read: object,
  fields: FieldsOf<T>,
  keys: FileKeys<T> = {},
): T {
  const values = read as Record<string, unknown>;
  return Object.fromEntries(
    namesOf(fields).map((name) => [name, values[keys[name] ?? fileKey(name)]]),
  ) as T;
}

function namesOf<T extends object>(fields: FieldsOf<T>): (keyof T & string)[] {
  return Object.keys(fields) as (keyof T & string)[];
}

/** `maxCommandErrors` is `max_command_errors`; the unit stands with the value and not in the key. */
export function fileKey(name: string): string {
  return name.replace(/Ms$/, "").replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}

function emptyIfNull(found: unknown): unknown {
  return found ?? {};
}
