import ipaddr from "ipaddr.js";
import { isLoopback } from "../../core/loopback.ts";
import type { Clock, Live } from "../../core/ports.ts";
import { BoundedMap } from "../../intake/bounded_map.ts";

/** How much one client (an IPv4 address, or an IPv6 /64) may send over all its sessions. */
export interface RateLimits {
  /** MAIL commands in one window; 0 for any number. */
  readonly messages: number;
  /** RCPT commands in one window, refused ones included; 0 for any number. */
  readonly recipients: number;
  readonly windowMs: number;
  /** Clients kept in mind; the one unheard of for longest is forgotten first. */
  readonly tracked: number;
}

export const defaultRateLimits: RateLimits = {
  messages: 3000,
  recipients: 10_000,
  windowMs: 10 * 60_000,
  tracked: 10_000,
};

type Kind = "messages" | "recipients";

interface Account {
  /** What is left of each allowance; it comes back evenly over the window. */
  readonly left: Record<Kind, number>;
  at: number;
}

/** Counts what clients send, for all sessions of the server together. */
export class ClientRates {
  readonly #clock: Clock;
  readonly #limits: Live<RateLimits>;
  readonly #accounts = new BoundedMap<Account>();

  constructor(options: { readonly clock: Clock; readonly limits: Live<RateLimits> }) {
    this.#clock = options.clock;
    this.#limits = options.limits;
  }

  /** Takes one from the client's allowance; false when nothing is left. This machine itself has no limit. */
  take(kind: Kind, address: string): boolean {
    const limits = this.#limits.current;
    if (limits[kind] === 0 || isLoopback(address)) return true;
    const account = this.#account(clientKey(address), limits);
    if (account.left[kind] < 1) return false;
    account.left[kind]--;
    return true;
  }

  #account(key: string, limits: RateLimits): Account {
    const now = this.#clock.now();
    const known = this.#accounts.get(key);
    const account = known ?? { left: { messages: limits.messages, recipients: limits.recipients }, at: now };
    const share = Math.max(0, now - account.at) / limits.windowMs;
    for (const kind of ["messages", "recipients"] as const) {
      account.left[kind] = Math.min(limits[kind], account.left[kind] + limits[kind] * share);
    }
    account.at = now;
    this.#accounts.set(key, account, limits.tracked);
    return account;
  }
}

/** Whoever has one IPv6 address has a /64 of them (RFC 6177). */
function clientKey(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") return parsed.toString();
  return (parsed as ipaddr.IPv6).parts.slice(0, 4).join(":");
}
