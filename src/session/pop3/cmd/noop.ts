import { ok } from "../../../wire/pop3/mod.ts";
import type { Answer } from "../context.ts";

/** RFC 1939 section 5. */
export function noop(): Answer {
  return { reply: ok() };
}
