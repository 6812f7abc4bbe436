/**
 * The checks that a message passes on its way in. Each looks at one thing and returns a verdict; only the pipeline
 * acts on it. A check never waits, never logs and never changes anything. To add one: write its file, put it into the list
 * in `all.ts`.
 */
import type { Envelope } from "../../core/envelope.ts";
import type { SubmitContext } from "../../core/ports.ts";
import type { Reply } from "../../core/reply.ts";
import type { Directory } from "../directory.ts";
import type { HeaderFacts } from "../header_tap.ts";
import type { IntakeLimits } from "../limits.ts";
import type { Plan } from "../recipients.ts";
import type { AuthorField } from "../submission_header.ts";

export type Verdict =
  | { readonly kind: "accept" }
  /** The reply is public, the reason is for the log. */
  | { readonly kind: "refuse"; readonly reply: Reply; readonly reason?: string };

export const ACCEPT: Verdict = { kind: "accept" };

/** What is known before the message comes. */
export interface EnvelopeView {
  readonly envelope: Envelope;
  readonly context: SubmitContext;
  readonly directory: Directory;
  readonly limits: IntakeLimits;
  readonly plan: Plan;
}

/** What is known when all of it has come. */
export interface MessageView extends EnvelopeView {
  readonly size: number;
  readonly header: HeaderFacts;
  /** Its From and Sender fields; missing unless it was written here. */
  readonly authors?: readonly AuthorField[];
  /** Our user's right to them is to be checked. */
  readonly checkAuthors?: boolean;
}

/** Whoever brought it says so, or a field by a scanner. */
export function isSpam({ context, header }: MessageView): boolean {
  return context.spam === true || header.isSpam;
}

export interface EnvelopeCheck {
  readonly name: string;
  judge(view: EnvelopeView): Verdict;
}

export interface MessageCheck {
  readonly name: string;
  judge(view: MessageView): Verdict;
}
