import { join } from "node:path";

/** Another process owns the data folder; `message` says which and what to do. */
export class DataFolderBusyError extends Error {
  override readonly name = "DataFolderBusyError";
}

export interface DataLock {
  release(): void;
}

/**
 * Makes the data folder if need be and locks it by its pid file, so that two processes never own what is in it: the
 * control socket above all (the store guards its database by a lock of its own). The lock belongs to the open file and not
 * to its being there: whatever kills us frees it, and the file itself is never removed (to remove it would let two
 * processes lock two files of the same name).
 */
export async function lockDataFolder(folder: string): Promise<DataLock> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, "mailden.pid");
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  if (!await file.tryLock(true)) {
    const owner = await new Response(file.readable).text();
    throw new DataFolderBusyError(
      `The data folder ${folder} is in use by process ${owner.trim() || "(unknown)"}; stop that first`,
    );
  }
  await file.truncate();
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  return { release: () => file.close() };
}
