import type { ControlClient } from "../control/mod.ts";
import { type CommandDeps, CommandError } from "./command.ts";

/** Makes a running server take over what was just written; `path` is the file that was edited. */
export async function reloadServer(
  server: ControlClient | null,
  path: string,
  deps: CommandDeps,
): Promise<void> {
  if (server === null) return;
  const { config, pid } = await server.status();
  if (config !== path) {
    deps.terminal.err(`The running server (process ${pid}) uses ${config}, not ${path}: it was not changed`);
    return;
  }
  try {
    await server.reload();
  } catch (error) {
    throw new CommandError(
      `${path} was changed, but the running server could not take it over: ${
        error instanceof Error ? error.message : error
      }`,
    );
  }
}
