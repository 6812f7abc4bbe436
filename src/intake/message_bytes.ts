import type { EditedMessage } from "../core/filter.ts";
import type { BodyStage } from "../store/mod.ts";
import type { HeaderFacts } from "./header_tap.ts";

/** Bytes that are copied from a stage at once. */
const PIECE = 64 * 1024;

/** A message that is still on its stage, not yet sealed. */
export interface StagedMessage {
  readonly stage: BodyStage;
  readonly header: Pick<HeaderFacts, "size">;
}

/** The message with what was edited in its place; all else byte for byte as it came, piece by piece. */
export async function* messageBytes(
  message: StagedMessage,
  { header, body }: EditedMessage,
): AsyncGenerator<Uint8Array> {
  const { stage } = message;
  const bodyAt = header === null && body === null ? 0 : await bodyStart(message);
  if (header !== null) yield header;
  const start = header === null ? 0 : bodyAt;
  const end = body === null ? stage.size : bodyAt;
  for (let at = start; at < end; at += PIECE) {
    yield await stage.read({ start: at, end: Math.min(at + PIECE, end) });
  }
  if (body !== null) yield body;
}

/** Its header, or the beginning of a long one. */
export function headOf({ stage, header }: StagedMessage, limit: number): Promise<Uint8Array> {
  return stage.read({ start: 0, end: Math.min(header.size, limit) });
}

/** Behind the blank line. */
async function bodyStart({ stage, header }: StagedMessage): Promise<number> {
  const end = Math.min(header.size, stage.size);
  const next = await stage.read({ start: end, end: Math.min(end + 2, stage.size) });
  return end + (/^\r?\n/.exec(String.fromCharCode(...next))?.[0].length ?? 0);
}
