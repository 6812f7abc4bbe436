/**
 * A Maildir as a source: Maildir++ (`.Work.2026` beside `cur`), and Dovecot's other layout of directories in directories
 * (`Work/2026/cur`). Symbolic links are not followed, so that none leads in circles or out of the folder; they are reported.
 */
import { basename, join } from "node:path";
import { entriesOf, fileProblem, readFile, readSmallFile } from "./files.ts";
import type { SourceFolder, SourceMessage } from "./importer.ts";
import { ToCrlf } from "./line_ends.ts";
import { compareFileNames, flagsOfName, folderOfMaildir, parseKeywords } from "./maildir_names.ts";
import type { Progress } from "./progress.ts";

const INBOX = "INBOX";
/** Deeper no mailbox name can be. */
const MOST_LEVELS = 50;
const KEYWORDS_LIMIT = 64 * 1024;
/** Directories of Dovecot, and of a Maildir itself, that are no folders. */
const NO_FOLDERS: ReadonlySet<string> = new Set(["cur", "new", "tmp", "dbox-Mails", "sieve"]);

interface Directory {
  readonly path: string;
  readonly folder: string;
  readonly level: number;
}

/** The folders below `root`, itself first. */
export async function maildirFolders(root: string, progress: Progress): Promise<SourceFolder[]> {
  const top = await Deno.realPath(root);
  const folders: SourceFolder[] = [];
  const waiting: Directory[] = [{ path: top, folder: INBOX, level: 0 }];
  for (let directory = waiting.shift(); directory !== undefined; directory = waiting.shift()) {
    let entries: Deno.DirEntry[];
    try {
      entries = await entriesOf(directory.path);
    } catch (error) {
      progress.problem(directory.path, fileProblem(directory.path, error));
      continue;
    }
    if (entries.some(({ name, isDirectory }) => name === "cur" && isDirectory)) {
      folders.push(new MaildirFolder(directory, progress));
    }
    waiting.push(...entries.flatMap((entry) => below(directory, entry, progress)));
  }
  return folders;
}

function below(directory: Directory, entry: Deno.DirEntry, progress: Progress): Directory[] {
  const { name, isSymlink, isDirectory } = entry;
  const path = join(directory.path, name);
  if (isSymlink) {
    progress.problem(path, "A symbolic link, which is not followed: import what it points to by itself");
  }
  if (!isDirectory || NO_FOLDERS.has(name)) return [];
  const level = directory.level + 1;
  if (level > MOST_LEVELS) {
    progress.problem(path, "Too deep for a mailbox name");
    return [];
  }
  // Maildir++ has all its folders at the top, with a dot in front.
  const own = name.startsWith(".")
    ? folderOfMaildir(name)
    : folderOfMaildir(`.${name.replaceAll(".", "&AC4-")}`);
  const folder = directory.folder === INBOX && directory.level === 0 ? own : `${directory.folder}/${own}`;
  return own === "" ? [] : [{ path, folder, level }];
}

class MaildirFolder implements SourceFolder {
  readonly name: string;
  readonly #path: string;
  readonly #progress: Progress;

  constructor({ path, folder }: Directory, progress: Progress) {
    this.name = folder;
    this.#path = path;
    this.#progress = progress;
  }

  async *messages(): AsyncGenerator<SourceMessage, void> {
    const keywords = await this.#keywords();
    for (const part of ["cur", "new"]) {
      for (const name of await this.#files(part)) {
        const message = await this.#message(join(this.#path, part, name), part === "cur" ? keywords : null);
        if (message !== null) yield message;
      }
    }
  }

  /** The names in one part; the rest is reported. */
  async #files(part: string): Promise<string[]> {
    const path = join(this.#path, part);
    const names: string[] = [];
    try {
      for await (const { name, isFile, isSymlink } of Deno.readDir(path)) {
        if (isFile && !name.startsWith(".")) names.push(name);
        else if (isSymlink) {
          this.#progress.problem(join(path, name), "A symbolic link, which is not followed");
        }
      }
    } catch (error) {
      // A folder without `new` is no rarity.
      if (!(error instanceof Deno.errors.NotFound)) this.#progress.problem(path, error);
    }
    return names.sort(compareFileNames);
  }

  async #keywords(): Promise<(string | undefined)[]> {
    const path = join(this.#path, "dovecot-keywords");
    try {
      return parseKeywords(await readSmallFile(path, KEYWORDS_LIMIT) ?? "");
    } catch (error) {
      this.#progress.problem(path, error);
      return [];
    }
  }

  /** Null when it cannot be read. What is in `new` has no flags yet. */
  async #message(
    path: string,
    keywords: readonly (string | undefined)[] | null,
  ): Promise<SourceMessage | null> {
    try {
      const { mtime } = await Deno.lstat(path);
      const { flags, unknown } = keywords === null
        ? { flags: [], unknown: "" }
        : flagsOfName(basename(path), keywords);
      if (unknown !== "") {
        this.#progress.problem(
          path,
          `Nothing says what the flags ${unknown} mean; the message came without them`,
        );
      }
      return {
        where: path,
        flags,
        internalDate: mtime?.getTime() ?? 0,
        open: () => withCrlf(readFile(path)),
      };
    } catch (error) {
      this.#progress.problem(path, fileProblem(path, error));
      return null;
    }
  }
}

const CR = 13;
const LF = 10;

/** A file whose first line ends in CR LF is as it should be; what ends its lines in LF gets CR LF. */
async function* withCrlf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const ends = new ToCrlf();
  let isMeant: boolean | null = null;
  for await (const chunk of chunks) {
    if (isMeant === null) {
      const lf = chunk.indexOf(LF);
      isMeant = lf < 1 || chunk[lf - 1] !== CR;
    }
    yield isMeant ? ends.write(chunk) : chunk;
  }
}
