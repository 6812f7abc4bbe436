import { defaultRetrievalSettings } from "../../retrieval/settings.ts";
import { connect } from "../../net/connect.ts";
import { makeResolver } from "../../net/dns/mod.ts";
import { imapFolders, type ImapPlace, openImapSource } from "../transfer/mod.ts";
import { openStderrLog } from "../log/mod.ts";
import type { Config } from "../config/mod.ts";
import {
  type Command,
  type CommandDeps,
  CommandError,
  type CommandInput,
  textOption,
  UsageError,
} from "./command.ts";
import { IMPORT_DETAILS, importFolders, importOptions, intoOf } from "./import_options.ts";
import { passwordOption } from "./password_input.ts";
import { withProgress } from "./transfer_options.ts";

const TLS = ["implicit", "starttls", "none"] as const;
/** A header may be one literal. */
const LONGEST_HEADER = 4 * 1024 * 1024;
const PASSWORD_BYTES = 4096;

export const importImap: Command = {
  name: "import imap",
  usage: "HOST --account ADDRESS --user NAME [--into FOLDER] [options]",
  summary: "bring in the mail of an account on another server, with its folders, flags and dates",
  details:
    "The certificate must be valid for HOST, by the well-known authorities or outbound: ca_file. The\n" +
    "password is asked for, or read from standard input.\n" + IMPORT_DETAILS,
  options: {
    ...importOptions,
    user: { type: "string", value: "NAME", help: "the name to log in with there" },
    ...passwordOption,
    port: { type: "string", value: "N", help: "993, or 143 with --tls starttls or none" },
    tls: {
      type: "string",
      value: "HOW",
      help: "implicit (if not said), starttls, or none, to this machine only",
    },
  },
  positionals: [1, 1],
  async run(input, deps) {
    const place = placeOf(input);
    intoOf(input);
    const password = await readPassword(input, deps);
    return await withProgress(input, deps, {
      verb: "Imported",
      work: async (run) => {
        const connection = await open({ ...place, password }, run.config, deps);
        try {
          const folders = await imapFolders(connection, run.progress);
          await importFolders(folders, { input, deps, run });
          await connection.command("LOGOUT").catch(() => {});
        } catch (error) {
          throw new CommandError(
            `${place.host}: ${error instanceof Error ? error.message : error}; begin again to bring the rest`,
          );
        } finally {
          connection.close();
        }
      },
    });
  },
};

async function open(place: ImapPlace, config: Config, { clock, random }: CommandDeps) {
  const stderr = openStderrLog({
    settings: { current: { level: "warn", format: config.log.format } },
    clock,
  });
  const { servers, trustAd, ...dns } = config.dns;
  const resolver = makeResolver({
    ...dns,
    servers: { current: servers },
    trustAd: { current: trustAd },
    clock,
    random,
    log: stderr.log,
  });
  try {
    return await openImapSource(place, {
      settings: { current: { ...defaultRetrievalSettings, lineSize: LONGEST_HEADER } },
      authorities: { current: config.outbound.authorities },
      resolver,
      connect,
      clock,
      random,
    });
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error));
  } finally {
    resolver.close();
    await stderr.close();
  }
}

function placeOf(input: CommandInput): Omit<ImapPlace, "password"> {
  const user = textOption(input, "user");
  if (user === undefined || user === "") throw new UsageError("Say who logs in there: --user NAME");
  const text = textOption(input, "tls") ?? "implicit";
  const tls = TLS.find((kind) => kind === text);
  if (tls === undefined) {
    throw new UsageError(`Found ${JSON.stringify(text)} after --tls, expected ${TLS.join(", ")}`);
  }
  const port = textOption(input, "port") ?? (tls === "implicit" ? "993" : "143");
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
    throw new UsageError(`Found ${JSON.stringify(port)} after --port, expected a number from 1 to 65535`);
  }
  return { host: input.positionals[0]!, port: Number(port), tls, user };
}

async function readPassword(input: CommandInput, { terminal }: CommandDeps): Promise<string> {
  const password = input.options["password-stdin"] === true
    ? (await terminal.readInput(PASSWORD_BYTES)).replace(/\r?\n$/, "")
    : terminal.interactive
    ? await terminal.askSecret("Password there: ")
    : null;
  if (password === null) {
    throw new UsageError("There is no terminal to ask for the password; give it with --password-stdin");
  }
  if (password === "" || /[\x00\r\n]/.test(password)) {
    throw new UsageError("The password is empty, or has several lines");
  }
  return password;
}
