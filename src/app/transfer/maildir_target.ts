/**
 * A Maildir++ as a target. A file is written under `tmp` and then moved to `cur`, and its name begins the same in every run (date,
 * UIDVALIDITY, UID): so a message is there whole or not at all, and a second run sees which are.
 */
import { join } from "node:path";
import type { MessageRow } from "../../store/mod.ts";
import type { FolderTarget } from "./exporter.ts";
import { readSmallFile, replaceFile, writeAll } from "./files.ts";
import { OddEndFinder, ToLf } from "./line_ends.ts";
import {
  formatKeywords,
  infoOfFlags,
  maildirOfFolder,
  MOST_KEYWORDS,
  parseKeywords,
} from "./maildir_names.ts";
import type { Folder } from "./ports.ts";
import type { Progress } from "./progress.ts";

const KEYWORDS_LIMIT = 64 * 1024;

export async function openMaildirTarget(
  root: string,
  folder: Folder,
  progress: Progress,
): Promise<FolderTarget> {
  const directory = maildirOfFolder(folder.name);
  const path = join(root, directory);
  for (const part of ["cur", "new", "tmp"]) {
    await Deno.mkdir(join(path, part), { recursive: true, mode: 0o700 });
  }
  // By this an LDA knows that it is a folder and no Maildir of its own.
  if (directory !== "") await Deno.writeTextFile(join(path, "maildirfolder"), "");
  const present = new Set<string>();
  for (const part of ["cur", "new"]) {
    for await (const { name } of Deno.readDir(join(path, part))) present.add(name.split(":")[0]!);
  }
  const keywords = parseKeywords(await readSmallFile(join(path, "dovecot-keywords"), KEYWORDS_LIMIT) ?? "");
  return new MaildirTarget({ path, folder, progress, present, keywords: keywords.map((one) => one ?? "") });
}

interface Parts {
  readonly path: string;
  readonly folder: Folder;
  readonly progress: Progress;
  /** Names of files, up to their flags. */
  readonly present: ReadonlySet<string>;
  readonly keywords: string[];
}

class MaildirTarget implements FolderTarget {
  /** Each message is looked for by its name. */
  readonly after = 0;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  has(row: MessageRow): boolean {
    return this.#parts.present.has(this.#name(row));
  }

  async write(row: MessageRow, read: () => AsyncIterable<Uint8Array>): Promise<void> {
    const { path, folder, progress } = this.#parts;
    const { info, left } = infoOfFlags(row.flags, await this.#keywordsWith(row.flags));
    if (left.length > 0) {
      progress.problem(
        `${folder.name}, UID ${row.uid}`,
        `A Maildir has room for ${MOST_KEYWORDS} keywords; written without ${left.join(" ")}`,
      );
    }
    const name = this.#name(row);
    const tmp = join(path, "tmp", name);
    await writeMessage(tmp, read);
    const date = new Date(row.internalDate);
    await Deno.utime(tmp, date, date);
    await Deno.rename(tmp, join(path, "cur", `${name}:2,${info}`));
  }

  async checkpoint(): Promise<void> {}

  async close(): Promise<void> {}

  #name({ internalDate, uid }: MessageRow): string {
    return `${Math.floor(internalDate / 1000)}.V${this.#parts.folder.uidValidity}U${
      String(uid).padStart(10, "0")
    }.mailden`;
  }

  /** All keywords, with those of this message; the file is there before a name counts on it. */
  async #keywordsWith(flags: readonly string[]): Promise<readonly string[]> {
    const { path, keywords } = this.#parts;
    const fresh = flags.filter((flag) =>
      !flag.startsWith("\\") && flag !== "$Forwarded" && !keywords.includes(flag)
    ).slice(0, Math.max(0, MOST_KEYWORDS - keywords.length));
    if (fresh.length > 0) {
      keywords.push(...fresh);
      await replaceFile(join(path, "dovecot-keywords"), formatKeywords(keywords));
    }
    return keywords;
  }
}

/** With LF; a message some of whose lines end otherwise is written as it is, since nobody could turn it back. */
async function writeMessage(path: string, read: () => AsyncIterable<Uint8Array>): Promise<void> {
  const finder = new OddEndFinder();
  for await (const chunk of read()) finder.write(chunk);
  using file = await Deno.open(path, { write: true, create: true, truncate: true, mode: 0o600 });
  const ends = finder.found ? null : new ToLf();
  for await (const chunk of read()) await writeAll(file, ends?.write(chunk) ?? chunk);
  if (ends !== null) await writeAll(file, ends.finish());
}
