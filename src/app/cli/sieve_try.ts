/** `sieve test`; a file of that name would be taken for a test. */
import { formatAddress } from "../../core/address.ts";
import { decodeLatin1, encodeLatin1 } from "../../core/bytes.ts";
import { compileAs } from "../sieve_files.ts";
import type { Action, CompiledSieve, SieveInput } from "../../delivery/sieve/mod.ts";
import { defaultFilterSettings } from "../../delivery/filter/mod.ts";
import { runSieve } from "../../delivery/sieve/mod.ts";
import { makeDirectory } from "../../intake/mod.ts";
import { parseMessage } from "../../wire/mime/mod.ts";
import { parsePath } from "../../wire/smtp/mod.ts";
import { locateExistingConfig } from "../config/locate.ts";
import { type Config, loadConfig } from "../config/mod.ts";
import { loadGlobalScripts } from "../sieve_files.ts";
import { version } from "../version.ts";
import { parseAccountName, requireAccount } from "./account_name.ts";
import {
  type Command,
  type CommandDeps,
  CommandError,
  type CommandInput,
  configOption,
  EXIT_FAILED,
  EXIT_OK,
  textOption,
  UsageError,
} from "./command.ts";
import { readScriptFile } from "./script_input.ts";
import { withScripts } from "./script_options.ts";
import { NO_WORLD, type World, worldOf } from "./sieve_world.ts";

/** The largest message that is tried. */
const MAX_MESSAGE = 64 * 1024 * 1024;

export const sieveTest: Command = {
  name: "sieve test",
  usage: "--script FILE [--message FILE] [options]",
  summary: "check a filter script (Sieve), and show what it would do with a message",
  details:
    "Nothing is stored or sent. Without --message the script is only checked. With --account it sees that account's\n" +
    "mailboxes, lists and scripts, and the administrator's scripts run around it. Nothing counts as a duplicate, and\n" +
    "without --account all mailboxes are taken to be there.",
  options: {
    ...configOption,
    script: { type: "string", value: "FILE", help: "the script" },
    message: { type: "string", value: "FILE", help: "the message; - for standard input" },
    account: { type: "string", value: "ADDRESS", help: "whose mail it is" },
    from: { type: "string", value: "ADDRESS", help: "the sender of the envelope" },
    to: { type: "string", value: "ADDRESS", help: "the recipient of the envelope" },
  },
  positionals: [0, 0],
  async run(input, deps) {
    const file = textOption(input, "script");
    if (file === undefined) throw new UsageError("Say which script: --script FILE");
    const config = await configOf(input, deps);
    const settings = config?.limits.sieve ?? defaultFilterSettings;
    const text = await readScriptFile(file, { deps, limit: settings.compile.scriptBytes });
    const script = compileAs(file, text, settings.compile);
    const messageFile = textOption(input, "message");
    if (messageFile === undefined) {
      deps.terminal.out("The script is in order");
      return EXIT_OK;
    }
    const message = await readMessage(messageFile, deps);
    const { before, after, named } = config === null ? NO_SCRIPTS : await loadGlobalScripts(config);
    const scripts = [before, script, after].filter((one) => one !== null);
    const run = (world: World) =>
      runSieve(scripts, inputOf(message, { named, input, config, deps, world }), settings.run);
    const { actions, error } = textOption(input, "account") === undefined
      ? await run(NO_WORLD)
      : await withScripts(input, deps, async (on) => await run(await worldOf(on, settings.compile)));
    if (error !== null) {
      const [, line, column, problem] = /^Line (\d+), column (\d+): ([^]*)$/.exec(error) ?? [];
      deps.terminal.err(problem === undefined ? error : `${file}:${line}:${column}: ${problem}`);
    }
    if (actions.length === 0) deps.terminal.out("Discard the message");
    for (const action of actions) deps.terminal.out(describe(action));
    return error === null ? EXIT_OK : EXIT_FAILED;
  },
};

const NO_SCRIPTS = { before: null, after: null, named: new Map<string, CompiledSieve>() };

/** Only `--account` needs one. */
async function configOf(input: CommandInput, deps: CommandDeps): Promise<Config | null> {
  if (textOption(input, "account") === undefined && textOption(input, "config") === undefined) return null;
  const { path } = await locateExistingConfig(textOption(input, "config"), deps.places);
  const config = await loadConfig(path);
  const account = textOption(input, "account");
  if (account !== undefined) requireAccount(config, parseAccountName(account));
  return config;
}

async function readMessage(file: string, deps: CommandDeps): Promise<Uint8Array> {
  if (file === "-") return crlf(new TextEncoder().encode(await deps.terminal.readInput(MAX_MESSAGE)));
  try {
    return crlf(await Deno.readFile(file));
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** Files of this system end lines with LF, messages with CR LF. */
function crlf(bytes: Uint8Array): Uint8Array {
  return encodeLatin1(decodeLatin1(bytes).replace(/\r?\n/g, "\r\n"));
}

interface Around {
  readonly named: ReadonlyMap<string, CompiledSieve>;
  readonly input: CommandInput;
  readonly config: Config | null;
  readonly deps: CommandDeps;
  readonly world: World;
}

function inputOf(bytes: Uint8Array, { named, input, config, deps, world }: Around): SieveInput {
  const digest = parseMessage(bytes);
  const account = textOption(input, "account");
  const name = account === undefined ? null : parseAccountName(account).name;
  const first = digest.envelope.from[0];
  const sender = textOption(input, "from") ??
    (first?.mailbox && first.host ? `${first.mailbox}@${first.host}` : "");
  const recipient = addressOption("to", textOption(input, "to") ?? name ?? "nobody@localhost");
  if (recipient === null) throw new UsageError("--to cannot be empty");
  const info = config === null || name === null ? null : makeDirectory(config.directory).account(name);
  const domain = info?.address.domain ?? recipient.domain;
  const now = deps.clock.now();
  return {
    message: {
      size: bytes.length,
      digest,
      read: (start, end) => Promise.resolve(bytes.slice(start, end)),
    },
    envelope: { from: addressOption("from", sender), to: recipient, auth: null },
    owner: info?.address ?? recipient,
    separatorOf: (domain) => config === null ? "+" : makeDirectory(config.directory).separatorOf(domain),
    now,
    boundary: deps.random.bytes(12).toHex(),
    zoneMinutes: -new Date(now).getTimezoneOffset(),
    environment: new Map([
      ["domain", domain],
      ["host", config?.hostname ?? "localhost"],
      ["location", "MDA"],
      ["name", "Mailden"],
      ["phase", "during"],
      ["version", version],
    ]),
    spamPercent: null,
    virusLevel: 0,
    mailboxes: world.mailboxes,
    lists: world.lists,
    duplicates: { seen: () => Promise.resolve(false) },
    scripts: {
      find: (location, script) =>
        location === "global" ? Promise.resolve(named.get(script) ?? null) : world.personal(script),
    },
    rest: () => Promise.resolve(),
  };
}

function addressOption(name: string, text: string) {
  try {
    return parsePath(`<${text}>`);
  } catch {
    throw new UsageError(`Found ${JSON.stringify(text)} after --${name}, expected an address`);
  }
}

/** An action in plain words. */
export function describe(action: Action): string {
  switch (action.kind) {
    case "keep":
      return `Keep it in INBOX${flagsText(action.flags)}${changedText(action.message)}`;
    case "fileinto": {
      const { target } = action;
      const made = target.create ? ", which is made if it is missing" : "";
      return `Put it into "${target.mailbox}"${made}${flagsText(target.flags)}${changedText(action.message)}`;
    }
    case "redirect":
      return `Send it on to ${formatAddress(action.address)}${changedText(action.message)}`;
    case "reject":
    case "ereject":
      return `Refuse it: ${firstLine(action.reason)}`;
    case "vacation":
      return `Answer the sender, unless that was done in the last ${periodText(action.period)}: ${
        firstLine(action.reason)
      }`;
    case "notify":
      return `Send a notice to ${action.method}`;
    case "note-duplicate":
      return `Note for ${periodText(action.seconds)} that it was seen`;
  }
}

function flagsText(flags: readonly string[]): string {
  return flags.length === 0 ? "" : `, marked ${flags.join(" ")}`;
}

function changedText({ header, body }: { header: unknown; body: unknown }): string {
  if (header !== null && body !== null) return ", with another header and text";
  return header !== null ? ", with a changed header" : body !== null ? ", with another text" : "";
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? "";
}

const DAY = 24 * 60 * 60;

function periodText(seconds: number): string {
  return seconds % DAY === 0 && seconds > 0 ? `${seconds / DAY} days` : `${seconds} seconds`;
}
