import { type Address, formatAddress, type ReversePath } from "../../core/address.ts";
import { concatBytes } from "../../core/bytes.ts";
import { ProtocolError, Refusal } from "../../core/errors.ts";
import { makeId } from "../../core/id.ts";
import type { Log, Metrics } from "../../core/ports.ts";
import { reply } from "../../core/reply.ts";
import type { Door } from "../../intake/mod.ts";
import { serveSmtp } from "../../session/smtp/mod.ts";
import { parseMailbox } from "../../wire/smtp/mod.ts";
import { type Config, ConfigError, loadConfig } from "../config/mod.ts";
import { locateExistingConfig } from "../config/locate.ts";
import { dropMessage, type DropOptions } from "../maildrop/drop.ts";
import { MAX_RECIPIENTS } from "../maildrop/entry.ts";
import { prepareMessage } from "../sendmail/message.ts";
import { parseSendmailArguments, type SendmailOptions, SendmailUsageError } from "../sendmail/options.ts";
import { stdioConn } from "../sendmail/stdio_conn.ts";
import { type Command, type CommandDeps, EXIT_OK } from "./command.ts";
import { queueFlush } from "./queue_flush.ts";
import { queueList } from "./queue_list.ts";

/** The exit codes of sysexits(3), which programs that call sendmail look at. */
const EX_USAGE = 64;
const EX_DATAERR = 65;
const EX_UNAVAILABLE = 69;
const EX_CANTCREAT = 73;
const EX_TEMPFAIL = 75;
const EX_CONFIG = 78;

/** What went wrong, as a program must be told it. */
class SendmailError extends Error {
  override readonly name = "SendmailError";
  constructor(readonly exitCode: number, message: string) {
    super(message);
  }
}

export const sendmail: Command = {
  name: "sendmail",
  usage: "[-t] [-i] [-f SENDER] [-F NAME] [-C CONFIG] [-bs | -bp | -q] [RECIPIENT ...]",
  summary: "take a message on standard input, as sendmail(1) does",
  details: "The message is kept in the maildrop, and the server takes it from there: it need not run now.\n" +
    'As /usr/sbin/sendmail put a script there: exec mailden sendmail "$@"\n' +
    "\n" +
    "Exit codes are those of sysexits: 0 taken, 64 usage, 65 bad data, 69 too large, 73 the maildrop cannot be\n" +
    "written, 75 try again later, 78 configuration.",
  options: {},
  positionals: [0, Number.MAX_SAFE_INTEGER],
  takesRawArguments: true,
  async run(input, deps) {
    try {
      return await run(parseSendmailArguments(input.positionals), deps);
    } catch (error) {
      deps.terminal.err(`sendmail: ${error instanceof Error ? error.message : String(error)}`);
      return exitCodeOf(error);
    }
  },
};

function exitCodeOf(error: unknown): number {
  if (error instanceof SendmailError) return error.exitCode;
  if (error instanceof SendmailUsageError) return EX_USAGE;
  if (error instanceof ConfigError) return EX_CONFIG;
  if (error instanceof ProtocolError) return EX_DATAERR;
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
    return EX_CANTCREAT;
  }
  return EX_TEMPFAIL;
}

async function run(options: SendmailOptions, deps: CommandDeps): Promise<number> {
  const config = options.config === null ? {} : { config: options.config };
  if (options.mode === "list") {
    return await queueList.run({ positionals: [], options: { ...config, mailq: true } }, deps);
  }
  if (options.mode === "flush") return await queueFlush.run({ positionals: [], options: config }, deps);
  const source = await locateExistingConfig(options.config ?? undefined, deps.places);
  const settings = await loadConfig(source.path);
  const drop = { directory: settings.maildrop, clock: deps.clock, random: deps.random };
  if (options.mode === "smtp") return await speakSmtp(settings, drop, deps);
  return await send(options, { config: settings, drop, deps });
}

interface SendParts {
  readonly config: Config;
  readonly drop: DropOptions;
  readonly deps: CommandDeps;
}

async function send(options: SendmailOptions, { config, drop, deps }: SendParts): Promise<number> {
  const complete = (text: string): Address =>
    parseMailbox(text.includes("@") ? text : `${text}@${config.hostname}`);
  const sender = senderOf(options, deps, complete);
  const limit = config.limits.intake.messageSize;
  const message = prepareMessage(await readInput(limit), { ...options, sender });
  const given = options.recipients.flatMap((text) => text.split(",")).map((text) => text.trim());
  const recipients = [...given.filter((text) => text !== "").map(complete), ...message.recipients];
  if (recipients.length === 0) throw new SendmailError(EX_USAGE, "No recipients; name them, or use -t");
  if (recipients.length > MAX_RECIPIENTS) {
    throw new SendmailError(EX_USAGE, `More than ${MAX_RECIPIENTS} recipients; send it in several pieces`);
  }
  await dropMessage({ sender, recipients }, [message.bytes], drop);
  return EXIT_OK;
}

function senderOf(
  options: SendmailOptions,
  deps: CommandDeps,
  complete: (text: string) => Address,
): ReversePath {
  if (options.sender === "") return null;
  return complete(options.sender ?? deps.userName ?? "nobody");
}

async function readInput(limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of Deno.stdin.readable) {
    length += part.length;
    if (length > limit) throw new SendmailError(EX_UNAVAILABLE, `The message is larger than ${limit} bytes`);
    parts.push(part);
  }
  return concatBytes(parts);
}

/** `-bs`: our own SMTP session, whose door is the maildrop. */
async function speakSmtp(config: Config, drop: DropOptions, deps: CommandDeps): Promise<number> {
  const { clock, random } = deps;
  await serveSmtp(stdioConn(makeId(clock, random)), "smtp", {
    hostname: config.hostname,
    door: maildropDoor(drop),
    authenticate: () => Promise.resolve(null),
    clock,
    random,
    log: NO_LOG,
    metrics: NO_METRICS,
    limits: { current: config.limits.smtp },
    shutdown: new AbortController().signal,
    plaintextAuth: { current: false },
  });
  return EXIT_OK;
}

function maildropDoor(drop: DropOptions): Door {
  return {
    checkSender: () => {},
    checkRecipient: () => Promise.resolve(),
    async submit(envelope, message, { id }) {
      try {
        await dropMessage(envelope, message, { ...drop, id });
        return envelope.recipients.map((recipient) => ({
          recipient,
          kind: "queued",
          reply: reply(250, "2.0.0", `Dropped as ${id}`),
          host: null,
        }));
      } catch (error) {
        if (error instanceof Refusal) throw error;
        throw Refusal.of(
          451,
          "4.3.0",
          `The maildrop cannot take ${formatAddress(envelope.sender)}'s message now`,
        );
      }
    },
  };
}

/** Standard output belongs to the protocol, and standard error to the program that called. */
const NO_LOG: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => NO_LOG };
const NO_METRICS: Metrics = { count() {}, gauge() {}, observe() {} };
