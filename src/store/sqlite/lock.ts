import { join } from "node:path";
import { StoreOpenError } from "../mod.ts";

/**
 * Makes the data folder if need be and takes its lock, so that no second program writes to the same database. The system
 * lets go of the lock when the program ends, however it ends. Returns how to give it back.
 */
export function lockFolder(directory: string): () => void {
  const path = join(directory, "mailden.lock");
  let file: Deno.FsFile | null = null;
  try {
    Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
    file = Deno.openSync(path, { create: true, write: true, mode: 0o600 });
    const locked = file;
    if (locked.tryLockSync(true)) return once(() => locked.close());
  } catch (error) {
    file?.close();
    const text = error instanceof Error ? error.message : String(error);
    throw new StoreOpenError(
      `The data folder ${directory} cannot be used (${text}). Check that it is there, that there is room, and who owns it.`,
    );
  }
  file.close();
  throw new StoreOpenError(
    `Another Mailden uses the data folder ${directory}. Stop it, or ask it over its socket.`,
  );
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}
