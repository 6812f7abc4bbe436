/** Reading and writing files, in pieces. */

const CHUNK = 64 * 1024;

/** The bytes of a file from `start` to `end`, or to its end. */
export async function* readFile(
  path: string,
  { start = 0, end = Infinity }: { readonly start?: number; readonly end?: number } = {},
): AsyncGenerator<Uint8Array, void> {
  using file = await Deno.open(path);
  if (start > 0) await file.seek(start, Deno.SeekMode.Start);
  for (let left = end - start; left > 0;) {
    const chunk = new Uint8Array(Math.min(CHUNK, left));
    const got = await file.read(chunk);
    if (got === null) return;
    left -= got;
    yield chunk.subarray(0, got);
  }
}

export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/** The text of a small file; null when there is none. */
export async function readSmallFile(path: string, limit: number): Promise<string | null> {
  try {
    const { size } = await Deno.stat(path);
    if (size > limit) throw new Error(`The file is larger than ${limit} bytes`);
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Puts a file in its place as a whole: a program that is killed leaves the old one or the new one. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, text, { mode: 0o600 });
  await Deno.rename(`${path}.new`, path);
}

/** The entries of a directory by name; what is in it may be anything. */
export async function entriesOf(path: string): Promise<Deno.DirEntry[]> {
  const entries: Deno.DirEntry[] = [];
  for await (const entry of Deno.readDir(path)) entries.push(entry);
  return entries.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** What to say of a file that could not be read. */
export function fileProblem(path: string, error: unknown): unknown {
  // Such a name cannot be given back to the system as it was.
  if (!path.includes("\ufffd") || !(error instanceof Deno.errors.NotFound)) return error;
  return "Its name is not in UTF-8, so it cannot be opened here: rename it (convmv does that), and begin again";
}
