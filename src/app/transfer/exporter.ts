import { decodeBase64 } from "../../wire/sasl/mod.ts";
import type { MessageRow } from "../../store/mod.ts";
import { type Folder, PIECE_BYTES, type TransferHandlers } from "./ports.ts";
import type { Progress } from "./progress.ts";

export interface ExportTask {
  readonly handlers: TransferHandlers;
  readonly account: string;
  readonly progress: Progress;
}

/** Where the messages of one folder go. */
export interface FolderTarget {
  /** The UIDs up to here are there already. */
  readonly after: number;
  has(row: MessageRow): boolean;
  /** `read` gives the bytes, anew at each call. */
  write(row: MessageRow, read: () => AsyncIterable<Uint8Array>): Promise<void>;
  /** Makes fast what was written. */
  checkpoint(): Promise<void>;
  close(): Promise<void>;
}

/** Between two checkpoints so much may be written; what lies behind the last one is done again after a crash. */
const CHECKPOINT_MESSAGES = 200;

/** Brings out all folders; what is there from an earlier run stays. */
export async function exportFolders(
  open: (folder: Folder) => Promise<FolderTarget>,
  task: ExportTask,
): Promise<void> {
  const { handlers, account, progress } = task;
  for (const folder of await handlers.folders(account)) {
    progress.folder = folder.name;
    let target: FolderTarget;
    try {
      target = await open(folder);
    } catch (error) {
      progress.problem(folder.name, error);
      continue;
    }
    try {
      await exportFolder(folder, target, task);
    } finally {
      await target.close();
    }
  }
}

async function exportFolder(folder: Folder, target: FolderTarget, task: ExportTask): Promise<void> {
  const { handlers, progress } = task;
  let written = 0;
  let after = target.after;
  for (;;) {
    const rows = await handlers.messageRows(folder.id, after);
    if (rows.length === 0) break;
    for (const row of rows) {
      if (target.has(row)) progress.known++;
      else if (await exportMessage(folder, row, { target, task })) written++;
      if (written % CHECKPOINT_MESSAGES === CHECKPOINT_MESSAGES - 1) await target.checkpoint();
      progress.tick();
    }
    after = rows.at(-1)!.uid;
  }
  await target.checkpoint();
}

async function exportMessage(
  folder: Folder,
  row: MessageRow,
  { target, task: { handlers, progress } }: { readonly target: FolderTarget; readonly task: ExportTask },
): Promise<boolean> {
  try {
    await target.write(row, () => readBody(handlers, row));
    progress.done++;
    progress.bytes += row.size;
    return true;
  } catch (error) {
    // A full disk takes nothing more.
    if (error instanceof Error && /ENOSPC|EDQUOT|os error (28|122)\b/.test(error.message)) throw error;
    progress.problem(`${folder.name}, UID ${row.uid}`, error);
    return false;
  }
}

async function* readBody(
  handlers: TransferHandlers,
  { bodyId, size }: MessageRow,
): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < size; at += PIECE_BYTES) {
    yield decodeBase64(await handlers.bodyPiece(bodyId, at, Math.min(size, at + PIECE_BYTES)));
  }
}
