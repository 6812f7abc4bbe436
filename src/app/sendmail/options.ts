/** The command line of sendmail(1), as programs have used it for forty years: letters, often with the value glued on. */

export interface SendmailOptions {
  readonly mode: "send" | "smtp" | "list" | "flush";
  /** `-C`: the configuration file. */
  readonly config: string | null;
  /** `-f` or `-r`: the envelope sender; empty for `<>`; null when not said. */
  readonly sender: string | null;
  /** `-F`: the sender's full name. */
  readonly fullName: string | null;
  /** `-t`: recipients stand in the header. */
  readonly fromHeader: boolean;
  /** A line with a single dot does not end the message: `-i` or `-oi`. */
  readonly ignoreDots: boolean;
  readonly recipients: readonly string[];
}

/** The command line makes no sense: exit code 64. */
export class SendmailUsageError extends Error {
  override readonly name = "SendmailUsageError";
}

/** Letters with a value that says nothing to us. */
const IGNORED_WITH_VALUE = "ABNOQRVXhopLd";
/** Letters alone that say nothing to us. */
const IGNORED = "GUnmvExc";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function parseSendmailArguments(args: readonly string[]): SendmailOptions {
  const options: Mutable<SendmailOptions> = {
    mode: "send",
    config: null,
    sender: null,
    fullName: null,
    fromHeader: false,
    ignoreDots: false,
    recipients: [],
  };
  let at = 0;
  for (; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--") {
      at++;
      break;
    }
    if (!arg.startsWith("-") || arg === "-") break;
    at += readOption(options, arg, args[at + 1]) - 1;
  }
  options.recipients = args.slice(at);
  return options;
}

/** Reads one option, with the word behind it when that is its value; how many words it took. */
function readOption(options: Mutable<SendmailOptions>, arg: string, next: string | undefined): number {
  const letter = arg[1]!;
  const glued = arg.slice(2);
  const withValue = (take: (value: string) => void): number => {
    if (glued === "" && next === undefined) throw new SendmailUsageError(`Option -${letter} needs a value`);
    take(glued === "" ? next! : glued);
    return glued === "" ? 2 : 1;
  };
  switch (letter) {
    case "f":
    case "r":
      return withValue((value) => options.sender = value === "<>" ? "" : value);
    case "F":
      return withValue((value) => options.fullName = value);
    case "C":
      return withValue((value) => options.config = value);
    case "b":
      options.mode = modeOf(glued);
      return 1;
    case "q":
      options.mode = "flush";
      return 1;
    case "o":
      if (glued === "i") options.ignoreDots = true;
      return glued === "" ? 2 : 1;
    case "t":
    case "i":
      readSwitches(options, arg.slice(1));
      return 1;
    default:
      if (IGNORED.includes(letter)) return 1;
      if (IGNORED_WITH_VALUE.includes(letter)) return withValue(() => {});
      throw new SendmailUsageError(`Unknown option ${arg}`);
  }
}

/** `-ti`, as many programs write it. */
function readSwitches(options: Mutable<SendmailOptions>, letters: string): void {
  for (const letter of letters) {
    if (letter === "t") options.fromHeader = true;
    else if (letter === "i") options.ignoreDots = true;
    else throw new SendmailUsageError(`Unknown option -${letter}`);
  }
}

function modeOf(letter: string): SendmailOptions["mode"] {
  if (letter === "m" || letter === "") return "send";
  if (letter === "s") return "smtp";
  if (letter === "p") return "list";
  throw new SendmailUsageError(
    `Option -b${letter} is not offered here; -bm sends, -bs speaks SMTP, -bp lists the queue`,
  );
}
