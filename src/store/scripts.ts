/** The Sieve scripts of an account (RFC 5804), and its note that it is away. The store does not know what a script says. */
import { Refusal } from "../core/errors.ts";
import { reply } from "../core/reply.ts";

export interface ScriptInfo {
  readonly name: string;
  /** In UTF-8. */
  readonly bytes: number;
  readonly isActive: boolean;
}

export interface StoredScript {
  readonly name: string;
  readonly text: string;
  /** Another one whenever a script is put, never used again by any script of any account: what was compiled is kept under it. */
  readonly version: number;
}

/** What one account may have. */
export interface ScriptLimits {
  readonly count: number;
  /** All its scripts together, in UTF-8. */
  readonly bytes: number;
}

/** What acts on an account's mail: the active script's version, and the away note's; null when there is none. */
export interface StandingScripts {
  readonly active: number | null;
  readonly away: number | null;
}

/** An answer for everybody who writes while somebody is away. */
export interface AwayNote {
  readonly text: string;
  /** Null for "Auto: " with the subject that is answered. */
  readonly subject: string | null;
  /** Milliseconds since 1970; null for from now on, and for until it is taken away. */
  readonly from: number | null;
  readonly until: number | null;
}

/** At most one script of an account is active. Names compare exactly. Throws the errors below. */
export interface ScriptStore {
  /** By name. */
  list(account: string): Promise<ScriptInfo[]>;
  get(account: string, name: string): Promise<StoredScript | null>;
  /** Adds or replaces it; an active one stays active. Past a limit, `Refusal` 552 5.2.0. */
  put(
    account: string,
    script: { readonly name: string; readonly text: string },
    limits: ScriptLimits,
  ): Promise<void>;
  /** Throws `NoSuchScript`, and `ScriptIsActive` (RFC 5804 section 2.10). */
  remove(account: string, name: string): Promise<void>;
  /** Throws `NoSuchScript`, `ScriptExists`. */
  rename(account: string, from: string, to: string): Promise<void>;
  /** Null: none. Throws `NoSuchScript`. */
  activate(account: string, name: string | null): Promise<void>;
  active(account: string): Promise<StoredScript | null>;
  /** Asked for every message: what is known already is given at once. */
  standing(account: string): StandingScripts | Promise<StandingScripts>;
  away(account: string): Promise<AwayNote | null>;
  setAway(account: string, note: AwayNote | null): Promise<void>;
}

export class NoSuchScript extends Refusal {
  override readonly name = "NoSuchScript";
  constructor() {
    super(reply(550, "5.1.1", "There is no script of that name"));
  }
}

export class ScriptExists extends Refusal {
  override readonly name = "ScriptExists";
  constructor() {
    super(reply(553, "5.1.0", "A script of that name is already there"));
  }
}

export class ScriptIsActive extends Refusal {
  override readonly name = "ScriptIsActive";
  constructor() {
    super(reply(550, "5.7.0", "That script is active: deactivate it first"));
  }
}

export function refuseTooManyScripts(): never {
  throw Refusal.of(552, "5.2.0", "There are too many scripts, or they are too large");
}

/** The name under which a store may keep the away note: no script can have it. */
export const AWAY_NAME = "";

export const NOTHING_STANDS: StandingScripts = { active: null, away: null };

/** RFC 5804 section 1.6. */
export function checkScriptName(name: string): string {
  const isName = name.length > 0 && name.length <= 256 && [...name].length <= 128 && name.isWellFormed() &&
    !/[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(name);
  if (!isName) throw Refusal.of(553, "5.1.3", "That is not a name for a script");
  return name;
}

export function scriptBytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
