/**
 * mbox files (mboxrd) as a target, one for each folder. How far each has come stands in a journal beside them, which is replaced as a
 * whole after the file was written: a run that was killed is taken up at the journal's place, and what was written behind it is cut off.
 */
import { join } from "node:path";
import type { MessageRow } from "../../store/mod.ts";
import type { FolderTarget } from "./exporter.ts";
import { readSmallFile, replaceFile, writeAll } from "./files.ts";
import { ToLf } from "./line_ends.ts";
import { formatFromLine, FromQuoting } from "./mbox_lines.ts";
import { pathOfFolder } from "./mbox_names.ts";
import { mboxFields } from "./mbox_status.ts";
import type { Folder } from "./ports.ts";

export const JOURNAL = ".mailden-export.json";
const JOURNAL_LIMIT = 16 * 1024 * 1024;

interface Place {
  readonly uidValidity: number;
  readonly uid: number;
  /** The size of the file with that message, and none behind it. */
  readonly bytes: number;
}

/** How far each folder is, by name. */
export class MboxJournal {
  readonly #path: string;
  readonly #places: Map<string, Place>;

  private constructor(path: string, places: Map<string, Place>) {
    this.#path = path;
    this.#places = places;
  }

  static async open(root: string): Promise<MboxJournal> {
    await Deno.mkdir(root, { recursive: true, mode: 0o700 });
    const path = join(root, JOURNAL);
    const text = await readSmallFile(path, JOURNAL_LIMIT);
    return new MboxJournal(path, new Map(text === null ? [] : Object.entries<Place>(JSON.parse(text))));
  }

  get(folder: string): Place | null {
    return this.#places.get(folder) ?? null;
  }

  async put(folder: string, place: Place): Promise<void> {
    this.#places.set(folder, place);
    await replaceFile(this.#path, JSON.stringify(Object.fromEntries(this.#places)));
  }
}

export async function openMboxTarget(
  root: string,
  folder: Folder,
  journal: MboxJournal,
): Promise<FolderTarget> {
  const path = join(root, ...pathOfFolder(folder.name));
  await Deno.mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
  const place = journal.get(folder.name);
  if (place !== null && place.uidValidity !== folder.uidValidity) {
    throw new Error(`The folder is not the one that was exported to ${path}; export to an empty directory`);
  }
  if (place === null) {
    if (await sizeOf(path) > 0) {
      throw new Error(`${path} is there, and not from this program; export to an empty directory`);
    }
    // Before the first byte: what a run that is killed now leaves is known as ours.
    await journal.put(folder.name, { uidValidity: folder.uidValidity, uid: 0, bytes: 0 });
  }
  const file = await Deno.open(path, { write: true, create: true, mode: 0o600 });
  try {
    const bytes = place?.bytes ?? 0;
    if (await sizeOf(path) < bytes) {
      throw new Error(`${path} is shorter than it was left; export to an empty directory`);
    }
    await file.truncate(bytes);
    await file.seek(bytes, Deno.SeekMode.Start);
    return new MboxTarget({ file, folder, journal, after: place?.uid ?? 0, bytes });
  } catch (error) {
    file.close();
    throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

class MboxTarget implements FolderTarget {
  readonly after: number;
  readonly #file: Deno.FsFile;
  readonly #folder: Folder;
  readonly #journal: MboxJournal;
  #uid: number;
  #bytes: number;

  constructor(
    parts: {
      readonly file: Deno.FsFile;
      readonly folder: Folder;
      readonly journal: MboxJournal;
      readonly after: number;
      readonly bytes: number;
    },
  ) {
    this.#file = parts.file;
    this.#folder = parts.folder;
    this.#journal = parts.journal;
    this.after = this.#uid = parts.after;
    this.#bytes = parts.bytes;
  }

  has(): boolean {
    return false;
  }

  async write(row: MessageRow, read: () => AsyncIterable<Uint8Array>): Promise<void> {
    try {
      let bytes = 0;
      for await (const chunk of mboxMessage(row, read())) {
        await writeAll(this.#file, chunk);
        bytes += chunk.length;
      }
      this.#bytes += bytes;
      this.#uid = row.uid;
    } catch (error) {
      // Half a message must not stay before the next one.
      await this.#file.truncate(this.#bytes);
      await this.#file.seek(this.#bytes, Deno.SeekMode.Start);
      throw error;
    }
  }

  async checkpoint(): Promise<void> {
    await this.#file.syncData();
    const { name, uidValidity } = this.#folder;
    await this.#journal.put(name, { uidValidity, uid: this.#uid, bytes: this.#bytes });
  }

  async close(): Promise<void> {
    this.#file.close();
  }
}

const LF = Uint8Array.of(10);

/** The message between its `From ` line and the empty line behind it, quoted, with its flags at the end of its header. */
export async function* mboxMessage(
  { flags, internalDate }: Pick<MessageRow, "flags" | "internalDate">,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  yield formatFromLine(internalDate);
  const ends = new ToLf();
  const quoting = new FromQuoting("quote");
  const header = new HeaderEnd(mboxFields(flags));
  let last = 10;
  const through = function* (chunk: Uint8Array) {
    for (const line of quoting.write(chunk)) {
      if (line.length > 0) last = line.at(-1)!;
      yield* header.write(line);
    }
  };
  for await (const chunk of content) yield* through(ends.write(chunk));
  yield* through(ends.finish());
  for (const line of quoting.finish()) {
    last = line.at(-1)!;
    yield* header.write(line);
  }
  if (last !== 10) yield LF;
  yield* header.finish();
  yield LF;
}

/** Puts fields before the first empty line. */
class HeaderEnd {
  readonly #fields: Uint8Array;
  #atLineStart = true;
  #done = false;

  constructor(fields: Uint8Array) {
    this.#fields = fields;
  }

  /** Takes lines, or pieces of them. */
  *write(piece: Uint8Array): Generator<Uint8Array> {
    if (!this.#done && this.#atLineStart && piece[0] === 10) {
      this.#done = true;
      yield this.#fields;
    }
    if (piece.length > 0) this.#atLineStart = piece.at(-1) === 10;
    yield piece;
  }

  /** A message without a body gets the empty line that it lacks. */
  *finish(): Generator<Uint8Array> {
    if (this.#done) return;
    yield this.#fields;
  }
}
