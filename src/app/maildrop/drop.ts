import { join } from "node:path";
import type { Clock, Random } from "../../core/ports.ts";
import { makeId } from "../../core/id.ts";
import { type DropEnvelope, encodeEnvelope } from "./entry.ts";

/** A complete entry ends in this; what is still being written does not. */
export const ENTRY_SUFFIX = ".mail";

export interface DropOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly random: Random;
  /** As made by `makeId`; a new one when not given. */
  readonly id?: string;
}

/**
 * Puts a message into the maildrop, where it is safe whether or not a server runs, and resolves with its id. The file is
 * readable for the server whoever writes it; others cannot find it, since only the server may list the folder.
 */
export async function dropMessage(
  envelope: DropEnvelope,
  message: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { directory, clock, random, id = makeId(clock, random) }: DropOptions,
): Promise<string> {
  const path = join(directory, `${id}.part`);
  const file = await Deno.open(path, { write: true, createNew: true, mode: 0o644 });
  try {
    await writeAll(file, encodeEnvelope(envelope));
    for await (const chunk of message) await writeAll(file, chunk);
    await file.sync();
  } catch (error) {
    file.close();
    await Deno.remove(path).catch(() => {});
    throw error;
  }
  file.close();
  // The caller's umask must not keep the server from reading it.
  await Deno.chmod(path, 0o644);
  await Deno.rename(path, join(directory, `${id}${ENTRY_SUFFIX}`));
  await syncFolder(directory);
  return id;
}

/** The name is on disk only when its folder is; who may not read the folder must leave that to the system. */
async function syncFolder(directory: string): Promise<void> {
  try {
    using folder = await Deno.open(directory, { read: true });
    await folder.sync();
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}
