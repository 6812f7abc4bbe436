import { accountKey } from "../../names.ts";
import {
  AWAY_NAME,
  type AwayNote,
  checkScriptName,
  NoSuchScript,
  type ScriptInfo,
  type ScriptLimits,
  type ScriptStore,
  type StandingScripts,
  type StoredScript,
} from "../../scripts.ts";
import type { Link } from "./link.ts";

/** So many accounts' standing scripts are remembered: this program alone changes them, and all changes pass here. */
const REMEMBERED = 100_000;

export class SqliteScripts implements ScriptStore {
  readonly #link: Link;
  readonly #standing = new Map<string, StandingScripts>();
  /** Counts the changes, so that what was read before one is not remembered after it. */
  #changes = 0;

  constructor(link: Link) {
    this.#link = link;
  }

  async list(account: string): Promise<ScriptInfo[]> {
    const scripts = await this.#link.read("listScripts", { account: accountKey(account) });
    return scripts.sort((a, b) => a.name < b.name ? -1 : 1);
  }

  async get(account: string, name: string): Promise<StoredScript | null> {
    return name === AWAY_NAME ? null : await this.#read(account, name);
  }

  async put(
    account: string,
    { name, text }: { readonly name: string; readonly text: string },
    limits: ScriptLimits,
  ): Promise<void> {
    checkScriptName(name);
    await this.#changing(
      account,
      this.#link.write("putScript", { account: accountKey(account), name, text, limits }),
    );
  }

  async remove(account: string, name: string): Promise<void> {
    if (name === AWAY_NAME) throw new NoSuchScript();
    await this.#changing(account, this.#link.write("removeScript", { account: accountKey(account), name }));
  }

  async rename(account: string, from: string, to: string): Promise<void> {
    checkScriptName(to);
    if (from === AWAY_NAME) throw new NoSuchScript();
    await this.#changing(
      account,
      this.#link.write("renameScript", { account: accountKey(account), from, to }),
    );
  }

  async activate(account: string, name: string | null): Promise<void> {
    if (name === AWAY_NAME) throw new NoSuchScript();
    await this.#changing(account, this.#link.write("activateScript", { account: accountKey(account), name }));
  }

  active(account: string): Promise<StoredScript | null> {
    return this.#read(account, null);
  }

  standing(account: string): StandingScripts | Promise<StandingScripts> {
    const key = accountKey(account);
    return this.#standing.get(key) ?? this.#readStanding(key);
  }

  async #readStanding(key: string): Promise<StandingScripts> {
    const changes = this.#changes;
    const found = await this.#link.read("standingScripts", { account: key });
    if (changes === this.#changes) {
      if (this.#standing.size >= REMEMBERED) this.#standing.clear();
      this.#standing.set(key, found);
    }
    return found;
  }

  async away(account: string): Promise<AwayNote | null> {
    const found = await this.#read(account, AWAY_NAME);
    return found === null ? null : JSON.parse(found.text) as AwayNote;
  }

  async setAway(account: string, note: AwayNote | null): Promise<void> {
    const key = accountKey(account);
    if (note !== null) {
      const script = { account: key, name: AWAY_NAME, text: JSON.stringify(note), limits: null };
      await this.#changing(account, this.#link.write("putScript", script));
    } else if ((await this.standing(account)).away !== null) {
      await this.#changing(account, this.#link.write("removeScript", { account: key, name: AWAY_NAME }));
    }
  }

  /** The account's mail is gone, and its scripts with it. */
  forget(account: string): void {
    this.#changes++;
    this.#standing.delete(accountKey(account));
  }

  #read(account: string, name: string | null): Promise<StoredScript | null> {
    return this.#link.read("script", { account: accountKey(account), name });
  }

  async #changing(account: string, write: Promise<void>): Promise<void> {
    try {
      await write;
    } finally {
      this.forget(account);
    }
  }
}
