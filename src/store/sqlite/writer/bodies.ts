import { constants, zstdCompressSync } from "node:zlib";
import type { MessageDigest } from "../../../wire/mime/digest.ts";
import { DigestBuilder } from "../../../wire/mime/mod.ts";
import { sortKeysOf } from "../../sort_keys.ts";
import { type BodyArgument, CHUNK_BYTES, CHUNKS_PER_BODY } from "../protocol.ts";
import { insertShown } from "../shown_rows.ts";
import { insertSortKeys } from "../sort_rows.ts";
import type { Command, WriteContext } from "./context.ts";

/** Smaller chunks are left as they are. */
const WORTH_PACKING = 16 * 1024;
/** A page or two saved is not worth the time, which each reading costs again. */
const WORTH_SAVING = 8 * 1024;
/** A body up to this size is deleted with its last reference; a larger one is left to the sweeper. */
const SMALL_BODY = 2 * CHUNK_BYTES;

export interface StoredBodyRef {
  readonly id: number;
  readonly size: number;
}

/** Puts a body into the tables with so many references. */
export function storeBody(context: WriteContext, body: BodyArgument, refs: number): StoredBodyRef {
  if (refs > 0) context.effects.bodies++;
  switch (body.kind) {
    case "inline":
      return storeInline(context, body, refs);
    case "staged":
      return adoptStaged(context, body, refs);
    case "stored":
      return adopt(context, body.bodyId, refs);
  }
}

type InlineBody = Extract<BodyArgument, { kind: "inline" }>;
type StagedBody = Extract<BodyArgument, { kind: "staged" }>;

function storeInline(context: WriteContext, body: InlineBody, refs: number): StoredBodyRef {
  const { prefix, chunks } = body;
  const size = chunks.reduce((sum, chunk) => sum + chunk.length, prefix.length);
  const builder = new DigestBuilder();
  builder.write(prefix);
  for (const chunk of chunks) builder.write(chunk);
  const digest = builder.finish();
  const json = JSON.stringify(digest);
  const id = insertBody(context, { refs, size, prefixSize: prefix.length });
  insertHead(context, { id, digest, json, prefix });
  chunks.forEach((data, place) => insertChunk(context, { id, place, data }));
  return { id, size };
}

function adoptStaged(context: WriteContext, body: StagedBody, refs: number): StoredBodyRef {
  const size = body.prefix.length + body.length;
  context.db.run(
    "UPDATE bodies SET size = ?, prefix_size = ? WHERE id = ? AND refs = -1",
    size,
    body.prefix.length,
    body.bodyId,
  );
  const adopted = adopt(context, body.bodyId, refs);
  const { digest: json, prefix } = body;
  insertHead(context, { id: body.bodyId, digest: JSON.parse(json), json, prefix });
  return adopted;
}

function adopt({ db }: WriteContext, id: number, refs: number): StoredBodyRef {
  const body = db.get<{ size: number }>(
    "UPDATE bodies SET refs = ? WHERE id = ? AND refs = -1 RETURNING size",
    refs,
    id,
  );
  if (body === undefined) throw new Error(`Staged body ${id} is not there`);
  return { id, size: body.size };
}

/** Stores a whole body for a write that comes later: until then it is being staged. */
export const storeStaged: Command<"storeStaged"> = (context, { body }) => storeBody(context, body, -1).id;

/** A chunk on its way: `refs` of -1 marks the body as being staged. */
export const stageChunk: Command<"stageChunk"> = (context, { bodyId, place, data }) => {
  const id = bodyId ?? insertBody(context, { refs: -1, size: 0, prefixSize: 0 });
  insertChunk(context, { id, place, data });
  return id;
};

export const discardBody: Command<"discardBody"> = (context, { bodyId }) => {
  context.db.run("UPDATE bodies SET refs = 0 WHERE id = ? AND refs = -1", bodyId);
  context.effects.litter = true;
};

export const abandonStaged: Command<"abandonStaged"> = (context) => {
  context.db.run("UPDATE bodies SET refs = 0 WHERE refs <= 0 AND refs = -1");
  context.effects.litter = true;
};

/** Gives one reference up; with the last one the body goes. */
export function releaseBody(context: WriteContext, id: number): void {
  const body = context.db.get<{ refs: number; size: number }>(
    "UPDATE bodies SET refs = refs - 1 WHERE id = ? AND refs > 0 RETURNING refs, size",
    id,
  );
  if (body === undefined || body.refs > 0) return;
  if (isSmall(body.size)) deleteBody(context, id);
  else context.effects.litter = true;
}

/** Deletes at most `limit` chunks of a loose body, then the body itself; the number of chunks deleted. */
export function deleteBodySlice(context: WriteContext, id: number, limit: number): number {
  const { db } = context;
  const [first, last] = chunkIds(id);
  const deleted = db.run(
    "DELETE FROM chunks WHERE id IN (SELECT id FROM chunks WHERE id BETWEEN ? AND ? LIMIT ?)",
    first,
    last,
    limit,
  );
  if (deleted < limit) deleteBody(context, id);
  return deleted;
}

export function isSmall(size: number): boolean {
  return size <= SMALL_BODY;
}

export function deleteBody({ db }: WriteContext, id: number): void {
  db.run("DELETE FROM chunks WHERE id BETWEEN ? AND ?", ...chunkIds(id));
  db.run("DELETE FROM heads WHERE body_id = ?", id);
  db.run("DELETE FROM sort_keys WHERE body_id = ?", id);
  db.run("DELETE FROM shown WHERE body_id = ?", id);
  db.run("DELETE FROM bodies WHERE id = ?", id);
}

function chunkIds(bodyId: number): readonly [first: number, last: number] {
  return [bodyId * CHUNKS_PER_BODY, bodyId * CHUNKS_PER_BODY + CHUNKS_PER_BODY - 1];
}

function insertBody(
  context: WriteContext,
  body: { readonly refs: number; readonly size: number; readonly prefixSize: number },
): number {
  return context.db.get<{ id: number }>(
    "INSERT INTO bodies (refs, size, prefix_size) VALUES (?, ?, ?) RETURNING id",
    body.refs,
    body.size,
    body.prefixSize,
  )!.id;
}

function insertHead(
  context: WriteContext,
  head: {
    readonly id: number;
    readonly digest: MessageDigest;
    readonly json: string;
    readonly prefix: Uint8Array;
  },
): void {
  const prefix = head.prefix.length === 0 ? null : head.prefix;
  context.db.run(
    "INSERT INTO heads (body_id, digest, prefix) VALUES (?, ?, ?)",
    head.id,
    head.json,
    prefix,
  );
  insertSortKeys(context.db, head.id, sortKeysOf(head.digest, head.id));
  insertShown(context.db, head.id, head.digest);
}

function insertChunk(
  context: WriteContext,
  chunk: { readonly id: number; readonly place: number; readonly data: Uint8Array },
): void {
  if (chunk.place >= CHUNKS_PER_BODY) throw new RangeError("The message has too many chunks");
  const packed = packChunk(chunk.data);
  context.db.run(
    "INSERT INTO chunks (id, packed, data) VALUES (?, ?, ?)",
    chunk.id * CHUNKS_PER_BODY + chunk.place,
    packed === null ? 0 : 1,
    packed ?? chunk.data,
  );
}

/** The chunk compressed, or null when that saves little, or less than an eighth. */
function packChunk(data: Uint8Array): Uint8Array | null {
  if (data.length < WORTH_PACKING) return null;
  const packed = zstdCompressSync(data, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  return packed.length > data.length - Math.max(WORTH_SAVING, data.length / 8) ? null : packed;
}
