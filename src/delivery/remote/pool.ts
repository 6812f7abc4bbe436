import type { Clock, Live } from "../../core/ports.ts";
import { type Peer, type Target, targetKey } from "./peer.ts";
import type { RemoteSettings } from "./settings.ts";

interface Idle {
  readonly peer: Peer;
  readonly timer: AbortController;
}

/** Connections that wait a moment for another message to the same host. */
export class PeerPool {
  readonly #clock: Clock;
  readonly #settings: Live<RemoteSettings>;
  readonly #idle = new Map<string, Idle[]>();
  #size = 0;
  #closed = false;

  constructor(deps: { readonly clock: Clock; readonly settings: Live<RemoteSettings> }) {
    this.#clock = deps.clock;
    this.#settings = deps.settings;
  }

  /** The connection to that host that was used last, or null. */
  take(target: Target): Peer | null {
    const idle = this.#idle.get(targetKey(target))?.at(-1);
    if (idle === undefined) return null;
    this.#remove(idle);
    return idle.peer;
  }

  /** Keeps the connection for a while, or says goodbye to it. */
  put(peer: Peer): void {
    const { idleMs, idleConnections, messagesPerConnection } = this.#settings.current;
    if (this.#closed || peer.messages >= messagesPerConnection || this.#size >= idleConnections) {
      return peer.quit();
    }
    const idle: Idle = { peer, timer: new AbortController() };
    const key = targetKey(peer.target);
    this.#idle.set(key, [...this.#idle.get(key) ?? [], idle]);
    this.#size++;
    this.#clock.sleep(idleMs, idle.timer.signal).then(() => {
      if (idle.timer.signal.aborted) return;
      this.#remove(idle);
      peer.quit();
    });
  }

  close(): void {
    this.#closed = true;
    for (const idle of [...this.#idle.values()].flat()) {
      this.#remove(idle);
      idle.peer.quit();
    }
  }

  #remove(idle: Idle): void {
    const key = targetKey(idle.peer.target);
    const rest = (this.#idle.get(key) ?? []).filter((other) => other !== idle);
    if (rest.length === 0) this.#idle.delete(key);
    else this.#idle.set(key, rest);
    this.#size--;
    idle.timer.abort();
  }
}
