import { Buffer } from "node:buffer";
import { makeId } from "../../core/id.ts";
import type { Log } from "../../core/ports.ts";
import { reply } from "../../core/reply.ts";
import { commandLine } from "../../wire/smtp/mod.ts";
import type { RemoteCourierDeps } from "./deps.ts";
import { asRefusal, connectFailure, greetingFailure, HostFailure, isDone, isLost } from "./failure.ts";
import { Peer, type Target } from "./peer.ts";
import type { RelaySettings, RemoteTimeouts } from "./settings.ts";

export interface OpenOptions {
  /** The relay's settings when the target is the relay. */
  readonly relay: RelaySettings | null;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** TLS was tried and failed on this connection, which is of no use now. */
class HandshakeFailure extends Error {}

/**
 * Brings up a connection: connect, greeting, EHLO, TLS, log-in. Throws `HostFailure`. Between strangers TLS without a check of the
 * certificate is the rule (RFC 3207 section 4.1, RFC 7435): when it fails, the message goes without, on a new connection.
 */
export async function openPeer(target: Target, deps: RemoteCourierDeps, options: OpenOptions): Promise<Peer> {
  const opening = new Opening(target, deps, options);
  try {
    return await opening.run({ tls: true });
  } catch (error) {
    if (!(error instanceof HandshakeFailure)) throw error;
    options.log.warn("tls-fallback", { host: target.name, address: target.address, error: error.message });
    deps.metrics.count("mailden_outbound_tls_fallback_total");
    return await opening.run({ tls: false });
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

  async run({ tls }: { readonly tls: boolean }): Promise<Peer> {
    const peer = await this.#connect();
    const abort = () => peer.conn.close();
    this.#options.signal.addEventListener("abort", abort);
    try {
      if (this.#relayTls === "implicit") await this.#handshake(peer);
      await this.#greet(peer);
      if (tls && this.#relayTls !== "implicit") await this.#startTls(peer);
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

  get #relayTls(): RelaySettings["tls"] {
    return this.#options.relay?.tls ?? "opportunistic";
  }

  /** With a password at stake, or when it was asked for, the certificate must be good. */
  get #verify(): boolean {
    const { relay } = this.#options;
    return relay !== null && (relay.tls !== "opportunistic" || relay.user !== null);
  }

  async #connect(): Promise<Peer> {
    const { address, port } = this.#target;
    try {
      const conn = await this.#deps.connect({
        host: address,
        port,
        timeoutMs: this.#timeouts.connect,
        writeTimeoutMs: this.#timeouts.block,
        id: makeId(this.#deps.clock, this.#deps.random),
        signal: this.#options.signal,
      });
      return new Peer(this.#target, conn);
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
    const needed = this.#verify;
    if (!peer.offers("STARTTLS")) {
      if (!needed) return;
      throw new HostFailure(
        reply(451, "4.7.0", "The relay offers no STARTTLS, which is required"),
        peer.host,
      );
    }
    const answer = await this.#duringTls(
      peer,
      () => peer.command(commandLine("STARTTLS"), this.#timeouts.command),
    );
    if (!isDone(answer)) {
      if (!needed) return;
      throw new HostFailure(reply(451, "4.7.0", `The relay refuses STARTTLS: ${answer}`), peer.host);
    }
    await this.#handshake(peer);
    // RFC 3207 section 4.2: what was offered before TLS counts no more.
    await this.#duringTls(peer, () => this.#hello(peer));
  }

  async #handshake(peer: Peer): Promise<void> {
    // Bytes that came before the handshake are nobody's (RFC 3207 section 4.2).
    peer.reader.discardBuffered();
    await this.#duringTls(peer, () =>
      peer.conn.startClientTls({
        servername: this.#target.name,
        verify: this.#verify,
        timeoutMs: this.#timeouts.tls,
      }));
  }

  /** A host that breaks off anywhere on the way into TLS has a TLS that does not work. */
  async #duringTls<T>(peer: Peer, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      if (!isLost(error)) throw error;
      if (!this.#verify && !this.#options.signal.aborted) throw new HandshakeFailure(error.message);
      throw new HostFailure(
        reply(451, "4.7.5", `TLS with ${this.#where} failed: ${error.message}`),
        peer.host,
      );
    }
  }

  async #logIn(peer: Peer): Promise<void> {
    const { relay } = this.#options;
    if (relay === null || relay.user === null) return;
    const initial = Buffer.from(`\0${relay.user}\0${relay.password ?? ""}`).toString("base64");
    const answer = await peer.command(commandLine("AUTH PLAIN", initial), this.#timeouts.command);
    if (isDone(answer)) return;
    // A wrong password in our configuration must not bounce everybody's mail.
    throw new HostFailure(reply(451, "4.7.8", `The relay refuses our log-in: ${answer}`), peer.host);
  }
}
