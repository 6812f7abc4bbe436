import type { Reply } from "../../core/reply.ts";
import type { FactStore } from "../../store/mod.ts";

const SPACE = "fallback-relay";

/** Where a host refused: before it knew the recipient (or for all of them), at the recipient, or after the message. */
export type RefusalStep = "host" | "recipient" | "message";

/**
 * Whether a host refuses us rather than the message or the recipient: security or policy status, X.7.Y (RFC 3463 section 3.8). A
 * temporary one at the recipient does not count, because that is how greylisting looks, which asks for nothing but patience.
 */
export function isPolicyRefusal({ enhanced, isPermanent }: Reply, step: RefusalStep): boolean {
  return enhanced !== null && enhanced.split(".")[1] === "7" && (isPermanent || step !== "recipient");
}

/** The domains whose hosts refuse us for now, so that their mail takes the fallback relay at once. */
export class FallbackMemory {
  readonly #facts: FactStore;

  constructor(facts: FactStore) {
    this.#facts = facts;
  }

  async has(domain: string): Promise<boolean> {
    return await this.#facts.get(SPACE, domain) !== null;
  }

  async note(domain: string, why: { readonly reply: Reply; readonly until: number }): Promise<void> {
    await this.#facts.put(SPACE, { key: domain, value: why.reply.toString(), expiresAt: why.until });
  }
}
