/** mbox files as a source: one file is one folder; in a directory each file is one, and `X.sbd` holds what is below `X`. */
import { join } from "node:path";
import { concatBytes, decodeLatin1 } from "../../core/bytes.ts";
import { entriesOf, fileProblem, readFile } from "./files.ts";
import type { SourceFolder, SourceMessage } from "./importer.ts";
import { ToCrlf } from "./line_ends.ts";
import { FromQuoting } from "./mbox_lines.ts";
import { folderOfFile } from "./mbox_names.ts";
import { type FromLine, MboxScanner } from "./mbox_scan.ts";
import { readMboxHeader } from "./mbox_status.ts";
import type { Progress } from "./progress.ts";

/**
 * How lines that begin with `From ` were kept apart from those that begin a message. `mboxrd`: by a `>` before them, and one more
 * before those that had some; `mboxo`: by a `>`; `mboxcl`: by a `>`, and the length is in the header; `mboxcl2`: by the length alone.
 */
export const MBOX_VARIANTS = ["mboxrd", "mboxo", "mboxcl", "mboxcl2"] as const;
export type MboxVariant = typeof MBOX_VARIANTS[number];

const MOST_LEVELS = 50;
const HEADER_LIMIT = 256 * 1024;
/** What c-client keeps in the first message of a file. */
const INTERNAL = /^subject: don't delete this message -- folder internal data/im;

export interface MboxOptions {
  readonly variant: MboxVariant;
  readonly progress: Progress;
}

/** The folders of a file or a directory. */
export async function mboxFolders(root: string, options: MboxOptions): Promise<SourceFolder[]> {
  const top = await Deno.realPath(root);
  if ((await Deno.stat(top)).isFile) return [new MboxFolder("INBOX", top, options)];
  const folders: SourceFolder[] = [];
  const waiting = [{ path: top, prefix: "", level: 0 }];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { path: directory, prefix, level } = next;
    let entries: Deno.DirEntry[] = [];
    try {
      entries = await entriesOf(directory);
    } catch (error) {
      options.progress.problem(directory, fileProblem(directory, error));
    }
    for (const { name, isFile, isDirectory, isSymlink } of entries) {
      const path = join(directory, name);
      // Hidden files, and the indexes of mail programs beside their folders.
      if (name.startsWith(".") || /\.(msf|dat|lock|imap)$/i.test(name)) continue;
      if (isSymlink) options.progress.problem(path, "A symbolic link, which is not followed");
      else if (isFile) folders.push(new MboxFolder(prefix + folderOfFile(name), path, options));
      else if (isDirectory && level < MOST_LEVELS) {
        const below = prefix + folderOfFile(name.replace(/\.sbd$/, ""));
        waiting.push({ path, prefix: `${below}/`, level: level + 1 });
      } else options.progress.problem(path, "Neither a file nor a folder that can be read");
    }
  }
  return folders;
}

class MboxFolder implements SourceFolder {
  readonly name: string;
  readonly #path: string;
  readonly #options: MboxOptions;

  constructor(name: string, path: string, options: MboxOptions) {
    this.name = name.toLowerCase() === "inbox" ? "INBOX" : name;
    this.#path = path;
    this.#options = options;
  }

  async *messages(): AsyncGenerator<SourceMessage, void> {
    const { progress } = this.#options;
    try {
      using file = await Deno.open(this.#path);
      const { size } = await file.stat();
      const scanner = new MboxScanner(file);
      let line: FromLine | "empty" | null = await scanner.first();
      if (line === null) {
        progress.problem(this.#path, "Not an mbox: it does not begin with a line `From SENDER DATE`");
      }
      for (let number = 1; line !== null && line !== "empty"; number++) {
        const head = await readHead(this.#path, line.end, this.#options.variant);
        const next: FromLine | null = await this.#nextLine(scanner, line, { head, number, size });
        const end = next?.at ?? size;
        if (!(number === 1 && head.isInternal)) yield this.#message(line, { head, end, number });
        line = next;
      }
    } catch (error) {
      progress.problem(this.#path, fileProblem(this.#path, error));
    }
  }

  /** Behind the message: by its length where the variant has one and it fits, else by the next line that looks like one. */
  async #nextLine(
    scanner: MboxScanner,
    line: FromLine,
    { head, number, size }: { readonly head: Head; readonly number: number; readonly size: number },
  ): Promise<FromLine | null> {
    const { contentLength, bodyStart } = head;
    const { variant, progress } = this.#options;
    if (variant !== "mboxcl" && variant !== "mboxcl2") return await scanner.next(line.end);
    if (contentLength !== null) {
      const end = bodyStart + contentLength;
      const next = await scanner.next(Math.max(end, line.end));
      // An empty line, or none, is between them.
      if (end <= size && (next?.at ?? size) <= end + 2) return next;
    }
    progress.problem(
      `${this.#path}, message ${number}`,
      "Its Content-Length is missing or wrong; its end was looked for",
    );
    return await scanner.next(line.end);
  }

  #message(
    { date, end: start }: FromLine,
    { head, end, number }: { readonly head: Head; readonly end: number; readonly number: number },
  ): SourceMessage {
    const path = this.#path;
    const { variant } = this.#options;
    return {
      where: `${path}, message ${number}`,
      flags: head.flags,
      internalDate: date,
      open: () => contentOf(path, { start, end, head, variant }),
    };
  }
}

interface Head {
  readonly header: Uint8Array;
  readonly flags: readonly string[];
  readonly contentLength: number | null;
  /** Where the empty line begins. */
  readonly headerEnd: number;
  /** Behind the empty line. */
  readonly bodyStart: number;
  readonly isInternal: boolean;
}

/** The header of the message that begins at `start`; one that is too long is left as it is. */
async function readHead(path: string, start: number, variant: MboxVariant): Promise<Head> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of readFile(path, { start, end: start + HEADER_LIMIT })) {
    parts.push(chunk);
    size += chunk.length;
    const found = emptyLine(concatBytes(parts));
    if (found === null) continue;
    const bytes = concatBytes(parts).subarray(0, found.at);
    const isInternal = INTERNAL.test(decodeLatin1(bytes));
    const places = { headerEnd: start + found.at, bodyStart: start + found.end };
    return { ...readMboxHeader(bytes, { mayBeOurs: variant === "mboxrd" }), ...places, isInternal };
  }
  const nothing = { header: new Uint8Array(0), flags: [], contentLength: null, isInternal: false };
  return { ...nothing, headerEnd: start, bodyStart: start };
}

function emptyLine(bytes: Uint8Array): { readonly at: number; readonly end: number } | null {
  for (let lf = -1;;) {
    const at = lf + 1;
    if (bytes[at] === 10) return { at, end: at + 1 };
    if (bytes[at] === 13 && bytes[at + 1] === 10) return { at, end: at + 2 };
    lf = bytes.indexOf(10, at);
    if (lf < 0) return null;
  }
}

async function* contentOf(
  path: string,
  { start, end, head, variant }: {
    readonly start: number;
    readonly end: number;
    readonly head: Head;
    readonly variant: MboxVariant;
  },
): AsyncGenerator<Uint8Array, void> {
  const quoting = variant === "mboxcl2"
    ? null
    : new FromQuoting(variant === "mboxo" ? "unquote-one" : "unquote");
  const ends = new ToCrlf();
  // A header without an end is a message without a body.
  const isWithin = head.headerEnd <= end;
  const rest = readFile(path, { start: isWithin ? head.headerEnd : start, end });
  const chunks = withoutLastEmptyLine(isWithin ? after(head.header, rest) : rest);
  for await (const chunk of chunks) {
    for (const piece of quoting?.write(chunk) ?? [chunk]) yield ends.write(piece);
  }
  for (const piece of quoting?.finish() ?? []) yield ends.write(piece);
}

async function* after(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  if (first.length > 0) yield first;
  yield* rest;
}

/** The empty line in front of the next `From ` belongs to the mbox. Four bytes are held back until it is clear. */
async function* withoutLastEmptyLine(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let held: Uint8Array = new Uint8Array(0);
  let isAll = true;
  for await (const chunk of chunks) {
    const bytes = held.length === 0 ? chunk : concatBytes([held, chunk]);
    const keep = Math.min(4, bytes.length);
    if (bytes.length > keep) {
      isAll = false;
      yield bytes.subarray(0, bytes.length - keep);
    }
    held = bytes.slice(bytes.length - keep);
  }
  const text = decodeLatin1(held);
  // Of an empty message there is nothing else.
  const own = (isAll ? /(?<=\n|^)\r?\n$/ : /(?<=\n)\r?\n$/).exec(text);
  const left = own === null ? held : held.subarray(0, own.index);
  if (left.length > 0) yield left;
}
