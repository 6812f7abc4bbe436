/**
 * Mail in and out of the store: Maildir and mbox folders of other programs, and what was deleted and comes back.
 *
 * Invariants:
 * - The files are read and written by the command, the store is asked through `TransferHandlers`: by the running server over the
 *   control socket, or by the database itself. Neither side needs the other's permissions.
 * - Nothing is held as a whole but small messages, some of them at a time, and of a folder one number for each message.
 * - A run that was killed can be begun again, and brings what is missing: `importer.ts` counts what is there, `maildir_target.ts`
 *   knows its files by name, `mbox_target.ts` keeps a journal.
 * - What cannot be brought over is named, one by one, and the rest goes on.
 *
 * @module
 */
export { exportFolders, type ExportTask } from "./exporter.ts";
export { makeTransferHandlers } from "./handlers.ts";
export { imapFolders, type ImapPlace, openImapSource } from "./imap_source.ts";
export { importFolder, type ImportTask, type SourceFolder, type SourceMessage } from "./importer.ts";
export { maildirFolders } from "./maildir_source.ts";
export { openMaildirTarget } from "./maildir_target.ts";
export { MBOX_VARIANTS, mboxFolders, type MboxVariant } from "./mbox_source.ts";
export { MboxJournal, openMboxTarget } from "./mbox_target.ts";
export type { Folder, NewMessage, TransferHandlers } from "./ports.ts";
export { Progress } from "./progress.ts";
export { BULK_COMMANDS, transferRequests } from "./requests.ts";
