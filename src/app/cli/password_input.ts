import {
  type CommandDeps,
  CommandError,
  type CommandInput,
  type CommandOption,
  UsageError,
} from "./command.ts";

export const passwordOption: Readonly<Record<"password-stdin", CommandOption>> = {
  "password-stdin": { type: "boolean", help: "read the password from standard input" },
};

/** Every protocol can carry a password of this length. */
const MAX_BYTES = 512;

/** A new password: asked for twice, or the first line of standard input. Never an argument, which others could see. */
export async function readNewPassword(input: CommandInput, deps: CommandDeps): Promise<string> {
  const { terminal } = deps;
  if (input.options["password-stdin"] === true) {
    return checked((await terminal.readInput(4 * MAX_BYTES)).replace(/\r?\n$/, ""));
  }
  if (!terminal.interactive) {
    throw new UsageError("There is no terminal to ask for the password; give it with --password-stdin");
  }
  const password = checked(await terminal.askSecret("New password: "));
  if (await terminal.askSecret("The same again: ") !== password) {
    throw new CommandError("The two passwords differ; nothing was changed");
  }
  return password;
}

function checked(password: string | null): string {
  if (password === null) throw new CommandError("No password was given; nothing was changed");
  if (password === "") throw new CommandError("The password is empty; nothing was changed");
  if (new TextEncoder().encode(password).length > MAX_BYTES) {
    throw new CommandError(`The password is longer than ${MAX_BYTES} bytes; nothing was changed`);
  }
  // RFC 4616 and the quoted strings of IMAP cannot carry them all.
  if (/[\x00-\x1f\x7f]/.test(password)) {
    throw new CommandError(
      "The password holds a line break or another control character; nothing was changed",
    );
  }
  return password;
}
