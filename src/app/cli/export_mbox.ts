import { exportFolders, MboxJournal, openMboxTarget } from "../transfer/mod.ts";
import type { Command } from "./command.ts";
import { directoryOf, exportOptions } from "./export_options.ts";
import { withProgress } from "./transfer_options.ts";

export const exportMbox: Command = {
  name: "export mbox",
  usage: "--account ADDRESS --to DIR",
  summary: "write an account's mail to mbox files (mboxrd), one for each folder",
  details: "A second run goes on where the last one ended, by .mailden-export.json in the directory.",
  options: exportOptions,
  positionals: [0, 0],
  async run(input, deps) {
    const directory = directoryOf(input);
    return await withProgress(input, deps, {
      verb: "Exported",
      work: async (run) => {
        const journal = await MboxJournal.open(directory);
        await exportFolders((folder) => openMboxTarget(directory, folder, journal), run);
      },
    });
  },
};
