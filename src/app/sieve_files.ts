/** The administrator's Sieve scripts, from their files; part of the composition root. */
import { join } from "node:path";
import type { Live } from "../core/ports.ts";
import type { FilterAccounts, GlobalScripts } from "../delivery/filter/mod.ts";
import { type CompiledSieve, compileSieve } from "../delivery/sieve/mod.ts";
import type { Directory } from "../intake/mod.ts";
import { SieveError, type SieveLimits } from "../wire/sieve/mod.ts";
import type { Config } from "./config/mod.ts";

const SUFFIX = ".sieve";

/** A script is wrong, or cannot be read; the message begins with file, line and column. */
export class SieveFileError extends Error {
  override readonly name = "SieveFileError";
}

/** Reads and compiles what `sieve:` names. Throws `SieveFileError`. */
export async function loadGlobalScripts({ sieve, limits }: Config): Promise<GlobalScripts> {
  const load = (path: string | null) => path === null ? null : compileFile(path, limits.sieve.compile);
  const named = new Map<string, CompiledSieve>();
  for (const name of sieve.global === null ? [] : await scriptNames(sieve.global)) {
    const path = join(sieve.global!, name);
    named.set(name.slice(0, -SUFFIX.length), await compileFile(path, limits.sieve.compile));
  }
  return { before: await load(sieve.before), after: await load(sieve.after), named };
}

/** Compiles a script; `path` is for its errors, which read as `FILE:LINE:COLUMN: problem`. */
export function compileAs(path: string, text: string, limits: SieveLimits): CompiledSieve {
  try {
    return compileSieve(text, { limits });
  } catch (error) {
    if (!(error instanceof SieveError)) throw error;
    const { line, column } = error.at;
    const problem = error.message.replace(/^Line \d+, column \d+: /, "");
    throw new SieveFileError(`${path}:${line}:${column}: ${problem}`);
  }
}

/** What the filter must know of the accounts. */
export function filterAccounts(directory: Live<Directory>): FilterAccounts {
  return {
    find: (name) => directory.current.account(name),
    owns: (account, address) => directory.current.maySendAs(account, address),
    separatorOf: (domain) => directory.current.separatorOf(domain),
  };
}

async function compileFile(path: string, limits: SieveLimits): Promise<CompiledSieve> {
  return compileAs(path, await readScript(path), limits);
}

async function readScript(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new SieveFileError(
      `${path}: The script cannot be read: ${error instanceof Error ? error.message : error}`,
    );
  }
}

async function scriptNames(folder: string): Promise<string[]> {
  try {
    const names: string[] = [];
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (!isDirectory && name.endsWith(SUFFIX)) names.push(name);
    }
    return names.sort();
  } catch (error) {
    throw new SieveFileError(
      `${folder}: The folder cannot be read: ${error instanceof Error ? error.message : error}`,
    );
  }
}
