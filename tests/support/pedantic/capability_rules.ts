import { GrammarError } from "./scanner.ts";
import type { Talk } from "./talk.ts";

/** RFC 3501 section 7.2.1, RFC 7888 section 5: what cannot be together, and what has no place after log-in. */
export function checkCapabilities(talk: Talk, names: readonly string[]): void {
  const fail = (what: string) => {
    throw new GrammarError(`${what} in the capabilities: ${names.join(" ")}`);
  };
  if (!names.includes("IMAP4rev1") && !names.includes("IMAP4rev2")) fail("No IMAP4rev1");
  if (new Set(names).size !== names.length) fail("Something twice");
  if (names.includes("LITERAL+") && names.includes("LITERAL-")) fail("LITERAL+ and LITERAL-");
  if (talk.state !== "authenticated" && talk.state !== "selected") return;
  const early = names.find((name) => /^(?:STARTTLS|LOGINDISABLED)$/.test(name));
  if (early !== undefined) fail(`${early} after log-in`);
}
