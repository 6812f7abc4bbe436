import { encodeLine, encodeString } from "./encoder.ts";

/** A capability by its name, and what it says; null when the name says it all (RFC 5804 section 1.7). */
export type Capability = readonly [name: string, value: string | null];

/** A line for each; the response follows. */
export function encodeCapabilities(capabilities: readonly Capability[]): Uint8Array[] {
  return capabilities.map(([name, value]) =>
    value === null ? encodeLine(encodeString(name)) : encodeLine(encodeString(name), encodeString(value))
  );
}
