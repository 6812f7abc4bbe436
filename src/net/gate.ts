import type { Live } from "../core/ports.ts";
import { limitKey } from "./address.ts";

export interface ListenLimits {
  /** At once, on this listener. */
  readonly connections: number;
  /** At once from one IPv4 address or one IPv6 /64. */
  readonly connectionsPerAddress: number;
  readonly writeTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
}

/** RFC 5321 section 4.5.3.2 allows minutes for each write; a TLS handshake is a matter of seconds. */
export const defaultListenLimits: ListenLimits = {
  connections: 2000,
  connectionsPerAddress: 100,
  writeTimeoutMs: 180_000,
  handshakeTimeoutMs: 30_000,
};

export type RefusalReason = "too-many" | "too-many-from-address" | "shutting-down" | "not-allowed";

/** Counts who is in, and says who may not come in. */
export class Gate {
  #limits: Live<ListenLimits>;
  #total = 0;
  #perAddress = new Map<string, number>();

  constructor(limits: Live<ListenLimits>) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /** Counts a connection in, or says why not. */
  enter(host: string): RefusalReason | null {
    const { connections, connectionsPerAddress } = this.#limits.current;
    if (this.#total >= connections) return "too-many";
    const key = limitKey(host);
    const count = this.#perAddress.get(key) ?? 0;
    if (count >= connectionsPerAddress) return "too-many-from-address";
    this.#perAddress.set(key, count + 1);
    this.#total++;
    return null;
  }

  /** Counts a connection in of which it will be known only later whose it is. */
  enterUnknown(): RefusalReason | null {
    if (this.#total >= this.#limits.current.connections) return "too-many";
    this.#total++;
    return null;
  }

  /** Counts it out again: now it is known, and enters like any other, or it is gone. */
  leaveUnknown(): void {
    this.#total--;
  }

  /** Counts one out that `enter` counted in. */
  leave(host: string): void {
    const key = limitKey(host);
    const count = this.#perAddress.get(key) ?? 0;
    if (count > 1) this.#perAddress.set(key, count - 1);
    else this.#perAddress.delete(key);
    this.#total--;
  }
}
