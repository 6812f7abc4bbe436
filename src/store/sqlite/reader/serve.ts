import { runInSlices } from "../../slices.ts";
import type { Database } from "../database.ts";
import { openForReading } from "../open.ts";
import { packError } from "../packed_error.ts";
import type { Cancel, Close, Closed, ReadKind, ReadReply, ReadRequest, Start, Started } from "../protocol.ts";
import type { WorkerPort } from "../worker_port.ts";
import { StoredBody } from "./body.ts";
import { digestBody } from "./digest_body.ts";
import {
  credential,
  listAccounts,
  listMailboxes,
  mailboxByName,
  mailboxByNumber,
  subscriptions,
  view,
} from "./mailboxes.ts";
import { changes, digests, rows } from "./messages.ts";
import { fact, listFacts } from "./facts.ts";
import type { Query, SlicedQuery } from "./query.ts";
import { search } from "./search.ts";
import { countSpool, dueSpool, listSpool, nextDue, oneSpoolMessage } from "./spool.ts";
import { findTrace, traceOf } from "./trace.ts";

type SlicedKind = "search" | "digestBody";
type PlainKind = Exclude<ReadKind, SlicedKind>;

/** Pieces of a body in one answer. */
const PIECES = 2;

const body: Query<"body"> = (db, { bodyId, range }) =>
  db.snapshot(() => new StoredBody(db, bodyId).pieces(range.start, range.end, PIECES));

const QUERIES: { readonly [K in PlainKind]: Query<K> } = {
  listAccounts,
  credential,
  listMailboxes,
  mailboxByName,
  mailboxById: mailboxByNumber,
  subscriptions,
  view,
  rows,
  digests,
  changes,
  body,
  dueSpool,
  nextDue,
  listSpool,
  spoolMessage: oneSpoolMessage,
  countSpool,
  traceOf,
  findTrace,
  fact,
  listFacts,
};

const SLICED_QUERIES: { readonly [K in SlicedKind]: SlicedQuery<K> } = { search, digestBody };

/** Answers requests; those that take long in slices, between which others are answered. */
export function startReader(port: WorkerPort, { path }: Extract<Start, { role: "reader" }>): void {
  let db: Database;
  try {
    db = openForReading(path);
  } catch (error) {
    port.postMessage(
      { ok: false, reason: `The database ${path} cannot be read: ${error}` } satisfies Started,
    );
    return;
  }
  const cancelled = new Set<number>();
  port.onmessage = ({ data }) => {
    const message = data as ReadRequest | Cancel | Close;
    if ("close" in message) {
      db.close();
      port.postMessage({ closed: true } satisfies Closed);
    } else if ("cancel" in message) {
      cancelled.add(message.cancel);
    } else if (isSliced(message)) {
      answerInSlices(port, db, { message, cancelled });
    } else {
      send(port, answer(db, message));
    }
  };
  port.postMessage({ ok: true } satisfies Started);
}

function isSliced(message: ReadRequest): message is Extract<ReadRequest, { kind: SlicedKind }> {
  return message.kind === "search" || message.kind === "digestBody";
}

function answer(db: Database, message: Exclude<ReadRequest, { kind: SlicedKind }>): ReadReply {
  const { request } = message;
  try {
    // The table pairs each kind with its own arguments; the compiler cannot see that through the union.
    const query = QUERIES[message.kind] as Query<PlainKind>;
    return { request, ok: true, value: query(db, message.args as never) };
  } catch (error) {
    return { request, ok: false, error: packError(error) };
  }
}

interface SlicedTask {
  readonly message: Extract<ReadRequest, { kind: SlicedKind }>;
  readonly cancelled: Set<number>;
}

async function answerInSlices(
  port: WorkerPort,
  db: Database,
  { message, cancelled }: SlicedTask,
): Promise<void> {
  const { request } = message;
  try {
    const query = SLICED_QUERIES[message.kind] as SlicedQuery<SlicedKind>;
    const task = query(db, message.args as never);
    send(port, { request, ok: true, value: await runInSlices(task, () => cancelled.has(request)) });
  } catch (error) {
    send(port, { request, ok: false, error: packError(error) });
  } finally {
    cancelled.delete(request);
  }
}

function send(port: WorkerPort, reply: ReadReply): void {
  port.postMessage(reply, reply.ok ? buffersOf(reply.value) : []);
}

/** The buffers in an answer, which change hands instead of being copied. */
function buffersOf(value: unknown): ArrayBuffer[] {
  if (value instanceof Uint32Array || value instanceof Float64Array || value instanceof Uint8Array) {
    return [value.buffer as ArrayBuffer];
  }
  if (Array.isArray(value)) {
    return value.length > 0 && value[0] instanceof Uint8Array ? value.flatMap(buffersOf) : [];
  }
  if (typeof value !== "object" || value === null) return [];
  const buffers: ArrayBuffer[] = [];
  for (const member of Object.values(value)) {
    if (typeof member === "object") buffers.push(...buffersOf(member));
  }
  return buffers;
}
