import { type Address, addressKey } from "../core/address.ts";
import { Refusal } from "../core/errors.ts";
import type { Clock, Live, Log, Metrics } from "../core/ports.ts";
import type { FactStore } from "../store/mod.ts";
import { BoundedMap } from "./bounded_map.ts";
import { DailyCounter } from "./daily_counter.ts";
import type { Directory } from "./directory.ts";
import type { SubmissionSettings } from "./submission_settings.ts";

export interface SendingCapsDeps {
  readonly facts: FactStore;
  readonly directory: Live<Directory>;
  readonly settings: Live<SubmissionSettings>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Tells the account and the administrator; called once in 24 hours for an account. Must not throw. */
  readonly notify: (hit: CapHit) => void;
}

export interface CapHit {
  readonly account: string;
  readonly kind: "recipients" | "new recipients";
  readonly limit: number;
  /** When the account may go on, in milliseconds since 1970. */
  readonly until: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** A correspondent is forgotten so long after the last letter, noted at most once in `RENEW_MS`. */
const REMEMBER_MS = 400 * DAY_MS;
const RENEW_MS = 30 * DAY_MS;
const CORRESPONDENTS = "correspondents";
const NOTICES = "caps-notice";
/** Of all accounts together, in memory; the rest is in the store. */
const CACHED = 10_000;

/**
 * How much an account may send in 24 hours, so that a stolen password does not become a spam cannon: recipients in all, and
 * recipients that it never wrote to before, which is what a spammer's are. Only addresses elsewhere count, and they
 * count when RCPT is accepted: a hundred connections at once get no more than one.
 */
export class SendingCaps {
  readonly #deps: SendingCapsDeps;
  readonly #sent: DailyCounter;
  readonly #fresh: DailyCounter;
  /** `account address`, and until when the store knows it. */
  readonly #known = new BoundedMap<number>();
  /** Accounts whose notice is out, and until when there is no other. */
  readonly #notified = new BoundedMap<number>();

  constructor(deps: SendingCapsDeps) {
    this.#deps = deps;
    this.#sent = new DailyCounter({ ...deps, space: "recipients-today" });
    this.#fresh = new DailyCounter({ ...deps, space: "new-recipients-today" });
  }

  /** Counts the recipient, or throws `Refusal` 450 4.7.1. */
  async admit(account: string, recipient: Address): Promise<void> {
    const caps = this.#capsOf(account);
    const key = `${account} ${addressKey(recipient)}`;
    const isKnown = await this.#isKnown(key);
    const [sent, fresh] = await Promise.all([this.#sent.open(account), this.#fresh.open(account)]);
    // From here to the end of the counting nobody else has a turn.
    if (caps.recipientsPerDay !== null && sent.count >= caps.recipientsPerDay) {
      const hit = { kind: "recipients", limit: caps.recipientsPerDay, until: sent.expiresAt } as const;
      throw await this.#refuse({ ...hit, account });
    }
    if (!isKnown && caps.newRecipientsPerDay !== null && fresh.count >= caps.newRecipientsPerDay) {
      const hit = {
        kind: "new recipients",
        limit: caps.newRecipientsPerDay,
        until: fresh.expiresAt,
      } as const;
      throw await this.#refuse({ ...hit, account });
    }
    this.#sent.add(account, sent);
    if (!isKnown) this.#fresh.add(account, fresh);
    this.#remember(key);
  }

  #capsOf(account: string): Pick<SubmissionSettings, "recipientsPerDay" | "newRecipientsPerDay"> {
    const { settings, directory } = this.#deps;
    const info = directory.current.account(account);
    const { recipientsPerDay = settings.current.recipientsPerDay } = info ?? {};
    const { newRecipientsPerDay = settings.current.newRecipientsPerDay } = info ?? {};
    return { recipientsPerDay, newRecipientsPerDay };
  }

  async #isKnown(key: string): Promise<boolean> {
    const { facts, clock } = this.#deps;
    if ((this.#known.get(key) ?? 0) > clock.now()) return true;
    const fact = await facts.get(CORRESPONDENTS, key);
    if (fact === null) return false;
    this.#known.set(key, fact.expiresAt, CACHED);
    return true;
  }

  /** In the background: a session does not wait for it, and what is lost with a crash is a stranger once more. */
  #remember(key: string): void {
    const { facts, clock, log } = this.#deps;
    const expiresAt = clock.now() + REMEMBER_MS;
    if ((this.#known.get(key) ?? 0) > expiresAt - RENEW_MS) return;
    this.#known.set(key, expiresAt, CACHED);
    facts.put(CORRESPONDENTS, { key, value: "", expiresAt }).catch((error) =>
      log.warn("correspondent-not-saved", { error: String(error) })
    );
  }

  async #refuse(hit: CapHit): Promise<Refusal> {
    const { metrics } = this.#deps;
    metrics.count("mailden_sending_cap_refusals_total", { kind: hit.kind === "recipients" ? "all" : "new" });
    await this.#notifyOnce(hit);
    const from = new Date(hit.until).toISOString().slice(0, 16).replace("T", " ");
    return Refusal.of(
      450,
      "4.7.1",
      `You have reached your limit of ${hit.limit} ${hit.kind} in 24 hours; try again after ${from} UTC`,
      `${hit.account} has reached its limit of ${hit.kind}`,
    );
  }

  /** Once in 24 hours, also across a restart. */
  async #notifyOnce(hit: CapHit): Promise<void> {
    const { facts, clock, log, notify } = this.#deps;
    const { account } = hit;
    const expiresAt = clock.now() + DAY_MS;
    if ((this.#notified.get(account) ?? 0) > clock.now()) return;
    this.#notified.set(account, expiresAt, CACHED);
    if (await facts.add(NOTICES, { key: account, by: 1, expiresAt }) > 1) return;
    log.warn("sending-cap-reached", { account, kind: hit.kind, limit: hit.limit });
    notify(hit);
  }
}
