import { ProtocolError, Refusal } from "../../../core/errors.ts";
import { type Reply, reply } from "../../../core/reply.ts";
import {
  actsForItself,
  type Credentials,
  decodeBase64,
  encodeBase64,
  type SaslExchange,
  type SaslStep,
  startSasl,
} from "../../../wire/sasl/mod.ts";
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
  const exchange = startSasl(mechanism);
  if (exchange === null) return reply(504, "5.5.4", "No such authentication mechanism");
  return proceed(
    state,
    exchange,
    () => exchange.start(initial === undefined ? null : decodeInitial(initial)),
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

async function proceed(state: SmtpState, exchange: SaslExchange, advance: () => SaslStep): Promise<Step> {
  let step: SaslStep;
  try {
    step = advance();
  } catch (error) {
    if (error instanceof ProtocolError) return reply(501, "5.5.2", error.message);
    throw error;
  }
  if (step.kind === "credentials") return await logIn(state, step.credentials);
  return {
    kind: "ask",
    prompt: reply(334, null, encodeBase64(step.challenge)),
    answer: (line) =>
      line === "*"
        ? reply(501, "5.7.0", "Log-in cancelled")
        : proceed(state, exchange, () => exchange.next(decodeBase64(line))),
  };
}

async function logIn(state: SmtpState, credentials: Credentials): Promise<Step> {
  const account = await checkPassword(state, credentials);
  const { log } = state;
  if (account === null) {
    log.info("auth-failed", { user: credentials.user.slice(0, 256), client: state.clientAddress });
    return await refuseLogIn(state);
  }
  log.info("auth-ok", { account, client: state.clientAddress });
  state.account = account;
  return reply(235, "2.7.0", "Welcome");
}

async function checkPassword(state: SmtpState, credentials: Credentials): Promise<string | null> {
  const from = { address: state.clientAddress, protocol: "smtp" };
  try {
    const account = await state.deps.authenticate(credentials.user, credentials.password, from);
    return actsForItself(credentials) ? account : null;
  } catch (error) {
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
