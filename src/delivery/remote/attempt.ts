import type { Address } from "../../core/address.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { Log } from "../../core/ports.ts";
import { type Reply, reply } from "../../core/reply.ts";
import type { Attempt } from "../../queue/courier.ts";
import type { RemoteCourierDeps } from "./deps.ts";
import { ContentError, HostFailure, isLost } from "./failure.ts";
import { findRoute, type Route } from "./mx.ts";
import { openPeer } from "./open_peer.ts";
import { describeTarget, type Peer, type Target } from "./peer.ts";
import type { PeerPool } from "./pool.ts";
import type { RelaySettings } from "./settings.ts";
import { Targets } from "./targets.ts";
import { Transaction } from "./transaction.ts";

/**
 * One try to hand one message to its next host. The steps: find the route, go through its addresses in order, at each of them get
 * a connection and run a transaction, until every recipient has its answer or no address is left. A permanent or a
 * temporary reply to a recipient is an answer; a host that cannot be talked to, or refuses to talk, is not: the next one is asked.
 */
export class RemoteAttempt {
  readonly #attempt: Attempt;
  readonly #deps: RemoteCourierDeps;
  readonly #pool: PeerPool;
  readonly #signal: AbortSignal;
  readonly #log: Log;
  readonly #relay: RelaySettings | null;
  /** Recipients without an answer yet. */
  #open: readonly Address[];
  readonly #outcomes = new Map<Address, Outcome>();
  readonly #failures: HostFailure[] = [];

  constructor(
    attempt: Attempt,
    deps: RemoteCourierDeps,
    options: { readonly pool: PeerPool; readonly signal: AbortSignal },
  ) {
    this.#attempt = attempt;
    this.#deps = deps;
    this.#pool = options.pool;
    this.#signal = options.signal;
    this.#log = deps.log.with({ message: attempt.id });
    this.#relay = deps.settings.current.relay;
    this.#open = attempt.recipients;
  }

  async run(): Promise<Outcome[]> {
    const domain = this.#attempt.recipients[0]?.domain ?? "";
    const route = await this.#findRoute(domain);
    if (route.kind === "answer") this.#answerRest(route.reply, null);
    else await this.#tryTargets(domain, route);
    return this.#attempt.recipients.map((recipient) => this.#outcomes.get(recipient)!);
  }

  #findRoute(domain: string): Route | Promise<Route> {
    const { resolver, random, settings } = this.#deps;
    if (this.#relay !== null) {
      const { host, port } = this.#relay;
      return { kind: "hosts", groups: [[{ name: host, addresses: null, port }]], implicit: false };
    }
    return findRoute(domain, { resolver, random, port: settings.current.port, signal: this.#signal });
  }

  async #tryTargets(domain: string, route: Extract<Route, { kind: "hosts" }>): Promise<void> {
    const targets = new Targets(domain, route, { deps: this.#deps, signal: this.#signal });
    for await (const target of targets) {
      if (this.#signal.aborted) break;
      await this.#tryTarget(target);
      if (this.#open.length === 0) return;
    }
    if (this.#signal.aborted) {
      return this.#answerRest(reply(451, "4.3.2", "This server is being stopped"), null);
    }
    const failure = this.#tellingFailure();
    this.#answerRest(this.#spareRelay(failure?.reply ?? targets.deadEnd), failure?.host ?? null);
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
    if (temporary.length === 0) return said.at(-1) ?? null;
    return said.findLast((failure) => temporary.includes(failure)) ?? temporary.at(-1)!;
  }

  async #tryTarget(target: Target): Promise<void> {
    const idle = this.#pool.take(target);
    // A host may have closed an idle connection at any time; that says nothing about it.
    if (idle !== null && await this.#transact(idle, { reused: true })) return;
    if (this.#signal.aborted || this.#open.length === 0) return;
    try {
      const peer = await openPeer(target, this.#deps, {
        relay: this.#relay,
        log: this.#log,
        signal: this.#signal,
      });
      await this.#transact(peer, { reused: false });
    } catch (error) {
      if (!(error instanceof HostFailure)) throw error;
      this.#noteFailure(target, error);
    }
  }

  /** False when a reused connection turned out to be dead before anything was said on it. */
  async #transact(peer: Peer, { reused }: { readonly reused: boolean }): Promise<boolean> {
    this.#log.info("delivery-attempt", {
      session: peer.conn.id,
      host: peer.target.name,
      address: peer.target.address,
      port: peer.target.port,
      tls: peer.conn.tls?.version ?? null,
      reused,
      recipients: this.#open.length,
    });
    const transaction = new Transaction(peer, this.#attempt, {
      recipients: this.#open,
      timeouts: this.#deps.settings.current.timeouts,
    });
    const abort = () => peer.conn.close();
    this.#signal.addEventListener("abort", abort);
    try {
      await transaction.run();
      this.#collect(transaction, peer);
      this.#pool.put(peer);
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

  #noteBroken(
    error: unknown,
    { peer, transaction, reused }: { peer: Peer; transaction: Transaction; reused: boolean },
  ): boolean {
    if (error instanceof HostFailure) {
      // 421 on an old connection is its end, not a refusal of this message (RFC 5321 section 3.8).
      if (reused && error.reply.code === 421) return false;
      this.#noteFailure(peer.target, error);
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
    this.#noteFailure(peer.target, new HostFailure(words, peer.host));
    return true;
  }

  #noteFailure(target: Target, failure: HostFailure): void {
    this.#failures.push(failure);
    this.#log.info("delivery-host-failed", { host: describeTarget(target), reply: failure.reply.toString() });
  }

  #collect({ answers }: Transaction, peer: Peer): void {
    for (const [recipient, answer] of answers) this.#answer(recipient, answer, peer.host);
    this.#open = this.#open.filter((recipient) => !answers.has(recipient));
  }

  #answerRest(answer: Reply, host: string | null): void {
    for (const recipient of this.#open) this.#answer(recipient, answer, host);
    this.#open = [];
  }

  #answer(recipient: Address, answer: Reply, host: string | null): void {
    const kind = answer.isPermanent ? "failed" : answer.isTemporary ? "deferred" : "relayed";
    this.#outcomes.set(recipient, { recipient, kind, reply: answer, host });
  }
}
