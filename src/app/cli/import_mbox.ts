import { MBOX_VARIANTS, mboxFolders, type MboxVariant } from "../transfer/mod.ts";
import { type Command, type CommandInput, textOption, UsageError } from "./command.ts";
import { IMPORT_DETAILS, importFolders, importOptions, intoOf, requirePath } from "./import_options.ts";
import { withProgress } from "./transfer_options.ts";

export const importMbox: Command = {
  name: "import mbox",
  usage: "PATH --account ADDRESS [--into FOLDER] [--variant NAME]",
  summary: "bring in the mail of an mbox file, or of a directory of them",
  details:
    "A file goes to INBOX; in a directory each file is a folder, and X.sbd holds what is below X. Flags\n" +
    "are read from Status, X-Status and X-Keywords at the end of a header, dates from the From_ line.\n" +
    IMPORT_DETAILS,
  options: {
    ...importOptions,
    variant: { type: "string", value: "NAME", help: `${MBOX_VARIANTS.join(", ")} (mboxrd if not said)` },
  },
  positionals: [1, 1],
  async run(input, deps) {
    const path = input.positionals[0]!;
    const variant = variantOf(input);
    intoOf(input);
    await requirePath(path);
    return await withProgress(input, deps, {
      verb: "Imported",
      work: async (run) => {
        const folders = await mboxFolders(path, { variant, progress: run.progress });
        await importFolders(folders, { input, deps, run });
      },
    });
  },
};

function variantOf(input: CommandInput): MboxVariant {
  const text = textOption(input, "variant") ?? "mboxrd";
  const variant = MBOX_VARIANTS.find((name) => name === text);
  if (variant === undefined) {
    throw new UsageError(
      `Found ${JSON.stringify(text)} after --variant, expected one of ${MBOX_VARIANTS.join(", ")}`,
    );
  }
  return variant;
}
