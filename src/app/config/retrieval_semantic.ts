/** What a schema cannot say of the `retrieve:` lists: sources that are there twice, secrets that are not there. */
import { resolve } from "node:path";
import type { ConfigProblem } from "./errors.ts";
import type { Path, Places } from "./report.ts";
import { nameOf, type SourceContent } from "./retrieval.ts";
import { readSecretFile } from "./schema.ts";
import { checkedName } from "../../store/mod.ts";

interface Options {
  readonly places: Places;
  readonly folder: string;
}

/** `path` leads to the account's list. */
export function sourceProblems(
  sources: readonly SourceContent[],
  path: Path,
  options: Options,
): ConfigProblem[] {
  const names = new Set<string>();
  const logIns = new Set<string>();
  return sources.flatMap((source, index) => {
    const at = (key: string, message: string) => options.places.atValue([...path, index, key], message);
    const problems: ConfigProblem[] = [];
    const name = nameOf(source);
    if (names.has(name)) {
      problems.push(at("name", `${name} is here twice, expected a different name for each source`));
    }
    const logIn = `${source.protocol} ${source.user} ${source.host.toLowerCase()}`;
    if (logIns.has(logIn)) {
      problems.push(at("user", "This log-in is here twice, expected one source with all its folders"));
    }
    names.add(name);
    logIns.add(logIn);
    return [...problems, ...oneProblems(source, { ...options, path: [...path, index] })];
  });
}

function oneProblems(
  { oauth2, password_file, folders, protocol, into }: SourceContent,
  { places, folder, path }: Options & { readonly path: Path },
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const add = (keys: Path, message: string) => problems.push(places.atValue([...path, ...keys], message));
  if (oauth2 !== null && password_file !== null) {
    add(["password_file"], "Found a file, expected none: with oauth2 the refresh token is in the store");
  }
  if (folders.length === 0) add(["folders"], "Found an empty list, expected at least INBOX");
  if (protocol === "pop3" && folders.join() !== "INBOX") {
    add(["folders"], "Found folders, expected none: by POP3 there is one only");
  }
  // Each message that cannot be put there would be passed over for good.
  if (!isMailboxName(into)) {
    add(["into"], `Found ${JSON.stringify(into)}, expected the name of a mailbox such as Archive/Old`);
  }
  const files = { password_file, "oauth2.client_secret_file": oauth2?.client_secret_file ?? null };
  for (const [key, file] of Object.entries(files)) {
    const problem = file === null ? null : fileProblem(resolve(folder, file));
    if (problem !== null) add(key.split("."), problem);
  }
  return problems;
}

function isMailboxName(name: string): boolean {
  try {
    checkedName(name);
    return true;
  } catch {
    return false;
  }
}

function fileProblem(file: string): string | null {
  try {
    return readSecretFile(file) === "" ? "Found an empty file, expected the secret in it" : null;
  } catch (error) {
    return `Found a file that cannot be read: ${error instanceof Error ? error.message : error}`;
  }
}
