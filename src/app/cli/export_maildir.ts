import { exportFolders, openMaildirTarget } from "../transfer/mod.ts";
import type { Command } from "./command.ts";
import { directoryOf, exportOptions } from "./export_options.ts";
import { withProgress } from "./transfer_options.ts";

export const exportMaildir: Command = {
  name: "export maildir",
  usage: "--account ADDRESS --to DIR",
  summary: "write an account's mail to a Maildir++ with its folders, flags and dates",
  details:
    "A second run writes what is missing. Keywords are in dovecot-keywords, 26 of them for each folder.",
  options: exportOptions,
  positionals: [0, 0],
  async run(input, deps) {
    const directory = directoryOf(input);
    return await withProgress(input, deps, {
      verb: "Exported",
      work: (run) => exportFolders((folder) => openMaildirTarget(directory, folder, run.progress), run),
    });
  },
};
