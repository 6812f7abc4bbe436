import { ProtocolError, Refusal } from "../../../core/errors.ts";
import { Reply, reply } from "../../../core/reply.ts";
import { beginSasl, type LogInStep, type SaslLogIn } from "../../../intake/sasl_log_in.ts";
import { decodeBase64, encodeBase64 } from "../../../wire/sasl/mod.ts";
import type { SmtpState } from "../state.ts";
import { hangUp, type Step } from "../step.ts";

/** RFC 4954 section 4: `AUTH mechanism [initial-response]`. */
export function auth(state: SmtpState, argument: string): Step | Promise<Step> {
  const refusal = notNow(state);
  if (refusal !== null) return refusal;
  const [mechanism = "", initial, ...more] = argument.split(" ").filter((word) => word !== "");
  if (mechanism === "" || more.length > 0) {
    return reply(501, "5.5.4", "Expected a mechanism and at most one response");
  }
  const client = { address: state.clientAddress, protocol: "smtp", tls: state.tls };
  const logIn = beginSasl(mechanism, state.deps, client);
  if (logIn === null) return reply(504, "5.5.4", "No such authentication mechanism");
  return proceed(
    state,
    logIn,
    async () => await logIn.start(initial === undefined ? null : decodeInitial(initial)),
  );
}

/** Why there is no log-in in this state; null when there may be one. */
function notNow(state: SmtpState): Reply | null {
  if (!state.isSubmission) {
    return reply(502, "5.5.1", "Log-in is not offered on this port; use 465 or 587");
  }
  if (state.account !== null) return reply(503, "5.5.1", "You are logged in already");
  // RFC 4954 section 6.
  if (!state.mayAuthenticate) return reply(538, "5.7.11", "Say STARTTLS first: log-in needs encryption");
  return null;
}

/** An empty initial response is written as `=` (RFC 4954 section 4). */
function decodeInitial(text: string): Uint8Array {
  return text === "=" ? new Uint8Array(0) : decodeBase64(text);
}

async function proceed(
  state: SmtpState,
  logIn: SaslLogIn,
  advance: () => Promise<LogInStep>,
): Promise<Step> {
  const step = await attempt(state, advance);
  if (step instanceof Reply) return step;
  switch (step.kind) {
    case "challenge":
      return {
        kind: "ask",
        prompt: reply(334, null, encodeBase64(step.challenge)),
        answer: (line) =>
          line === "*"
            ? reply(501, "5.7.0", "Log-in cancelled")
            : proceed(state, logIn, async () => await logIn.next(decodeBase64(line))),
      };
    case "failure":
      state.log.info("auth-failed", { user: step.user.slice(0, 256), client: state.clientAddress });
      return await refuseLogIn(state);
    case "success":
      state.log.info("auth-ok", { account: step.account, client: state.clientAddress });
      state.account = step.account;
      return reply(235, "2.7.0", "Welcome");
  }
}

/** RFC 4954 section 4: 501 for what cannot be read; and nothing that goes wrong here may look like a wrong password. */
async function attempt(state: SmtpState, advance: () => Promise<LogInStep>): Promise<LogInStep | Reply> {
  try {
    return await advance();
  } catch (error) {
    if (error instanceof ProtocolError) return reply(501, "5.5.2", error.message);
    if (error instanceof Refusal) throw error;
    const detail = error instanceof Error ? error.stack ?? error.message : String(error);
    state.log.error("session-error", { command: "AUTH", error: detail });
    throw Refusal.of(454, "4.7.0", "Log-in does not work at the moment, try again later");
  }
}

/** Each failure costs twice the time of the one before, and only a few are allowed. */
async function refuseLogIn(state: SmtpState): Promise<Step> {
  const { limits, counts, deps } = state;
  const failures = ++counts.authFailures;
  const delay = Math.min(limits.authDelayMs * 2 ** (failures - 1), limits.authDelayMaxMs);
  await deps.clock.sleep(delay, deps.shutdown);
  if (failures >= limits.authTries) {
    return hangUp(reply(421, "4.7.0", "Too many failed log-ins"), "too-many-log-ins");
  }
  return reply(535, "5.7.8", "Wrong user name or password");
}
