import { encodeUtf8 } from "../../core/bytes.ts";
import { encodeLine, encodeString } from "./encoder.ts";

const ACTIVE = encodeUtf8("ACTIVE");

/** RFC 5804 section 2.7: a line for each script. */
export function encodeScriptList(
  scripts: readonly { readonly name: string; readonly isActive: boolean }[],
): Uint8Array[] {
  return scripts.map(({ name, isActive }) => encodeLine(encodeString(name), ...isActive ? [ACTIVE] : []));
}
