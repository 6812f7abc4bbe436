import { systemClock, systemRandom } from "../net/system.ts";
import { openSqliteStore } from "../store/sqlite/mod.ts";
import type { CommandDeps } from "./cli/command.ts";
import { commands } from "./cli/commands.ts";
import { dispatch } from "./cli/dispatch.ts";
import { systemTerminal } from "./cli/terminal.ts";
import { defaultPlaces } from "./config/locate.ts";
import { wireUp } from "./wire_up.ts";

/** Runs one command line; resolves with the exit code. */
export function main(args: readonly string[]): Promise<number> {
  const deps: CommandDeps = {
    terminal: systemTerminal(),
    clock: systemClock,
    random: systemRandom,
    places: defaultPlaces,
    userName: Deno.env.get("LOGNAME") ?? Deno.env.get("USER") ?? null,
    program: Deno.build.standalone ? "mailden" : "deno task mailden",
    wireUp,
    openStore: (config, log) =>
      openSqliteStore({
        directory: config.data,
        clock: systemClock,
        random: systemRandom,
        log,
        undeleteDays: config.store.undeleteDays,
      }),
  };
  return dispatch(args, commands, deps);
}
