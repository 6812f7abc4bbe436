import { type CommandInput, textOption, UsageError } from "./command.ts";
import { accountOptions } from "./transfer_options.ts";

export const exportOptions = {
  ...accountOptions,
  to: { type: "string", value: "DIR", help: "the directory; it is made if it is missing" },
} as const;

export function directoryOf(input: CommandInput): string {
  const directory = textOption(input, "to");
  if (directory === undefined || directory === "") throw new UsageError("Say where to: --to DIR");
  return directory;
}
