import type { Address } from "../../core/address.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { Log } from "../../core/ports.ts";
import { type Reply, reply } from "../../core/reply.ts";
import type { Attempt } from "../../queue/courier.ts";
import { ContentError, HostFailure, isLost, PolicyFailure } from "./failure.ts";
import { isPolicyRefusal } from "./fallback.ts";
import { Host, type ReadyPeer } from "./host.ts";
import { findRoute, type Route } from "./mx.ts";
import type { CourierParts } from "./parts.ts";
import { describeTarget, type Peer } from "./peer.ts";
import type { DomainPolicy } from "./policy/mod.ts";
import type { RelaySettings } from "./settings.ts";
import { type HostTarget, Targets } from "./targets.ts";
import { type Answer, Transaction } from "./transaction.ts";

export interface RemoteAttemptOptions {
  /** The host to go to; null: those that the DNS names. */
  readonly relay: RelaySettings | null;
  readonly signal: AbortSignal;
}

/**
 * One try to hand one message to its next host. The steps: find the route and the policy of the domain, go through the hosts in
 * order, at each of them get a connection that the policy allows and run a transaction, until every recipient has its answer or no
 * host is left. A permanent or a temporary reply to a recipient is an answer; a host that cannot be talked to, or refuses to talk, is
 * not: the next one is asked.
 */
export class RemoteAttempt {
  /** Recipients whose host refuses us for reasons of policy, with its words. */
  readonly refused = new Map<Address, Reply>();
  readonly #attempt: Attempt;
  readonly #domain: string;
  readonly #parts: CourierParts;
  readonly #signal: AbortSignal;
  readonly #log: Log;
  readonly #relay: RelaySettings | null;
  /** Recipients without an answer yet. */
  #open: readonly Address[];
  readonly #outcomes = new Map<Address, Outcome>();
  readonly #failures: HostFailure[] = [];

  constructor(attempt: Attempt, parts: CourierParts, options: RemoteAttemptOptions) {
    this.#attempt = attempt;
    this.#domain = attempt.recipients[0]?.domain ?? "";
    this.#parts = parts;
    this.#signal = options.signal;
    this.#log = parts.deps.log.with({ message: attempt.id });
    this.#relay = options.relay;
    this.#open = attempt.recipients;
  }

  async run(): Promise<Outcome[]> {
    const { policies, deps } = this.#parts;
    const [route, domainPolicy] = await Promise.all([
      this.#findRoute(),
      this.#relay === null ? policies.ofDomain(this.#domain, deps.settings.current) : null,
    ]);
    if (route.kind === "answer") this.#answerRest(route.reply, null);
    else await this.#tryHosts(route, domainPolicy);
    return this.#attempt.recipients.map((recipient) => this.#outcomes.get(recipient)!);
  }

  #findRoute(): Route | Promise<Route> {
    const { resolver, random, settings } = this.#parts.deps;
    if (this.#relay !== null) {
      const { host, port } = this.#relay;
      const groups = [[{ name: host, addresses: null, port }]];
      return { kind: "hosts", groups, implicit: false, authentic: false };
    }
    return findRoute(this.#domain, { resolver, random, port: settings.current.port, signal: this.#signal });
  }

  async #tryHosts(
    route: Extract<Route, { kind: "hosts" }>,
    domainPolicy: DomainPolicy | null,
  ): Promise<void> {
    const isRelay = this.#relay !== null;
    const targets = new Targets(this.#domain, route, {
      deps: this.#parts.deps,
      isRelay,
      signal: this.#signal,
    });
    for await (const target of targets) {
      if (this.#signal.aborted) break;
      await this.#tryHost(target, domainPolicy);
      if (this.#open.length === 0) return;
    }
    if (this.#signal.aborted) {
      return this.#answerRest(reply(451, "4.3.2", "This server is being stopped"), null);
    }
    this.#noteRefusals();
    const failure = this.#tellingFailure();
    const answer = failure === null ? this.#spareRelay(targets.deadEnd) : this.#finalWords(failure);
    this.#answerRest(answer, failure?.host ?? null);
  }

  /** Of all that went wrong, what a host said about us rather than about itself. */
  #noteRefusals(): void {
    const said = this.#failures.find((failure) =>
      !(failure instanceof PolicyFailure) && failure.host !== null && isPolicyRefusal(failure.reply, "host")
    );
    if (said === undefined) return;
    for (const recipient of this.#open) this.refused.set(recipient, said.reply);
  }

  #finalWords(failure: HostFailure): Reply {
    return failure instanceof PolicyFailure ? failure.reply : this.#spareRelay(failure.reply);
  }

  /** What is wrong between us and our relay is for the operator to mend; it must not bounce everybody's mail. */
  #spareRelay(answer: Reply): Reply {
    if (this.#relay === null || !answer.isPermanent) return answer;
    return reply(451, "4.3.5", `The relay ${this.#relay.host} cannot be used: ${answer}`);
  }

  /** Which of several failures to report: one in which a host said something, and rather a temporary one. */
  #tellingFailure(): HostFailure | null {
    const said = this.#failures.filter((failure) => failure.host !== null);
    const temporary = this.#failures.filter(({ reply }) => reply.isTemporary);
    // Only when each of the hosts refuses for good is it worth telling the sender at once.
    if (temporary.length === 0) return said.at(-1) ?? this.#failures.at(-1) ?? null;
    return said.findLast((failure) => temporary.includes(failure)) ?? temporary.at(-1)!;
  }

  async #tryHost(target: HostTarget, domainPolicy: DomainPolicy | null): Promise<void> {
    const host = new Host(target, this.#parts, {
      attempt: this.#attempt,
      relay: this.#relay,
      domainPolicy,
      log: this.#log,
      signal: this.#signal,
    });
    const refusal = await host.prepare();
    if (refusal !== null) return this.#noteFailure(target.name, refusal);
    const idle = host.takeIdle();
    // A host may have closed an idle connection at any time; that says nothing about it.
    if (idle !== null && await this.#transact(idle, { reused: true })) return;
    while (host.hasMore && this.#open.length > 0 && !this.#signal.aborted) {
      const ready = await host.open((where, failure) => this.#noteFailure(describeTarget(where), failure));
      if (ready !== null) await this.#transact(ready, { reused: false });
    }
  }

  /** False when a reused connection turned out to be dead before anything was said on it. */
  async #transact(ready: ReadyPeer, { reused }: { readonly reused: boolean }): Promise<boolean> {
    const { peer, requirement, verdict } = ready;
    this.#log.info("delivery-attempt", {
      session: peer.conn.id,
      host: peer.target.name,
      address: peer.target.address,
      port: peer.target.port,
      tls: peer.conn.tls?.version ?? null,
      policy: requirement.policy,
      verified: verdict.verified,
      reused,
      recipients: this.#open.length,
    });
    const { timeouts, bdatSize } = this.#parts.deps.settings.current;
    const transaction = new Transaction(peer, this.#attempt, { recipients: this.#open, timeouts, bdatSize });
    const abort = () => peer.conn.close();
    this.#signal.addEventListener("abort", abort);
    try {
      await transaction.run();
      this.#collect(transaction, peer);
      this.#parts.pool.put(peer);
      await this.#remember(transaction, ready);
      return true;
    } catch (error) {
      peer.quit();
      this.#collect(transaction, peer);
      if (error instanceof ContentError) throw error;
      return this.#noteBroken(error, { peer, transaction, reused });
    } finally {
      this.#signal.removeEventListener("abort", abort);
    }
  }

  /** The TLS that a message was taken over is the least for the next one. */
  async #remember({ answers }: Transaction, { peer, verdict }: ReadyPeer): Promise<void> {
    if (!this.#parts.deps.settings.current.tlsMemory || this.#relay !== null || peer.tls === null) return;
    if (![...answers.values()].some(({ reply }) => reply.isSuccess)) return;
    await this.#parts.policies.remember(this.#domain, verdict.verified === null ? "encrypted" : "verified");
  }

  #noteBroken(
    error: unknown,
    { peer, transaction, reused }: { peer: Peer; transaction: Transaction; reused: boolean },
  ): boolean {
    const where = describeTarget(peer.target);
    if (error instanceof HostFailure) {
      // 421 on an old connection is its end, not a refusal of this message (RFC 5321 section 3.8).
      if (reused && error.reply.code === 421) return false;
      this.#noteFailure(where, error);
      return true;
    }
    if (!isLost(error)) throw error;
    const words = reply(451, "4.4.2", `The connection to ${peer.host} broke: ${error.message}`);
    if (transaction.finalDotSent) {
      // The host may have the message; asking another one now would deliver it twice for certain.
      this.#answerRest(words, peer.host);
      return true;
    }
    if (reused) return false;
    this.#noteFailure(where, new HostFailure(words, peer.host));
    return true;
  }

  #noteFailure(host: string, failure: HostFailure): void {
    this.#failures.push(failure);
    this.#log.info("delivery-host-failed", { host, reply: failure.reply.toString() });
  }

  #collect(transaction: Transaction, peer: Peer): void {
    const { answers, passesDsnOn } = transaction;
    for (const [recipient, answer] of answers) this.#take(recipient, answer, { peer, passesDsnOn });
    this.#open = this.#open.filter((recipient) => !answers.has(recipient));
  }

  #take(
    recipient: Address,
    { reply, step }: Answer,
    { peer, passesDsnOn }: { readonly peer: Peer; readonly passesDsnOn: boolean },
  ): void {
    if (!reply.isSuccess && step !== null && isPolicyRefusal(reply, step)) this.refused.set(recipient, reply);
    this.#answer(recipient, reply, { host: peer.host, dsnPassedOn: passesDsnOn });
  }

  #answerRest(answer: Reply, host: string | null): void {
    for (const recipient of this.#open) this.#answer(recipient, answer, { host });
    this.#open = [];
  }

  #answer(
    recipient: Address,
    answer: Reply,
    { host, dsnPassedOn = false }: { readonly host: string | null; readonly dsnPassedOn?: boolean },
  ): void {
    const kind = answer.isPermanent ? "failed" : answer.isTemporary ? "deferred" : "relayed";
    const passed = kind === "relayed" && dsnPassedOn ? { dsnPassedOn } : {};
    this.#outcomes.set(recipient, { recipient, kind, reply: answer, host, ...passed });
  }
}
