import { makeCredential } from "../../store/credential.ts";
import { editFile, withAccount } from "../config/edit.ts";
import { locateExistingConfig } from "../config/locate.ts";
import { loadConfig } from "../config/mod.ts";
import { parseSize } from "../config/units.ts";
import { parseAccountName, requireNewName } from "./account_name.ts";
import { type Command, configOption, EXIT_OK, textOption, UsageError } from "./command.ts";
import { withOperations } from "./operations.ts";
import { passwordOption, readNewPassword } from "./password_input.ts";
import { reloadServer } from "./reload_server.ts";

export const accountAdd: Command = {
  name: "account add",
  usage: "ADDRESS [options]",
  summary: "add an account and set its password",
  details:
    "Writes the account into the configuration (comments stay) and its password, hashed, into the data\n" +
    "folder. A running server takes it over at once. The domain must be configured already.",
  options: {
    ...configOption,
    ...passwordOption,
    name: { type: "string", value: "NAME", help: "the person's name" },
    quota: { type: "string", value: "SIZE", help: "how much mail it may keep, such as 10GiB" },
  },
  positionals: [1, 1],
  async run(input, deps) {
    const account = parseAccountName(input.positionals[0]);
    const quota = textOption(input, "quota");
    if (quota !== undefined && parseSize(quota) === null) {
      throw new UsageError(`Found ${JSON.stringify(quota)}, expected a size such as 500MiB or 10GiB`);
    }
    const { path } = await locateExistingConfig(textOption(input, "config"), deps.places);
    const config = await loadConfig(path);
    requireNewName(config, account);
    const credential = await makeCredential(await readNewPassword(input, deps), deps.random);
    await withOperations(config, deps, async ({ handlers, server }) => {
      // The file is first: an account without a password gets mail and lets nobody in.
      const entry = { local: account.local, domain: account.domain, name: textOption(input, "name"), quota };
      await editFile(path, (content) => withAccount(content, path, entry));
      await handlers.setCredential(account.name, credential);
      await reloadServer(server, path, deps);
    });
    deps.terminal.out(`Added ${account.name} to ${path}`);
    return EXIT_OK;
  },
};
