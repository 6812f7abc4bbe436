import { createHash } from "node:crypto";
import { addressKey, formatAddress } from "../core/address.ts";
import type { Clock, Live } from "../core/ports.ts";
import type { Delivery, FactStore } from "../store/mod.ts";
import type { MessageView } from "./checks/check.ts";
import type { DeliverySettings } from "./delivery_settings.ts";

export interface DuplicatesDeps {
  readonly facts: FactStore;
  readonly settings: Live<DeliverySettings>;
  readonly clock: Clock;
}

/** What one message's delivery found, and what it leaves for the next ones. */
export interface DuplicateClaim {
  /** Accounts that have the message already, by another of their addresses. */
  readonly known: ReadonlySet<string>;
  /** To be kept in the same commit as the message. */
  readonly facts: NonNullable<Delivery["facts"]>;
  /** To be called when the message is stored, or will not be. */
  release(): void;
}

interface Mark {
  readonly account: string;
  readonly key: string;
  /** The address by which it came. */
  readonly via: string;
}

const SPACE = "delivered";

/**
 * Keeps a message that was sent to two addresses of one account, in two deliveries, from being there twice. The same message is
 * one with the same Message-ID, the same sender in the envelope and the same body: so nobody who knows the rest can send another in
 * its place. One that comes again under the same address is taken: then somebody wanted that.
 */
export class Duplicates {
  readonly #deps: DuplicatesDeps;
  /** Deliveries on their way to the disk: who brings the same message waits for them. */
  readonly #underway = new Map<string, Promise<void>>();

  constructor(deps: DuplicatesDeps) {
    this.#deps = deps;
  }

  async claim(view: MessageView, folders: ReadonlyMap<string, string>): Promise<DuplicateClaim> {
    const { facts, settings, clock } = this.#deps;
    const windowMs = settings.current.duplicateWindowMs;
    const marks = windowMs === 0 ? [] : marksOf(view, folders);
    const release = await this.#reserve(marks);
    try {
      const known = new Set<string>();
      for (const { account, key, via } of marks) {
        const fact = await facts.get(SPACE, key);
        if (fact !== null && fact.value !== via) known.add(account);
      }
      const expiresAt = clock.now() + windowMs;
      const fresh = marks.filter(({ account }) => !known.has(account));
      return {
        known,
        facts: fresh.map(({ account, key, via }) => ({ account, space: SPACE, key, value: via, expiresAt })),
        release,
      };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** All at once or none, so that two who wait for each other cannot be. */
  async #reserve(marks: readonly Mark[]): Promise<() => void> {
    for (;;) {
      const other = marks.map(({ key }) => this.#underway.get(key)).find((one) => one !== undefined);
      if (other === undefined) break;
      await other;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const { key } of marks) this.#underway.set(key, promise);
    return () => {
      for (const { key } of marks) this.#underway.delete(key);
      resolve();
    };
  }
}

/** Only accounts with more than one address, and messages that come from outside. */
function marksOf(
  { context, header, envelope, plan, directory }: MessageView,
  folders: ReadonlyMap<string, string>,
): Mark[] {
  const { messageId } = header;
  if (messageId === null || messageId === "" || !/^(smtp|lmtp|submission)$/.test(context.origin)) return [];
  return plan.accounts.filter((name) => directory.hasManyNames(name)).map((account) => {
    const place = plan.routes.findIndex(({ route }) =>
      route.kind === "deliver" && route.accounts.includes(account)
    );
    const parts = [
      account,
      folders.get(account) ?? "",
      messageId,
      formatAddress(envelope.sender),
      header.bodyDigest ?? "",
    ];
    const key = createHash("sha256").update(parts.join("\0")).digest("base64url").slice(0, 32);
    return { account, key, via: addressKey(envelope.recipients[place]!) };
  });
}
