import type { EnvelopeCheck, EnvelopeView, MessageCheck, MessageView, Verdict } from "./check.ts";
import { authorCheck } from "./author.ts";
import { headerSizeCheck } from "./header_size.ts";
import { holdCheck } from "./hold.ts";
import { messageSizeCheck } from "./message_size.ts";
import { receivedLoopCheck } from "./received_loop.ts";
import { recipientsCheck } from "./recipients.ts";
import { senderCheck } from "./sender.ts";

/** In the order in which they are asked; the first refusal counts. */
const ENVELOPE_CHECKS: readonly EnvelopeCheck[] = [senderCheck, recipientsCheck, holdCheck];
const MESSAGE_CHECKS: readonly MessageCheck[] = [
  messageSizeCheck,
  headerSizeCheck,
  receivedLoopCheck,
  authorCheck,
];

/** A refusal, and who it came from. */
export type RefusedBy = Extract<Verdict, { kind: "refuse" }> & { readonly check: string };

/** Null when none objects. */
export function judgeEnvelope(view: EnvelopeView): RefusedBy | null {
  return firstRefusal(ENVELOPE_CHECKS, view);
}

export function judgeMessage(view: MessageView): RefusedBy | null {
  return firstRefusal(MESSAGE_CHECKS, view);
}

interface NamedCheck<View> {
  readonly name: string;
  judge(view: View): Verdict;
}

function firstRefusal<View>(checks: readonly NamedCheck<View>[], view: View): RefusedBy | null {
  for (const check of checks) {
    const verdict = check.judge(view);
    if (verdict.kind === "refuse") return { ...verdict, check: check.name };
  }
  return null;
}
