/** Sieve as ManageSieve tells of it and checks it: the compiler, seen from a session. */
import { compileSieve, SIEVE_EXTENSIONS, type SieveRunLimits } from "../delivery/sieve/mod.ts";
import type { ScriptVerdict, SieveLanguage } from "../session/managesieve/mod.ts";
import { type CommandNode, parseSieve, SieveError, type SieveLimits } from "../wire/sieve/mod.ts";

export interface LanguageLimits {
  readonly compile: SieveLimits;
  readonly run: SieveRunLimits;
}

export function makeSieveLanguage({ compile, run }: LanguageLimits): SieveLanguage {
  return {
    extensions: SIEVE_EXTENSIONS,
    // RFC 5436; see `notifyMethodCapability` in the language itself.
    notifyMethods: ["mailto"],
    maxRedirects: run.redirects,
    scriptBytes: compile.scriptBytes,
    check: (script) => checkScript(script, { compile, run }),
  };
}

function checkScript(script: string, { compile, run }: LanguageLimits): ScriptVerdict {
  try {
    compileSieve(script, { limits: compile });
  } catch (error) {
    if (!(error instanceof SieveError)) throw error;
    return { isGood: false, error: error.message };
  }
  // Most scripts hold neither, and need not be read again.
  const isPlain = !/redirect|include/i.test(script);
  const commands = isPlain ? [] : [...inOrder(parseSieve(script, compile).commands)];
  return {
    isGood: true,
    warnings: manyRedirects(commands, run.redirects),
    includes: commands.flatMap(includedBy),
  };
}

/** The commands of all blocks, as they stand in the script. */
function* inOrder(commands: readonly CommandNode[]): Generator<CommandNode> {
  const waiting = [...commands].reverse();
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node;
    waiting.push(...[...node.block ?? []].reverse());
  }
}

/** RFC 5804 section 2.6 has this one as its example. */
function manyRedirects(commands: readonly CommandNode[], most: number): string[] {
  const tooMany = commands.filter(({ name }) => name === "redirect")[most];
  if (tooMany === undefined) return [];
  const { line, column } = tooMany.at;
  return [
    `Line ${line}, column ${column}: a message that is redirected more than ${most} times is only kept`,
  ];
}

/** The personal script that must be there when the command runs (RFC 6609 section 3.2). */
function includedBy({ name, args }: CommandNode): string[] {
  if (name !== "include") return [];
  const isElsewhere = args.some((arg) => arg.kind === "tag" && ["global", "optional"].includes(arg.name));
  const named = args.find((arg) => arg.kind === "strings");
  return isElsewhere || named === undefined ? [] : [named.values[0]!.value];
}
