import type { BodyStage } from "../store/mod.ts";
import type { EnvelopeView, MessageView } from "./checks/check.ts";
import { HeaderTap } from "./header_tap.ts";
import type { SpamField } from "./spam_fields.ts";
import { SubmissionHeader } from "./submission_header.ts";

export type MessageBytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface CollectOptions {
  readonly stage: BodyStage;
  readonly spamFields: readonly SpamField[];
  /** Written here, so that we clean it (RFC 6409 section 8). */
  readonly isOurs: boolean;
  /** Our user's right to From and Sender is to be checked. */
  readonly checkAuthors: boolean;
}

/**
 * Puts a message on the stage and says what it is. It is read to its end in any case: what is too large, or cannot be
 * stored, is not kept, but what is left of it must never be taken for commands.
 */
export async function collect(
  message: MessageBytes,
  view: EnvelopeView,
  { stage, spamFields, isOurs, checkAuthors }: CollectOptions,
): Promise<MessageView> {
  const { plan, directory } = view;
  const tap = new HeaderTap({
    watchEightBit: plan.remote.length > 0,
    digestBody: plan.accounts.some((account) => directory.hasManyNames(account)),
    spamFields,
  });
  const ours = isOurs ? new SubmissionHeader() : null;
  const failures: unknown[] = [];
  let size = 0;
  const keep = async (bytes: Uint8Array) => {
    if (bytes.length === 0 || failures.length > 0) return;
    tap.write(bytes);
    try {
      await stage.write(bytes);
    } catch (error) {
      failures.push(error);
    }
  };
  for await (const chunk of message) {
    size += chunk.length;
    if (size <= view.limits.messageSize) await keep(ours === null ? chunk : ours.write(chunk));
  }
  if (ours !== null) await keep(ours.finish());
  if (failures.length > 0) throw failures[0];
  const collected = { ...view, size, header: tap.finish() };
  return ours === null ? collected : { ...collected, authors: ours.authors, checkAuthors };
}

export async function drain(message: MessageBytes): Promise<void> {
  for await (const _ of message);
}
