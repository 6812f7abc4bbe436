import { accountKey } from "../names.ts";
import {
  type AwayNote,
  checkScriptName,
  NoSuchScript,
  NOTHING_STANDS,
  refuseTooManyScripts,
  scriptBytes,
  ScriptExists,
  type ScriptInfo,
  ScriptIsActive,
  type ScriptLimits,
  type ScriptStore,
  type StandingScripts,
  type StoredScript,
} from "../scripts.ts";
import type { MemoryScripts, MemoryState } from "./state.ts";

export class MemoryScriptStore implements ScriptStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async list(account: string): Promise<ScriptInfo[]> {
    const held = this.#held(account);
    return [...held?.byName.values() ?? []]
      .map(({ name, text }) => ({ name, bytes: scriptBytes(text), isActive: name === held!.active }))
      .sort((a, b) => a.name < b.name ? -1 : 1);
  }

  async get(account: string, name: string): Promise<StoredScript | null> {
    return this.#held(account)?.byName.get(name) ?? null;
  }

  async put(
    account: string,
    { name, text }: { name: string; text: string },
    limits: ScriptLimits,
  ): Promise<void> {
    this.#state.change();
    checkScriptName(name);
    const others = [...this.#held(account)?.byName.values() ?? []].filter((other) => other.name !== name);
    const bytes = others.reduce((sum, other) => sum + scriptBytes(other.text), scriptBytes(text));
    if (others.length + 1 > limits.count || bytes > limits.bytes) refuseTooManyScripts();
    const { byName } = this.#state.account(accountKey(account)).scripts;
    byName.set(name, { name, text, version: this.#state.nextScriptVersion() });
  }

  async remove(account: string, name: string): Promise<void> {
    this.#state.change();
    const held = this.#withScript(account, name);
    if (held.active === name) throw new ScriptIsActive();
    held.byName.delete(name);
  }

  async rename(account: string, from: string, to: string): Promise<void> {
    this.#state.change();
    checkScriptName(to);
    const held = this.#withScript(account, from);
    if (from === to) return;
    if (held.byName.has(to)) throw new ScriptExists();
    held.byName.set(to, { ...held.byName.get(from)!, name: to });
    held.byName.delete(from);
    if (held.active === from) held.active = to;
  }

  async activate(account: string, name: string | null): Promise<void> {
    this.#state.change();
    if (name !== null) this.#withScript(account, name).active = name;
    else {
      const held = this.#held(account);
      if (held !== null) held.active = null;
    }
  }

  async active(account: string): Promise<StoredScript | null> {
    const held = this.#held(account);
    return held === null || held.active === null ? null : held.byName.get(held.active) ?? null;
  }

  standing(account: string): StandingScripts {
    const held = this.#held(account);
    if (held === null) return NOTHING_STANDS;
    const active = held.active === null ? undefined : held.byName.get(held.active);
    return { active: active?.version ?? null, away: held.away?.version ?? null };
  }

  async away(account: string): Promise<AwayNote | null> {
    return this.#held(account)?.away?.note ?? null;
  }

  async setAway(account: string, note: AwayNote | null): Promise<void> {
    this.#state.change();
    const { scripts } = this.#state.account(accountKey(account));
    scripts.away = note === null ? null : { note, version: this.#state.nextScriptVersion() };
  }

  #held(account: string): MemoryScripts | null {
    this.#state.use();
    return this.#state.accounts.get(accountKey(account))?.scripts ?? null;
  }

  #withScript(account: string, name: string): MemoryScripts {
    const held = this.#held(account);
    if (held === null || !held.byName.has(name)) throw new NoSuchScript();
    return held;
  }
}
