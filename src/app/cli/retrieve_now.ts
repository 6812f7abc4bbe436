import { type Command, EXIT_FAILED, EXIT_OK } from "./command.ts";
import { withOperations } from "./operations.ts";
import { counted } from "./queue_options.ts";
import { retrieveInput, retrieveOptions } from "./retrieve_options.ts";

export const retrieveNow: Command = {
  name: "retrieve now",
  usage: "[options]",
  summary: "fetch mail from other providers now, also where a password was refused",
  options: retrieveOptions,
  positionals: [0, 0],
  async run(input, deps) {
    const { config, account } = await retrieveInput(input, deps);
    const count = await withOperations(config, deps, ({ handlers }) => handlers.retrieveNow(account));
    if (count === 0) {
      deps.terminal.err("Nothing is fetched; sources are configured under retrieve of an account");
      return EXIT_FAILED;
    }
    deps.terminal.out(`Looking into ${counted(count, "source")}; "retrieve status" shows what came of it`);
    return EXIT_OK;
  },
};
