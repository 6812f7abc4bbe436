/** The requests of the control socket that bring mail in and out. */
import { z } from "zod";
import { BATCH_MESSAGES } from "./ports.ts";

const account = z.string().min(3).max(400);
const mailboxId = z.int().min(1);
const name = z.string().min(1).max(2000);
const uid = z.int().min(0);
const upload = z.string().regex(/^[0-9a-f]{32}$/);
const data = z.string().max(1024 * 1024);
const filter = z.strictObject({ since: z.exactOptional(z.int()), mailbox: z.exactOptional(name) });

const message = z.strictObject({
  flags: z.array(z.string().max(200)).max(100),
  internalDate: z.int(),
  content: z.union([z.strictObject({ data }), z.strictObject({ upload })]),
});

export const transferRequests = [
  z.strictObject({
    command: z.literal("hidden-list"),
    account,
    filter,
    page: z.strictObject({ after: z.exactOptional(uid), limit: z.exactOptional(z.int().min(1).max(500)) }),
  }),
  z.strictObject({ command: z.literal("undelete"), account, filter }),
  z.strictObject({ command: z.literal("folders"), account }),
  z.strictObject({ command: z.literal("ensure-folder"), account, name }),
  z.strictObject({ command: z.literal("message-rows"), mailboxId, after: uid }),
  z.strictObject({ command: z.literal("identities"), mailboxId, after: uid }),
  z.strictObject({ command: z.literal("body-piece"), bodyId: z.int(), start: z.int(), end: z.int() }),
  z.strictObject({ command: z.literal("put-piece"), upload, data }),
  z.strictObject({ command: z.literal("drop-upload"), upload }),
  z.strictObject({
    command: z.literal("append-messages"),
    mailboxId,
    messages: z.array(message).max(BATCH_MESSAGES),
  }),
] as const;

/** They come by the thousand: a line of log for each would say nothing. */
export const BULK_COMMANDS: ReadonlySet<string> = new Set([
  "message-rows",
  "identities",
  "body-piece",
  "put-piece",
  "append-messages",
]);
