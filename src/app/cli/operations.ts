import { join } from "node:path";
import { type Config, CONTROL_SOCKET } from "../config/mod.ts";
import { connectControl, type ControlClient, makeControlHandlers } from "../control/mod.ts";
import { DataFolderBusyError, lockDataFolder } from "../lock.ts";
import { openStderrLog } from "../log/mod.ts";
import type { ControlHandlers } from "../running.ts";
import { type CommandDeps, CommandError } from "./command.ts";

/** The means to operate: a running server if there is one (`server`), else the database itself. */
export interface Operations {
  readonly handlers: ControlHandlers;
  readonly server: ControlClient | null;
}

/** Runs `work` with the server that owns the data folder, or, when none runs, with the folder locked for us. */
export async function withOperations<T>(
  config: Config,
  deps: CommandDeps,
  work: (operations: Operations) => Promise<T>,
): Promise<T> {
  const server = await connectControl(join(config.data, CONTROL_SOCKET));
  if (server === null) return await withStore(config, deps, work);
  try {
    return await work({ handlers: server, server });
  } finally {
    server.close();
  }
}

async function withStore<T>(
  config: Config,
  deps: CommandDeps,
  work: (operations: Operations) => Promise<T>,
): Promise<T> {
  const lock = await lockForCommand(config.data);
  const { log, close } = openStderrLog({
    settings: { current: { level: "warn", format: config.log.format } },
    clock: deps.clock,
  });
  try {
    const store = await deps.openStore(config, log);
    try {
      return await work({ handlers: makeControlHandlers({ store, clock: deps.clock }), server: null });
    } finally {
      await store.close();
    }
  } finally {
    lock.release();
    await close();
  }
}

async function lockForCommand(folder: string) {
  try {
    return await lockDataFolder(folder);
  } catch (error) {
    if (!(error instanceof DataFolderBusyError)) throw error;
    throw new CommandError(`${error.message}, or try again: it has the data but does not answer yet`);
  }
}
