import type { Clock, Log } from "../../../core/ports.ts";
import type { FactStore } from "../../../store/mod.ts";
import type { TlsFailureType } from "./failure_type.ts";

const SPACE = "tls-rpt";
const POLICY_SPACE = "tls-rpt-policy";
const DAY_MS = 86_400_000;
/** Reports are made of yesterday; a few days more for a server that was down. */
const KEPT_MS = 7 * DAY_MS;
/** Counts are collected for so long before they are written: one commit for many sessions. */
const FLUSH_MS = 5000;
/** More counters than these are written at once. */
const MAX_PENDING = 1000;

/** One session, as RFC 8460 counts it. */
export interface TlsResult {
  /** The recipients' domain. */
  readonly domain: string;
  readonly policyType: "tlsa" | "sts" | "no-policy-found";
  /** The policy as it was applied, line by line. */
  readonly policy: readonly string[];
  /** The host's name and address; null where no host was talked to. */
  readonly host: { readonly name: string; readonly address: string } | null;
  /** Null for a session that went well. */
  readonly failure: TlsFailureType | null;
}

/**
 * Counts the sessions by day (UTC), domain, policy and result, for reports to those domains (RFC 8460). A counter's key is the day,
 * the domain, the policy type, `ok` or the kind of failure, and of a failure the host's name and address, with spaces between;
 * what the policy was stands beside, under the first three. Collected in memory for a moment: a crash loses some seconds of counting.
 */
export class TlsResults {
  readonly #facts: FactStore;
  readonly #clock: Clock;
  readonly #log: Log;
  #counts = new Map<string, number>();
  #policies = new Map<string, string>();
  #timer: AbortController | null = null;

  constructor(deps: { readonly facts: FactStore; readonly clock: Clock; readonly log: Log }) {
    this.#facts = deps.facts;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  record({ domain, policyType, policy, host, failure }: TlsResult): void {
    const day = new Date(this.#clock.now()).toISOString().slice(0, 10);
    const subject = `${day} ${domain} ${policyType}`;
    const where = failure === null ? "ok" : `${failure} ${host?.name ?? "-"} ${host?.address ?? "-"}`;
    const key = `${subject} ${where}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    if (policyType !== "no-policy-found") this.#policies.set(subject, JSON.stringify(policy));
    if (this.#counts.size >= MAX_PENDING) void this.flush();
    else this.#schedule();
  }

  /** Writes what was collected. */
  async flush(): Promise<void> {
    this.#timer?.abort();
    this.#timer = null;
    const [counts, policies] = [this.#counts, this.#policies];
    this.#counts = new Map();
    this.#policies = new Map();
    const expiresAt = this.#clock.now() + KEPT_MS;
    try {
      await Promise.all([
        ...[...counts].map(([key, by]) => this.#facts.add(SPACE, { key, by, expiresAt })),
        ...[...policies].map(([key, value]) => this.#facts.put(POLICY_SPACE, { key, value, expiresAt })),
      ]);
    } catch (error) {
      // Statistics: not worth a delivery.
      this.#log.warn("tls-results-not-kept", { error: String(error) });
    }
  }

  #schedule(): void {
    if (this.#timer !== null) return;
    const timer = new AbortController();
    this.#timer = timer;
    this.#clock.sleep(FLUSH_MS, timer.signal).then(() => timer.signal.aborted ? undefined : this.flush());
  }
}
