import type { ScriptStore, StoredScript } from "../../store/mod.ts";
import { type CompiledSieve, compileSieve } from "../sieve/mod.ts";
import { SieveError, type SieveLimits } from "../../wire/sieve/mod.ts";

/** A script that does not compile, though it did when it was stored. */
export class BrokenScript extends Error {
  override readonly name = "BrokenScript";
}

/** Scripts of the accounts, compiled once for each version. */
export class ScriptShelf {
  readonly #scripts: ScriptStore;
  readonly #compiled = new Map<number, CompiledSieve>();

  constructor(scripts: ScriptStore) {
    this.#scripts = scripts;
  }

  /** The active script, of which the store says that it has this version. */
  async active(
    account: string,
    options: { readonly version: number } & ShelfLimits,
  ): Promise<CompiledSieve | null> {
    const known = this.#compiled.get(options.version);
    if (known !== undefined) return this.#touch(options.version, known);
    const stored = await this.#scripts.active(account);
    return stored === null ? null : this.#compile(stored, options);
  }

  /** One that another includes. */
  async personal(account: string, name: string, limits: ShelfLimits): Promise<CompiledSieve | null> {
    const stored = await this.#scripts.get(account, name);
    return stored === null ? null : this.#compiled.get(stored.version) ?? this.#compile(stored, limits);
  }

  #compile({ name, text, version }: StoredScript, { limits, capacity }: ShelfLimits): CompiledSieve {
    try {
      const compiled = this.#touch(version, compileSieve(text, { limits }));
      for (const oldest of this.#compiled.keys()) {
        if (this.#compiled.size <= capacity) break;
        this.#compiled.delete(oldest);
      }
      return compiled;
    } catch (error) {
      if (error instanceof SieveError) throw new BrokenScript(`Script "${name}": ${error.message}`);
      throw error;
    }
  }

  #touch(version: number, compiled: CompiledSieve): CompiledSieve {
    this.#compiled.delete(version);
    this.#compiled.set(version, compiled);
    return compiled;
  }
}

export interface ShelfLimits {
  readonly limits: SieveLimits;
  readonly capacity: number;
}
