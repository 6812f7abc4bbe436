import { sourceKey, type SourceSpec } from "../../retrieval/mod.ts";
import {
  type Command,
  type CommandDeps,
  CommandError,
  type CommandInput,
  EXIT_OK,
  textOption,
  UsageError,
} from "./command.ts";
import { withOperations } from "./operations.ts";
import { passwordOption } from "./password_input.ts";
import { retrieveInput, retrieveOptions } from "./retrieve_options.ts";

/** Some refresh tokens are a few thousand characters long. */
const MAX_LENGTH = 8192;

export const retrieveSecret: Command = {
  name: "retrieve secret",
  usage: "--account ADDRESS --source NAME [options]",
  summary: "give the password, or OAuth 2 refresh token, of a source",
  options: {
    ...retrieveOptions,
    source: { type: "string", value: "NAME", help: "its name, or its place in the account's list, from 1" },
    ...passwordOption,
  },
  positionals: [0, 0],
  async run(input, deps) {
    const { config, account } = await retrieveInput(input, deps);
    if (account === null) throw new UsageError("Say whose source: --account ADDRESS");
    const spec = chosen(config.sources.filter((source) => source.account === account), input);
    if (spec.secret !== null) {
      throw new CommandError(`${spec.name} has a password_file, which counts: change that file, and reload`);
    }
    const secret = await readSecret(input, deps, spec);
    await withOperations(
      config,
      deps,
      ({ handlers }) => handlers.setRetrievalSecret(sourceKey(spec), secret),
    );
    deps.terminal.out(`The ${wordFor(spec)} of ${spec.name} is set`);
    return EXIT_OK;
  },
};

function chosen(sources: readonly SourceSpec[], input: CommandInput): SourceSpec {
  const text = textOption(input, "source");
  const names = sources.map(({ name }) => name).join(", ");
  if (sources.length === 0) throw new CommandError("Nothing is fetched for this account");
  if (text === undefined) {
    if (sources.length === 1) return sources[0]!;
    throw new UsageError(`Say which source: --source, one of ${names}`);
  }
  const found = sources.find(({ name }) => name === text) ??
    (/^[1-9][0-9]{0,3}$/.test(text) ? sources[Number(text) - 1] : undefined);
  if (found === undefined) {
    throw new CommandError(`There is no source ${JSON.stringify(text)}; there is ${names}`);
  }
  return found;
}

async function readSecret(input: CommandInput, { terminal }: CommandDeps, spec: SourceSpec): Promise<string> {
  let secret: string | null;
  if (input.options["password-stdin"] === true) {
    secret = (await terminal.readInput(2 * MAX_LENGTH)).replace(/\r?\n$/, "");
  } else if (terminal.interactive) {
    secret = await terminal.askSecret(`The ${wordFor(spec)} of ${spec.name}: `);
  } else throw new UsageError("There is no terminal to ask for it; give it with --password-stdin");
  if (secret === null || secret === "") throw new CommandError("Nothing was given; nothing was changed");
  if (secret.length > MAX_LENGTH || /[\x00-\x1f\x7f]/.test(secret)) {
    throw new CommandError(
      `It holds a control character or more than ${MAX_LENGTH} characters; nothing was changed`,
    );
  }
  return secret;
}

function wordFor({ oauth }: SourceSpec): string {
  return oauth === null ? "password" : "refresh token";
}
