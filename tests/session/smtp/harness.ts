/** Starts SMTP sessions on connections in memory. */
import type { Authenticate } from "../../../src/core/ports.ts";
import {
  type ClientRates,
  defaultSmtpLimits,
  serveSmtp,
  type SmtpDeps,
  type SmtpLimits,
  type SmtpService,
} from "../../../src/session/smtp/mod.ts";
import { type ConnPair, connPair, type ConnPairOptions } from "../../support/fake_conn.ts";
import { FixedClock, live, RecordingLog, RecordingMetrics, seededRandom } from "../../support/fakes.ts";
import { ScriptedDoor } from "./scripted_door.ts";

export interface Running extends ConnPair {
  readonly door: ScriptedDoor;
  readonly log: RecordingLog;
  readonly metrics: RecordingMetrics;
  readonly clock: FixedClock;
  readonly stop: AbortController;
  /** Resolves when the session has ended. */
  readonly ended: Promise<void>;
}

export interface SessionOptions {
  readonly service?: SmtpService;
  readonly conn?: ConnPairOptions;
  readonly limits?: Partial<SmtpLimits>;
  readonly plaintextAuth?: boolean;
  readonly strangersDsn?: boolean;
  readonly authenticate?: Authenticate;
  readonly rates?: ClientRates;
  readonly clock?: FixedClock;
}

/** alice may log in. */
export const authenticateAlice: Authenticate = (user, password) =>
  Promise.resolve(
    user.toLowerCase() === "alice@example.com" && password === "secret" ? "alice@example.com" : null,
  );

export function startSession(options: SessionOptions = {}): Running {
  const pair = connPair(options.conn);
  const parts = {
    door: new ScriptedDoor(),
    log: new RecordingLog(),
    metrics: new RecordingMetrics(),
    clock: options.clock ?? new FixedClock(),
    stop: new AbortController(),
  };
  const deps: SmtpDeps = {
    ...parts,
    hostname: "mx.example.com",
    authenticate: options.authenticate ?? authenticateAlice,
    random: seededRandom(),
    limits: live({ ...defaultSmtpLimits, ...options.limits }),
    shutdown: parts.stop.signal,
    plaintextAuth: live(options.plaintextAuth ?? false),
    strangersDsn: { current: options.strangersDsn ?? true },
    ...(options.rates === undefined ? {} : { rates: options.rates }),
  };
  return { ...pair, ...parts, ended: serveSmtp(pair.server, options.service ?? "smtp", deps) };
}
