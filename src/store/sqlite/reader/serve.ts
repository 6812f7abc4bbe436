import { concatBytes } from "../../../core/bytes.ts";
import { runInSlices } from "../../slices.ts";
import type { ByteRange } from "../../mod.ts";
import type { Database } from "../database.ts";
import { openForReading } from "../open.ts";
import { packError } from "../packed_error.ts";
import type {
  BodyPieces,
  Cancel,
  Close,
  Closed,
  IndexDamage,
  ReadKind,
  ReadProgress,
  ReadReply,
  ReadRequest,
  Start,
  Started,
} from "../protocol.ts";
import type { WorkerPort } from "../worker_port.ts";
import { listAcl, sharedWith } from "./acl.ts";
import { listAnnotations } from "./annotations.ts";
import { readChunk, StoredBody } from "./body.ts";
import { bodyParts } from "./body_parts.ts";
import { digestBody } from "./digest_body.ts";
import {
  credential,
  listAccounts,
  listMailboxes,
  mailboxByName,
  mailboxByNumber,
  subscriptions,
  usage,
  view,
} from "./mailboxes.ts";
import { changes, digests, rows, shown } from "./messages.ts";
import { fact, listFacts } from "./facts.ts";
import { flagTable } from "./flag_table.ts";
import { listHidden } from "./hidden.ts";
import { IndexLookup } from "../index/lookup.ts";
import { OrderCache } from "./order_cache.ts";
import type { Query, SlicedQuery } from "./query.ts";
import { listScripts, script, standingScripts } from "./scripts.ts";
import { search } from "./search.ts";
import { sort } from "./sort.ts";
import { countSpool, dueSpool, listSpool, nextDue, oneSpoolMessage } from "./spool.ts";
import { thread } from "./thread.ts";
import { findTrace, traceOf } from "./trace.ts";

type SlicedKind = "search" | "sort" | "thread" | "digestBody";
type PlainKind = Exclude<ReadKind, SlicedKind>;

/** Pieces of a body in one answer. */
const PIECES = 2;

const body: Query<"body"> = (db, { bodyId, range }) =>
  db.snapshot(() => new StoredBody(db, bodyId).pieces(range.start, range.end, PIECES));

const bodies: Query<"bodies"> = (db, { reads }) =>
  db.snapshot(() => {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    const counts: number[] = [];
    const next: (number | null)[] = [];
    for (const { bodyId, range } of reads) {
      const found = tryPieces(db, bodyId, range);
      if (found !== null) pieces.push(...found.pieces);
      counts.push(found?.pieces.length ?? -1);
      next.push(found?.next ?? null);
    }
    return { bytes: concatBytes(pieces), lengths: pieces.map(({ length }) => length), counts, next };
  });

const stagedChunk: Query<"stagedChunk"> = (db, { bodyId, place }) => readChunk(db, bodyId, place).slice();

/** Null when it fails, in whatever way: who asks hears the reason when he asks for it alone. */
function tryPieces(db: Database, bodyId: number, range: ByteRange): BodyPieces | null {
  try {
    return new StoredBody(db, bodyId).pieces(range.start, range.end, PIECES);
  } catch {
    return null;
  }
}

const QUERIES: { readonly [K in PlainKind]: Query<K> } = {
  listAccounts,
  credential,
  listMailboxes,
  mailboxByName,
  mailboxById: mailboxByNumber,
  subscriptions,
  usage,
  listAcl,
  sharedWith,
  listAnnotations,
  listScripts,
  script,
  standingScripts,
  view,
  rows,
  flagTable,
  digests,
  shown,
  changes,
  body,
  bodies,
  bodyParts,
  stagedChunk,
  dueSpool,
  nextDue,
  listSpool,
  spoolMessage: oneSpoolMessage,
  countSpool,
  traceOf,
  findTrace,
  listHidden,
  fact,
  listFacts,
};

const SLICED_QUERIES: { readonly [K in SlicedKind]: SlicedQuery<K> } = { search, sort, thread, digestBody };
/** How often a long read tells how far it is. */
const REPORT_MS = 500;

/** Answers requests; those that take long in slices, between which others are answered. */
export function startReader(port: WorkerPort, { path, index }: Extract<Start, { role: "reader" }>): void {
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
  const lookup = index === null ? null : new IndexLookup(
    index,
    (indexDamage) => port.postMessage({ indexDamage } satisfies IndexDamage),
  );
  const orders = new OrderCache();
  port.onmessage = ({ data }) => {
    const message = data as ReadRequest | Cancel | Close;
    if ("close" in message) {
      orders.close();
      db.close();
      port.postMessage({ closed: true } satisfies Closed);
    } else if ("cancel" in message) {
      cancelled.add(message.cancel);
    } else if (isSliced(message)) {
      answerInSlices(port, db, { message, cancelled, index: lookup, orders });
    } else {
      send(port, answer(db, message));
    }
  };
  port.postMessage({ ok: true } satisfies Started);
}

function isSliced(message: ReadRequest): message is Extract<ReadRequest, { kind: SlicedKind }> {
  return Object.hasOwn(SLICED_QUERIES, message.kind);
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
  readonly index: IndexLookup | null;
  readonly orders: OrderCache;
}

async function answerInSlices(
  port: WorkerPort,
  db: Database,
  { message, cancelled, index, orders }: SlicedTask,
): Promise<void> {
  const { request } = message;
  try {
    const query = SLICED_QUERIES[message.kind] as SlicedQuery<SlicedKind>;
    let told = performance.now();
    const report = (done: number, total: number) => {
      if (performance.now() - told < REPORT_MS) return;
      told = performance.now();
      port.postMessage({ request, done, total } satisfies ReadProgress);
    };
    const task = query(db, message.args as never, { report, index, orders });
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
  if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer];
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
