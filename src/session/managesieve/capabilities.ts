import { saslMechanisms } from "../../intake/sasl_log_in.ts";
import { isLoopback } from "../../core/loopback.ts";
import { type Capability, encodeCapabilities, ok, type Response } from "../../wire/managesieve/mod.ts";
import type { ManageSieveSession } from "./context.ts";

/** RFC 5804 section 1.7: what the server can do for this client now. */
export function capabilities(session: ManageSieveSession): Capability[] {
  const { language, isLoggedIn, conn } = session;
  return [
    ["IMPLEMENTATION", "Mailden"],
    // Empty where nobody may, or need, log in.
    ["SASL", isLoggedIn || !passwordAllowed(session) ? "" : mechanisms(session).join(" ")],
    ["SIEVE", language.extensions.join(" ")],
    ...isLoggedIn || conn.tls !== null ? [] : [["STARTTLS", null] as const],
    ["MAXREDIRECTS", String(language.maxRedirects)],
    ...language.notifyMethods.length === 0 ? [] : [["NOTIFY", language.notifyMethods.join(" ")] as const],
    ...isLoggedIn ? [["OWNER", session.account] as const] : [],
    ["UNAUTHENTICATE", null],
    // NOOP, RENAMESCRIPT and CHECKSCRIPT are there.
    ["VERSION", "1.0"],
  ];
}

/** Told unasked as the greeting and after TLS has begun (section 1.7), and by CAPABILITY. */
export function capabilityAnswer(
  session: ManageSieveSession,
  text: string,
): { readonly data: readonly Uint8Array[]; readonly response: Response } {
  return { data: encodeCapabilities(capabilities(session)), response: ok(text) };
}

/** Without LOGIN, which no client of this protocol needs. */
export function mechanisms({ deps, conn }: ManageSieveSession): string[] {
  return saslMechanisms(deps, conn.tls, ["LOGIN"]);
}

/** Whether a password may be sent now: under TLS, or, where the configuration allows it, on this machine. */
export function passwordAllowed({ conn, deps }: ManageSieveSession): boolean {
  return conn.tls !== null || (deps.plaintextAuth.current && isLoopback(conn.remote.host));
}
