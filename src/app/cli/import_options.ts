import { importFolder, type SourceFolder, type TransferHandlers } from "../transfer/mod.ts";
import type { Progress } from "../transfer/mod.ts";
import { type CommandDeps, CommandError, type CommandInput, textOption, UsageError } from "./command.ts";
import { accountOptions } from "./transfer_options.ts";

export const importOptions = {
  ...accountOptions,
  into: {
    type: "string",
    value: "FOLDER",
    help: "below this mailbox instead of where it lay; its INBOX becomes it",
  },
} as const;

/** The last part of the help. */
export const IMPORT_DETAILS =
  "What is there already (the same header fields and size) is not brought again, so a run that was\n" +
  "broken off is simply begun again. What cannot be read is named at the end, and the exit code is 1.";

export interface ImportRun {
  readonly handlers: TransferHandlers;
  readonly account: string;
  readonly progress: Progress;
}

export async function importFolders(
  folders: readonly SourceFolder[],
  { input, deps, run }: { readonly input: CommandInput; readonly deps: CommandDeps; readonly run: ImportRun },
): Promise<void> {
  const into = intoOf(input);
  for (const folder of folders) {
    const name = placed(folder.name, into);
    const role = into === null ? folder.role ?? null : null;
    await importFolder({ name, role, messages: () => folder.messages() }, { ...run, random: deps.random });
  }
}

/** Checked before anything is read. */
export function intoOf(input: CommandInput): string | null {
  const into = textOption(input, "into") ?? null;
  if (into !== null && (into === "" || into.startsWith("/") || into.endsWith("/"))) {
    throw new UsageError(
      `Found ${JSON.stringify(into)} after --into, expected a mailbox such as Old or Archive/2025`,
    );
  }
  return into;
}

function placed(name: string, into: string | null): string {
  if (into === null) return name;
  return name === "INBOX" ? into : `${into}/${name}`;
}

/** Says in the words of a command that there is nothing at a path. */
export async function requirePath(path: string): Promise<void> {
  try {
    await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new CommandError(`There is no ${path}`);
    throw new CommandError(`Cannot read ${path}: ${error instanceof Error ? error.message : error}`);
  }
}
