import { type Address, formatAddress, type ReversePath } from "../core/address.ts";
import type { Envelope } from "../core/envelope.ts";
import { Refusal } from "../core/errors.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Clock, Live, Log, Metrics, Random, SubmitContext } from "../core/ports.ts";
import { reply } from "../core/reply.ts";
import type { BodyStage, Delivery, Store } from "../store/mod.ts";
import type { EnvelopeCheck, EnvelopeView, MessageCheck, MessageView, Verdict } from "./checks/check.ts";
import { authorCheck } from "./checks/author.ts";
import { headerSizeCheck } from "./checks/header_size.ts";
import { holdCheck } from "./checks/hold.ts";
import { messageSizeCheck } from "./checks/message_size.ts";
import { receivedLoopCheck } from "./checks/received_loop.ts";
import { recipientsCheck } from "./checks/recipients.ts";
import { senderCheck } from "./checks/sender.ts";
import type { Directory } from "./directory.ts";
import { HeaderTap } from "./header_tap.ts";
import type { IntakeLimits } from "./limits.ts";
import { type Plan, planRecipients } from "./recipients.ts";
import { makeStamp, type Stamp } from "./stamp.ts";
import { SubmissionHeader } from "./submission_header.ts";
import { defaultSubmissionSettings, type SubmissionSettings } from "./submission_settings.ts";
import { HeadKeeper, makeSuccessReport, successWanted } from "./success_report.ts";
import { wishesOf } from "./wishes.ts";

/** In the order in which they are asked; the first refusal counts. */
const ENVELOPE_CHECKS: readonly EnvelopeCheck[] = [senderCheck, recipientsCheck, holdCheck];
const MESSAGE_CHECKS: readonly MessageCheck[] = [
  messageSizeCheck,
  headerSizeCheck,
  receivedLoopCheck,
  authorCheck,
];

export interface PipelineDeps {
  readonly store: Store;
  readonly directory: Live<Directory>;
  readonly hostname: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limits: Live<IntakeLimits>;
  readonly submission?: Live<SubmissionSettings>;
  /** Which recipients of a new message an operator wants held in the queue; null for none. */
  readonly holds?: (sender: ReversePath, recipients: readonly Address[]) => readonly boolean[] | null;
}

export type MessageBytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * One message on its way in. The steps stand in `run`: judge the envelope, collect the bytes, judge the message, stamp
 * it, and make it durable in one commit. The stream is read to its end in any case, so that what is left of a refused
 * message is never taken for commands.
 */
export class Pipeline {
  readonly #deps: PipelineDeps;
  readonly #envelope: Envelope;
  readonly #context: SubmitContext;
  readonly #log: Log;
  readonly #view: EnvelopeView;
  /** Kept only for a report of success. */
  #head: HeadKeeper | null = null;

  constructor(deps: PipelineDeps, envelope: Envelope, context: SubmitContext) {
    const directory = deps.directory.current;
    this.#deps = deps;
    this.#envelope = envelope;
    this.#context = context;
    this.#log = deps.log.with({ session: context.sessionId, message: context.id });
    this.#view = {
      envelope,
      context,
      directory,
      limits: deps.limits.current,
      plan: planRecipients(envelope.recipients, {
        directory,
        hostname: deps.hostname,
        mayRelay: mayRelay(context),
      }),
    };
  }

  async run(message: MessageBytes): Promise<Outcome[]> {
    const refused = firstRefusal(ENVELOPE_CHECKS, this.#view);
    if (refused !== null) {
      await drain(message);
      throw this.#refuse(refused);
    }
    if (successWanted(this.#envelope, this.#view.plan).length > 0) this.#head = new HeadKeeper();
    const stage = this.#deps.store.bodies.stage();
    try {
      const view = await this.#collect(message, stage);
      const bad = firstRefusal(MESSAGE_CHECKS, view);
      if (bad !== null) throw this.#refuse(bad);
      await this.#accept(stage, view);
      await this.#reportSuccess();
      return this.#outcomes();
    } catch (error) {
      stage.discard();
      throw error;
    }
  }

  async #collect(message: MessageBytes, stage: BodyStage): Promise<MessageView> {
    const tap = new HeaderTap({ watchEightBit: this.#view.plan.remote.length > 0 });
    const limit = this.#view.limits.messageSize;
    let size = 0;
    let storeError: { readonly error: unknown } | null = null;
    const keep = async (chunk: Uint8Array) => {
      tap.write(chunk);
      this.#head?.write(chunk);
      try {
        await stage.write(chunk);
      } catch (error) {
        storeError = { error };
      }
    };
    const header = this.#isOurs ? new SubmissionHeader() : null;
    for await (const chunk of message) {
      size += chunk.length;
      // Nothing more is kept, but the rest must be read.
      if (size > limit || storeError !== null) continue;
      const kept = header === null ? chunk : header.write(chunk);
      if (kept.length > 0) await keep(kept);
    }
    const rest = header?.finish();
    if (rest !== undefined && rest.length > 0 && storeError === null) await keep(rest);
    if (storeError !== null) throw (storeError as { readonly error: unknown }).error;
    const view = { ...this.#view, size, header: tap.finish() };
    return header === null ? view : { ...view, authors: header.authors, checkAuthors: this.#checksAuthors };
  }

  /** Written here, so that we complete and clean it (RFC 6409 section 8). */
  get #isOurs(): boolean {
    return this.#context.origin === "submission" || this.#context.origin === "local";
  }

  get #checksAuthors(): boolean {
    const { checkFrom } = this.#deps.submission?.current ?? defaultSubmissionSettings;
    return checkFrom && this.#context.origin === "submission";
  }

  async #accept(stage: BodyStage, view: MessageView): Promise<void> {
    const now = this.#deps.clock.now();
    const stamp = this.#stamp(view, now);
    const body = stage.seal(stamp.prefix);
    await this.#deps.store.accept({
      id: this.#context.id,
      body,
      receivedAt: now,
      local: view.plan.accounts.map((account) => ({ account })),
      queued: this.#queueEntry(view, { skip: stamp.skip, dueAt: now }),
    });
    this.#noteAccepted(view, {
      size: body.size,
      messageId: view.header.messageId ?? stamp.messageId,
      seconds: (this.#deps.clock.now() - now) / 1000,
    });
  }

  /** The message is in the mailboxes, whatever becomes of this. */
  async #reportSuccess(): Promise<void> {
    if (this.#head === null) return;
    const recipients = successWanted(this.#envelope, this.#view.plan);
    const about = { envelope: this.#envelope, context: this.#context, recipients, head: this.#head.bytes };
    try {
      const report = await makeSuccessReport(about, this.#deps);
      await new Pipeline(this.#deps, report.envelope, report.context).run([report.message]);
      this.#log.info("success-reported", {
        from: formatAddress(this.#envelope.sender),
        recipients: recipients.map(({ address }) => formatAddress(address)),
        report: report.context.id,
      });
    } catch (error) {
      this.#log.warn("report-failed", { kind: "delivered", reason: String(error) });
    }
  }

  #stamp({ header, authors }: MessageView, now: number): Stamp {
    const { sender, recipients, smtputf8 } = this.#envelope;
    const completes = this.#isOurs;
    return makeStamp({
      context: this.#context,
      sender,
      recipients,
      smtputf8,
      hostname: this.#deps.hostname,
      now,
      add: {
        date: completes && !header.hasDate,
        messageId: completes && !header.hasMessageId,
        from: authors !== undefined && !authors.some(({ name }) => name === "from"),
      },
    });
  }

  #queueEntry(view: MessageView, at: { skip: number; dueAt: number }): Delivery["queued"] {
    const { sender, smtputf8, eightBit } = this.#envelope;
    const recipients = view.plan.remote;
    if (recipients.length === 0) return null;
    const seen = view.header.eightBit;
    const wishes = wishesOf(this.#envelope, view.plan);
    const held = this.#deps.holds?.(sender, recipients) ?? null;
    // Clients ask for SMTPUTF8 out of habit. The next host must know it only if something in the message needs it: an
    // address (the courier looks at those) or the header (RFC 6531 section 3.6).
    const needed = smtputf8 && ((seen?.header ?? true) || hasUtf8Address(this.#envelope, view.plan));
    return {
      sender,
      recipients,
      smtputf8: needed,
      eightBit: eightBit || (seen?.anywhere ?? false),
      skip: at.skip,
      dueAt: Math.max(at.dueAt, this.#envelope.holdUntil ?? 0),
      ...(wishes === null ? {} : { wishes }),
      ...(held === null ? {} : { held }),
    };
  }

  #outcomes(): Outcome[] {
    const done = reply(250, "2.0.0", `Accepted as ${this.#context.id}`);
    return this.#view.plan.routes.map(({ recipient, route }): Outcome => {
      if (route.kind === "refuse") {
        const kind = route.reply.isTemporary ? "deferred" : "failed";
        return { recipient, kind, reply: route.reply, host: null };
      }
      return { recipient, kind: route.remote.length > 0 ? "queued" : "stored", reply: done, host: null };
    });
  }

  #noteAccepted(
    view: MessageView,
    { size, messageId, seconds }: { size: number; messageId: string | null; seconds: number },
  ): void {
    const { origin, account, client, protocol, about } = this.#context;
    this.#deps.metrics.count("mailden_messages_in_total", { origin });
    this.#deps.metrics.observe("mailden_accept_seconds", seconds);
    this.#log.info("message-accepted", {
      origin,
      protocol,
      client: client?.address ?? null,
      account,
      from: formatAddress(this.#envelope.sender),
      recipients: this.#envelope.recipients.map(formatAddress),
      local: view.plan.accounts,
      remote: view.plan.remote.map(formatAddress),
      size,
      messageId,
      ...(about === undefined ? {} : { about }),
    });
  }

  #refuse({ check, reply, reason }: RefusedBy): Refusal {
    const { origin, client } = this.#context;
    this.#deps.metrics.count("mailden_messages_refused_total", { origin, check });
    this.#log.info("intake-refused", {
      origin,
      check,
      client: client?.address ?? null,
      from: formatAddress(this.#envelope.sender),
      recipients: this.#envelope.recipients.map(formatAddress),
      reply: reply.toString(),
      reason: reason ?? null,
    });
    return new Refusal(reply, reason ?? null);
  }
}

type RefusedBy = Extract<Verdict, { kind: "refuse" }> & { readonly check: string };

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

/** Our own users, and what other rooms of ours made, may send to other domains. */
function mayRelay({ account, origin }: SubmitContext): boolean {
  return account !== null || (origin !== "smtp" && origin !== "lmtp");
}

function hasUtf8Address({ sender }: Envelope, plan: Plan): boolean {
  const locals = [sender?.local ?? "", ...plan.remote.map((address) => address.local)];
  return locals.some((local) => /[^\x00-\x7f]/.test(local));
}

async function drain(message: MessageBytes): Promise<void> {
  for await (const _ of message);
}
