import { type Address, addressKey, type ReversePath } from "../core/address.ts";
import { normalizeDomain } from "../core/domain.ts";
import type { FactStore } from "../store/mod.ts";

/** Mail that matches is held when it comes in, until somebody releases it. */
export interface HoldRule {
  readonly side: "from" | "to";
  /** An address or a domain, in lower case; empty (with `from`) for the null sender. */
  readonly pattern: string;
}

const SPACE = "hold-rules";
/** Until somebody takes it away. */
const FOR_EVER = 8_640_000_000_000_000;

/** An operator's rules for new mail: kept in the store, and known here so that no message waits for them. */
export class HoldRules {
  readonly #facts: FactStore;
  #rules: readonly HoldRule[] = [];

  constructor(facts: FactStore) {
    this.#facts = facts;
  }

  /** Reads them again from the store. */
  async load(): Promise<void> {
    this.#rules = await this.list();
  }

  async list(): Promise<HoldRule[]> {
    const rules: HoldRule[] = [];
    let after: string | undefined;
    for (;;) {
      const page = await this.#facts.list(SPACE, after === undefined ? {} : { after });
      if (page.length === 0) return rules;
      rules.push(...page.map(({ key }) => parseKey(key)));
      after = page.at(-1)!.key;
    }
  }

  async add(rule: HoldRule): Promise<void> {
    await this.#facts.put(SPACE, { key: keyOf(rule), value: "", expiresAt: FOR_EVER });
    await this.load();
  }

  /** False when there was no such rule. What it holds stays held. */
  async remove(rule: HoldRule): Promise<boolean> {
    const there = await this.#facts.get(SPACE, keyOf(rule)) !== null;
    if (there) await this.#facts.remove(SPACE, keyOf(rule));
    await this.load();
    return there;
  }

  /** Which recipients of a new message are to be held; null when none is. */
  match(sender: ReversePath, recipients: readonly Address[]): readonly boolean[] | null {
    if (this.#rules.length === 0) return null;
    const bySender = this.#rules.some(({ side, pattern }) => side === "from" && fits(pattern, sender));
    const held = recipients.map((recipient) =>
      bySender || this.#rules.some(({ side, pattern }) => side === "to" && fits(pattern, recipient))
    );
    return held.includes(true) ? held : null;
  }
}

/** A rule's pattern from what somebody typed: an address, a domain, or `<>`; null when it is none of them. */
export function parsePattern(text: string): string | null {
  const inside = text.replace(/^<|>$/g, "");
  if (inside === "") return text === "<>" ? "" : null;
  const at = inside.lastIndexOf("@");
  const domain = normalizeDomain(inside.slice(at + 1));
  if (domain === null || at === 0) return null;
  return at < 0 ? domain : `${inside.slice(0, at).toLowerCase()}@${domain}`;
}

function fits(pattern: string, address: ReversePath): boolean {
  if (address === null) return pattern === "";
  return pattern.includes("@") ? pattern === addressKey(address) : pattern === address.domain.toLowerCase();
}

function keyOf({ side, pattern }: HoldRule): string {
  return `${side} ${pattern}`;
}

function parseKey(key: string): HoldRule {
  const space = key.indexOf(" ");
  return { side: key.slice(0, space) === "from" ? "from" : "to", pattern: key.slice(space + 1) };
}
