import { makeCredential } from "../../store/credential.ts";
import { locateExistingConfig } from "../config/locate.ts";
import { loadConfig } from "../config/mod.ts";
import { parseAccountName, requireAccount } from "./account_name.ts";
import { type Command, configOption, EXIT_OK, textOption } from "./command.ts";
import { withOperations } from "./operations.ts";
import { passwordOption, readNewPassword } from "./password_input.ts";

export const accountPassword: Command = {
  name: "account password",
  usage: "ADDRESS [options]",
  summary: "set the password of an account",
  options: { ...configOption, ...passwordOption },
  positionals: [1, 1],
  async run(input, deps) {
    const account = parseAccountName(input.positionals[0]);
    const { path } = await locateExistingConfig(textOption(input, "config"), deps.places);
    const config = await loadConfig(path);
    requireAccount(config, account);
    const credential = await makeCredential(await readNewPassword(input, deps), deps.random);
    await withOperations(config, deps, ({ handlers }) => handlers.setCredential(account.name, credential));
    deps.terminal.out(`The password of ${account.name} is set`);
    return EXIT_OK;
  },
};
