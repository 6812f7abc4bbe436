import { Buffer } from "node:buffer";
import { makeId } from "../../core/id.ts";
import type { Log } from "../../core/ports.ts";
import { reply } from "../../core/reply.ts";
import type { ClientConn } from "../../net/connect.ts";
import type { ClientTrust } from "../../net/tls/trust.ts";
import { commandLine } from "../../wire/smtp/mod.ts";
import type { RemoteCourierDeps } from "./deps.ts";
import {
  asRefusal,
  connectFailure,
  greetingFailure,
  HostFailure,
  isDone,
  isLost,
  PolicyFailure,
} from "./failure.ts";
import { Peer, type Target } from "./peer.ts";
import type { TlsFailure } from "./policy/failure_type.ts";
import { judge, type TlsRequirement } from "./policy/mod.ts";
import type { RemoteTimeouts } from "./settings.ts";

export interface OpenOptions {
  readonly requirement: TlsRequirement;
  readonly trust: ClientTrust;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** TLS was tried and failed on this connection, which is of no use now. */
class HandshakeFailure extends Error {}

/** Connects to an address, from our own of that family if one is set. Throws as `connect` does. */
export function dialTarget(
  { address, port }: Target,
  deps: RemoteCourierDeps,
  signal: AbortSignal,
): Promise<ClientConn> {
  const { timeouts, source } = deps.settings.current;
  const localAddress = address.includes(":") ? source.ipv6 : source.ipv4;
  return deps.connect({
    host: address,
    port,
    timeoutMs: timeouts.connect,
    writeTimeoutMs: timeouts.block,
    id: makeId(deps.clock, deps.random),
    signal,
    ...(localAddress === null ? {} : { localAddress }),
  });
}

/**
 * Brings a fresh connection up: greeting, EHLO, TLS, log-in. Throws `HostFailure`. Where nothing more is required, TLS without a
 * check of the certificate is the rule (RFC 3207 section 4.1, RFC 7435): when it fails, the message goes without, on a new
 * connection.
 */
export async function openPeer(
  connected: { readonly target: Target; readonly conn: ClientConn },
  deps: RemoteCourierDeps,
  options: OpenOptions,
): Promise<Peer> {
  const { target, conn } = connected;
  const opening = new Opening(target, deps, options);
  try {
    return await opening.run(conn, { tls: true });
  } catch (error) {
    if (!(error instanceof HandshakeFailure)) throw error;
    options.log.warn("tls-fallback", { host: target.name, address: target.address, error: error.message });
    deps.metrics.count("mailden_outbound_tls_fallback_total");
    return await opening.run(await opening.redial(), { tls: false });
  }
}

class Opening {
  readonly #target: Target;
  readonly #deps: RemoteCourierDeps;
  readonly #options: OpenOptions;
  readonly #timeouts: RemoteTimeouts;

  constructor(target: Target, deps: RemoteCourierDeps, options: OpenOptions) {
    this.#target = target;
    this.#deps = deps;
    this.#options = options;
    this.#timeouts = deps.settings.current.timeouts;
  }

  async run(conn: ClientConn, { tls }: { readonly tls: boolean }): Promise<Peer> {
    const peer = new Peer(this.#target, conn);
    const abort = () => peer.conn.close();
    this.#options.signal.addEventListener("abort", abort);
    try {
      const isImplicit = this.#target.relay?.tls === "implicit";
      if (isImplicit) await this.#handshake(peer);
      await this.#greet(peer);
      if (tls && !isImplicit) await this.#startTls(peer);
      await this.#logIn(peer);
      return peer;
    } catch (error) {
      peer.conn.close();
      throw isLost(error) ? greetingFailure(this.#where, error) : error;
    } finally {
      this.#options.signal.removeEventListener("abort", abort);
    }
  }

  get #where(): string {
    const { name, address, port } = this.#target;
    return name.startsWith("[") || name === address ? `${address}:${port}` : `${name} [${address}]:${port}`;
  }

  get #isNeeded(): boolean {
    return this.#options.requirement.level !== "any";
  }

  async redial(): Promise<ClientConn> {
    try {
      return await dialTarget(this.#target, this.#deps, this.#options.signal);
    } catch (error) {
      if (!isLost(error)) throw error;
      throw connectFailure(this.#where, error);
    }
  }

  async #greet(peer: Peer): Promise<void> {
    const greeting = await peer.reply(this.#timeouts.greeting);
    if (!isDone(greeting)) throw new HostFailure(asRefusal(greeting), peer.host);
    await this.#hello(peer);
  }

  async #hello(peer: Peer): Promise<void> {
    const answer = await peer.hello(this.#deps.hostname, this.#timeouts.command);
    if (!isDone(answer)) throw new HostFailure(asRefusal(answer), peer.host);
  }

  async #startTls(peer: Peer): Promise<void> {
    if (!peer.offers("STARTTLS")) {
      if (!this.#isNeeded) return;
      throw this.#refusal("4.7.0", { type: "starttls-not-supported", text: "it offers no STARTTLS" });
    }
    const answer = await this.#duringTls(() => peer.command(commandLine("STARTTLS"), this.#timeouts.command));
    if (!isDone(answer)) {
      if (!this.#isNeeded) return;
      throw this.#refusal("4.7.0", {
        type: "starttls-not-supported",
        text: `it refuses STARTTLS: ${answer}`,
      });
    }
    await this.#handshake(peer);
    // RFC 3207 section 4.2: what was offered before TLS counts no more.
    await this.#duringTls(() => this.#hello(peer));
  }

  async #handshake(peer: Peer): Promise<void> {
    // Bytes that came before the handshake are nobody's (RFC 3207 section 4.2).
    peer.reader.discardBuffered();
    peer.tls = await this.#duringTls(() =>
      peer.conn.startClientTls({
        servername: this.#options.requirement.servername ?? this.#target.name,
        // The requirement is held against what came out, so that it can be said what was wrong.
        verify: false,
        timeoutMs: this.#timeouts.tls,
        trust: this.#options.trust,
      })
    );
    const verdict = judge(this.#options.requirement, peer.tls, this.#deps.clock.now());
    if (!verdict.isEnough) throw this.#refusal("4.7.5", verdict.flaw!);
  }

  /** RFC 3463 section 3.8: X.7.0 other, X.7.5 cryptographic failure. */
  #refusal(enhanced: "4.7.0" | "4.7.5", flaw: TlsFailure): PolicyFailure {
    const { policy } = this.#options.requirement;
    const words = `TLS with ${this.#where} is not good enough (${policy}): ${flaw.text}`;
    // RFC 8689 section 4.2.1: what cannot go with verified TLS comes back; a connection that broke may be better next time.
    const isFinal = policy === "requiretls" && flaw.type !== "validation-failure";
    const answer = isFinal ? reply(550, "5.7.10", words) : reply(451, enhanced, words);
    return new PolicyFailure(answer, { target: this.#target, flaw });
  }

  /** A host that breaks off anywhere on the way into TLS has a TLS that does not work. */
  async #duringTls<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      if (!isLost(error)) throw error;
      if (!this.#isNeeded && !this.#options.signal.aborted) throw new HandshakeFailure(error.message);
      throw this.#refusal("4.7.5", { type: "validation-failure", text: error.message });
    }
  }

  async #logIn(peer: Peer): Promise<void> {
    const { relay } = this.#target;
    if (relay === null || relay.user === null) return;
    const initial = Buffer.from(`\0${relay.user}\0${relay.password ?? ""}`).toString("base64");
    const answer = await peer.command(commandLine("AUTH PLAIN", initial), this.#timeouts.command);
    if (isDone(answer)) return;
    // A wrong password in our configuration must not bounce everybody's mail.
    const words = reply(451, "4.7.8", `The relay refuses our log-in: ${answer}`);
    throw new PolicyFailure(words, { target: this.#target, flaw: null });
  }
}
