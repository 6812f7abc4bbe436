import { DnsError } from "../../../core/errors.ts";
import type { Clock, Live, Log, Resolver } from "../../../core/ports.ts";
import { FetchError, type FetchText } from "../../../net/fetch_text.ts";
import type { ClientTrust } from "../../../net/tls/trust.ts";
import type { FactStore } from "../../../store/mod.ts";
import type { TlsFailure } from "./failure_type.ts";
import { parseStsPolicy, readStsRecord, type StsPolicy } from "./sts_policy.ts";

const SPACE = "mta-sts";
const RETRY_SPACE = "mta-sts-retry";
/** RFC 8461 section 3.3: a fetch that failed is not tried again for five minutes at least. */
const RETRY_MS = 5 * 60_000;
/** RFC 8461 section 3.2 leaves a short life to the domain, but a policy of seconds would protect nobody. */
const MIN_AGE_MS = 60 * 60_000;
const MAX_POLICY_BYTES = 64 * 1024;

export interface StsDeps {
  readonly resolver: Resolver;
  readonly facts: FactStore;
  readonly fetchText: FetchText;
  readonly trust: Live<ClientTrust>;
  readonly settings: Live<{ readonly mtaStsPort: number; readonly mtaStsTimeoutMs: number }>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface StsResult {
  /** In force now, of mode `enforce` or `testing`. */
  readonly policy: StsPolicy | null;
  /** Why a policy that is published could not be had. */
  readonly failure: TlsFailure | null;
}

interface Cached extends StsPolicy {
  readonly id: string;
  readonly fetchedAt: number;
}

/**
 * Policies of domains, kept as facts for as long as they say. A policy that was seen once stays in force until its end, whatever
 * the DNS says meanwhile (RFC 8461 section 5.1): who can forge the DNS must not be able to switch it off.
 */
export class Sts {
  readonly #deps: StsDeps;
  /** Fetches under way: a crowd of messages to one domain fetches once. */
  readonly #underWay = new Map<string, Promise<StsResult>>();
  readonly #closing = new AbortController();

  constructor(deps: StsDeps) {
    this.#deps = deps;
  }

  find(domain: string): Promise<StsResult> {
    let finding = this.#underWay.get(domain);
    if (finding === undefined) {
      finding = this.#find(domain).finally(() => this.#underWay.delete(domain));
      this.#underWay.set(domain, finding);
    }
    return finding;
  }

  close(): void {
    this.#closing.abort();
  }

  async #find(domain: string): Promise<StsResult> {
    const cached = await this.#cached(domain);
    const id = await this.#publishedId(domain);
    if (id === null || (cached?.id === id && !this.#isAging(cached))) return inForce(cached);
    const retry = await this.#deps.facts.get(RETRY_SPACE, domain);
    if (retry !== null) return inForce(cached, JSON.parse(retry.value) as TlsFailure);
    return await this.#fetch(domain, { id, cached });
  }

  async #cached(domain: string): Promise<Cached | null> {
    const fact = await this.#deps.facts.get(SPACE, domain);
    return fact === null ? null : JSON.parse(fact.value) as Cached;
  }

  /** Past half of its life a policy is fetched again though nothing changed, so that it does not end by neglect. */
  #isAging({ fetchedAt, maxAgeMs }: Cached): boolean {
    return this.#deps.clock.now() - fetchedAt > maxAgeMs / 2;
  }

  async #publishedId(domain: string): Promise<string | null> {
    try {
      return readStsRecord(
        (await this.#deps.resolver.txt(`_mta-sts.${domain}`, this.#closing.signal)).records,
      );
    } catch (error) {
      if (error instanceof DnsError) return null;
      throw error;
    }
  }

  async #fetch(
    domain: string,
    { id, cached }: { readonly id: string; readonly cached: Cached | null },
  ): Promise<StsResult> {
    const { clock, facts, log } = this.#deps;
    const now = clock.now();
    const fetched = await this.#request(domain);
    if ("type" in fetched) {
      log.info("mta-sts-failed", { domain, result: fetched.type, reason: fetched.text });
      if (!this.#closing.signal.aborted) {
        await facts.put(RETRY_SPACE, {
          key: domain,
          value: JSON.stringify(fetched),
          expiresAt: now + RETRY_MS,
        });
      }
      return inForce(cached, fetched);
    }
    const policy: Cached = { ...fetched, id, fetchedAt: now };
    await facts.put(SPACE, { key: domain, value: JSON.stringify(policy), expiresAt: now + policy.maxAgeMs });
    log.info("mta-sts-policy", { domain, id, mode: policy.mode, mx: policy.mx.slice(0, 20) });
    return inForce(policy);
  }

  async #request(domain: string): Promise<StsPolicy | TlsFailure> {
    const { fetchText, settings, trust } = this.#deps;
    try {
      const text = await fetchText({
        // RFC 8461 section 3.3.
        url: `https://mta-sts.${domain}/.well-known/mta-sts.txt`,
        maxBytes: MAX_POLICY_BYTES,
        timeoutMs: settings.current.mtaStsTimeoutMs,
        mediaType: "text/plain",
        port: settings.current.mtaStsPort,
        trust: trust.current,
        signal: this.#closing.signal,
      });
      const policy = parseStsPolicy(text);
      if (policy === null) return { type: "sts-policy-invalid", text: "the policy file is not valid" };
      return { ...policy, maxAgeMs: Math.max(policy.maxAgeMs, MIN_AGE_MS) };
    } catch (error) {
      if (!(error instanceof FetchError)) throw error;
      const type = error.untrusted ? "sts-webpki-invalid" : "sts-policy-fetch-error";
      return { type, text: error.message };
    }
  }
}

function inForce(policy: StsPolicy | null, failure: TlsFailure | null = null): StsResult {
  return { policy: policy?.mode === "none" ? null : policy, failure };
}
