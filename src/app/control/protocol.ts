/** What goes over the control socket: one JSON object per line, a request and then its response. */
import { z } from "zod";
import type { Endpoint } from "../../core/ports.ts";
import { transferRequests } from "../transfer/mod.ts";

/** The longest request line: a Sieve script of the largest size, every character escaped. A response may be longer: it is ours. */
export const MAX_REQUEST = 768 * 1024;
export const MAX_RESPONSE = 64 * 1024 * 1024;
/** The largest page of the queue that one response holds. */
export const MAX_PAGE = 500;
/** And of the trace: an event may hold the addresses of a thousand recipients. */
export const MAX_TRACE_PAGE = 200;

export interface ServerStatus {
  readonly pid: number;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** The file that it read, and reads again at a reload. */
  readonly config: string | null;
  readonly listeners: readonly { readonly name: string; readonly endpoint: Endpoint }[];
}

export type ControlResponse =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: string };

const account = z.string().min(3).max(400);
const id = z.string().min(1).max(100);
const filter = z.strictObject({
  id: z.exactOptional(id),
  recipientDomain: z.exactOptional(z.string().max(255)),
  sender: z.exactOptional(z.string().max(400)),
  held: z.exactOptional(z.boolean()),
  recipient: z.exactOptional(z.string().max(400)),
  queuedBefore: z.exactOptional(z.int()),
});

const rule = z.strictObject({ side: z.enum(["from", "to"]), pattern: z.string().max(400) });

const scriptName = z.string().min(1).max(128);
const awayNote = z.strictObject({
  text: z.string().max(64 * 1024),
  subject: z.string().max(1000).nullable(),
  from: z.int().nullable(),
  until: z.int().nullable(),
});

const tracePage = z.strictObject({
  offset: z.exactOptional(z.int().min(0)),
  limit: z.int().min(1).max(MAX_TRACE_PAGE).default(MAX_TRACE_PAGE),
});

/** Every request, by its `command`. */
export const requestSchema = z.discriminatedUnion("command", [
  z.strictObject({ command: z.literal("status") }),
  z.strictObject({ command: z.literal("reload") }),
  z.strictObject({ command: z.literal("accounts") }),
  z.strictObject({ command: z.literal("ensure-account"), account }),
  z.strictObject({ command: z.literal("set-credential"), account, hash: z.string().max(1000).nullable() }),
  z.strictObject({ command: z.literal("remove-account"), account }),
  z.strictObject({
    command: z.literal("queue-list"),
    filter,
    page: z.strictObject({
      after: z.exactOptional(id),
      limit: z.exactOptional(z.int().min(1).max(MAX_PAGE)),
    }),
  }),
  z.strictObject({ command: z.literal("queue-show"), id }),
  z.strictObject({ command: z.literal("queue-flush"), filter }),
  z.strictObject({ command: z.literal("queue-hold"), filter, held: z.boolean() }),
  z.strictObject({ command: z.literal("queue-drop"), filter }),
  z.strictObject({ command: z.literal("queue-bounce"), filter }),
  z.strictObject({ command: z.literal("hold-rules") }),
  z.strictObject({ command: z.literal("add-hold-rule"), rule }),
  z.strictObject({ command: z.literal("remove-hold-rule"), rule }),
  z.strictObject({ command: z.literal("trace-message"), id, page: tracePage }),
  z.strictObject({ command: z.literal("trace-session"), id, page: tracePage }),
  z.strictObject({ command: z.literal("index-status") }),
  z.strictObject({ command: z.literal("index-rebuild") }),
  z.strictObject({ command: z.literal("script-list"), account }),
  z.strictObject({ command: z.literal("script-get"), account, name: scriptName.nullable() }),
  z.strictObject({
    command: z.literal("script-put"),
    account,
    script: z.strictObject({ name: scriptName, text: z.string().max(2 ** 19) }),
    limits: z.strictObject({ count: z.int().min(0), bytes: z.int().min(0) }),
  }),
  z.strictObject({ command: z.literal("script-remove"), account, name: scriptName }),
  z.strictObject({ command: z.literal("script-activate"), account, name: scriptName.nullable() }),
  z.strictObject({ command: z.literal("sight"), account }),
  z.strictObject({ command: z.literal("away-get"), account }),
  z.strictObject({ command: z.literal("away-set"), account, note: awayNote.nullable() }),
  z.strictObject({ command: z.literal("retrieval-status"), account: account.nullable() }),
  z.strictObject({ command: z.literal("retrieve-now"), account: account.nullable() }),
  z.strictObject({
    command: z.literal("set-retrieval-secret"),
    key: z.string().min(1).max(3000),
    secret: z.string().min(1).max(16_384),
  }),
  z.strictObject({
    command: z.literal("trace-find"),
    key: z.string().min(1).max(1000),
    options: z.strictObject({
      since: z.exactOptional(z.int()),
      until: z.exactOptional(z.int()),
      limit: z.int().min(1).max(MAX_TRACE_PAGE).default(MAX_TRACE_PAGE),
    }),
  }),
  ...transferRequests,
]);

export type ControlRequest = z.output<typeof requestSchema>;
/** As a client writes it: what has a default may be left out. */
export type ControlRequestInput = z.input<typeof requestSchema>;

/** The line is longer than what was agreed; nothing after it can be trusted to be a line. */
export class ControlLineTooLongError extends Error {
  override readonly name = "ControlLineTooLongError";
}

/** The lines of a stream, without their ends, each of at most `limit` bytes. */
export async function* readLines(
  conn: { read(into: Uint8Array): Promise<number | null> },
  limit: number,
): AsyncGenerator<string> {
  const chunk = new Uint8Array(16 * 1024);
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const got = await conn.read(chunk);
    if (got === null) return;
    let rest = chunk.subarray(0, got);
    while (rest.length > 0) {
      const end = rest.indexOf(10);
      const piece = end < 0 ? rest : rest.subarray(0, end);
      length += piece.length;
      if (length > limit) throw new ControlLineTooLongError(`The line is longer than ${limit} bytes`);
      parts.push(piece.slice());
      rest = end < 0 ? rest.subarray(rest.length) : rest.subarray(end + 1);
      if (end < 0) continue;
      yield await new Blob(parts as BlobPart[]).text();
      parts.length = 0;
      length = 0;
    }
  }
}

/** Writes one object as a line. */
export async function writeLine(
  conn: { write(bytes: Uint8Array): Promise<number> },
  value: ControlRequestInput | ControlResponse,
): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(value) + "\n");
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}
