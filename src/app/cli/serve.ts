import { type ConfigSource, locateConfig } from "../config/locate.ts";
import { type Config, loadConfig } from "../config/mod.ts";
import { runServer } from "../server.ts";
import { ensureTrialFile, ensureTrialPassword, trialLines, withFreePorts } from "../trial.ts";
import { type Command, type CommandDeps, configOption, textOption } from "./command.ts";

export const serve: Command = {
  name: "serve",
  usage: "[--config FILE]",
  summary: "run the server",
  details:
    "Without a configuration a local trial is started: data in ./mailden-data, high ports on this machine\n" +
    "only, one account whose password is printed.\n" +
    "\n" +
    "SIGHUP reads the configuration again (a wrong one is reported and the old one stays in force); SIGTERM and\n" +
    "Control-C let running commands finish, for at most 10 seconds, and a second one ends at once.",
  options: configOption,
  positionals: [0, 0],
  async run(input, deps) {
    const source = await locateConfig(textOption(input, "config"), deps.places);
    if (source.kind === "trial") return await serveTrial(source, deps);
    return await runServer({
      source,
      config: await loadConfig(source.path),
      deps,
      prepare: (config) => config,
      onStarted: () => Promise.resolve(),
    });
  },
};

async function serveTrial(source: ConfigSource, deps: CommandDeps): Promise<number> {
  await ensureTrialFile(source.path);
  const file = await loadConfig(source.path);
  let moved: ReturnType<typeof withFreePorts> | null = null;
  return await runServer({
    source,
    config: file,
    deps,
    prepare: (config): Config => {
      // Only the first time: a reload must not move a port because we have it ourselves.
      moved ??= withFreePorts(config);
      return { ...config, listen: moved.config.listen };
    },
    onStarted: async (running) => {
      const lines = trialLines({
        listeners: running.listeners,
        moved: moved?.moved ?? [],
        password: await ensureTrialPassword(running, { config: file, random: deps.random }),
        folder: file.data,
        program: deps.program,
      });
      lines.forEach((line) => deps.terminal.out(line));
    },
  });
}
