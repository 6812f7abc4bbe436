import { type CommandDeps, CommandError } from "./command.ts";

/** The text of a file, or of standard input, at most so many bytes. */
export async function readScriptFile(
  file: string | undefined,
  { deps, limit }: { readonly deps: CommandDeps; readonly limit: number },
): Promise<string> {
  if (file === undefined || file === "-") return await deps.terminal.readInput(limit);
  try {
    const { size } = await Deno.stat(file);
    if (size > limit) throw new CommandError(`${file} has ${size} bytes; a script may have ${limit}`);
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}
