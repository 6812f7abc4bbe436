import { maildirFolders } from "../transfer/mod.ts";
import { type Command, CommandError } from "./command.ts";
import { IMPORT_DETAILS, importFolders, importOptions, intoOf, requirePath } from "./import_options.ts";
import { withProgress } from "./transfer_options.ts";

export const importMaildir: Command = {
  name: "import maildir",
  usage: "PATH --account ADDRESS [--into FOLDER]",
  summary: "bring in the mail of a Maildir with its folders, flags and dates",
  details: "Maildir++ and Dovecot's layout of folders in folders. A message's date is its file's.\n" +
    IMPORT_DETAILS,
  options: importOptions,
  positionals: [1, 1],
  async run(input, deps) {
    const path = input.positionals[0]!;
    intoOf(input);
    await requirePath(path);
    return await withProgress(input, deps, {
      verb: "Imported",
      work: async (run) => {
        const folders = await maildirFolders(path, run.progress);
        if (folders.length === 0) {
          throw new CommandError(`${path} is no Maildir: nothing in it has a folder cur`);
        }
        await importFolders(folders, { input, deps, run });
      },
    });
  },
};
