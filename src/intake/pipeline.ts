import { formatAddress } from "../core/address.ts";
import type { Envelope } from "../core/envelope.ts";
import { Refusal } from "../core/errors.ts";
import type { Filter } from "../core/filter.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Clock, Live, Log, Metrics, Random, Submit, SubmitContext } from "../core/ports.ts";
import { reply } from "../core/reply.ts";
import type { BodyStage, Store } from "../store/mod.ts";
import type { EnvelopeCheck, EnvelopeView, MessageCheck, MessageView, Verdict } from "./checks/check.ts";
import { authorCheck } from "./checks/author.ts";
import { headerSizeCheck } from "./checks/header_size.ts";
import { holdCheck } from "./checks/hold.ts";
import { messageSizeCheck } from "./checks/message_size.ts";
import { receivedLoopCheck } from "./checks/received_loop.ts";
import { recipientsCheck } from "./checks/recipients.ts";
import { senderCheck } from "./checks/sender.ts";
import { defaultDeliverySettings, type DeliverySettings } from "./delivery_settings.ts";
import type { Directory } from "./directory.ts";
import type { Duplicates } from "./duplicates.ts";
import { Filtering } from "./filtering.ts";
import { sendApart } from "./forward.ts";
import { placed, queueEntry, type QueueEntryDeps } from "./handover.ts";
import { HeaderTap } from "./header_tap.ts";
import type { IntakeLimits } from "./limits.ts";
import type { QuotaWatch } from "./quota_notice.ts";
import { planRecipients, type Routing } from "./recipients.ts";
import { Reports } from "./reports.ts";
import { isRefusedByAll, replyForAll, settle, type Settled } from "./settle.ts";
import type { Srs } from "./srs.ts";
import { makeStamp, type Stamp } from "./stamp.ts";
import { SubmissionHeader } from "./submission_header.ts";
import { defaultSubmissionSettings, type SubmissionSettings } from "./submission_settings.ts";

/** In the order in which they are asked; the first refusal counts. */
const ENVELOPE_CHECKS: readonly EnvelopeCheck[] = [senderCheck, recipientsCheck, holdCheck];
const MESSAGE_CHECKS: readonly MessageCheck[] = [
  messageSizeCheck,
  headerSizeCheck,
  receivedLoopCheck,
  authorCheck,
];

export interface PipelineDeps extends QueueEntryDeps {
  readonly store: Store;
  readonly directory: Live<Directory>;
  readonly hostname: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limits: Live<IntakeLimits>;
  readonly submission?: Live<SubmissionSettings>;
  /** The accounts' own rules; without it mail goes to INBOX. */
  readonly filter?: Filter;
  /** Forwards, quotas and duplicates: see `settle.ts`. */
  readonly delivery?: Live<DeliverySettings>;
  readonly srs?: Srs;
  readonly duplicates?: Duplicates;
  readonly quotaWatch?: QuotaWatch;
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
  readonly #routing: Routing;
  readonly #reports: Reports;
  #view: EnvelopeView;
  /** Who gets it, once it is there. */
  #settled: Settled | null = null;
  /** Null when no account has rules. */
  #filtering: Filtering | null = null;

  constructor(deps: PipelineDeps, envelope: Envelope, context: SubmitContext) {
    const directory = deps.directory.current;
    this.#deps = deps;
    this.#envelope = envelope;
    this.#context = context;
    this.#log = deps.log.with({ session: context.sessionId, message: context.id });
    this.#reports = new Reports({ ...deps, log: this.#log, submit: this.#submit }, envelope, context);
    const { srsDays } = deps.delivery?.current ?? defaultDeliverySettings;
    this.#routing = {
      directory,
      hostname: deps.hostname,
      mayRelay: mayRelay(context),
      spam: context.spam === true,
      ...(deps.srs === undefined ? {} : { srs: { scheme: deps.srs, days: srsDays } }),
    };
    this.#view = {
      envelope,
      context,
      directory,
      limits: deps.limits.current,
      plan: planRecipients(envelope.recipients, this.#routing),
    };
  }

  async run(message: MessageBytes): Promise<Outcome[]> {
    const refused = firstRefusal(ENVELOPE_CHECKS, this.#view);
    if (refused !== null) {
      await drain(message);
      throw this.#refuse(refused);
    }
    this.#reports.begin(this.#view.plan);
    const stage = this.#deps.store.bodies.stage();
    try {
      const collected = await this.#collect(message, stage);
      const bad = firstRefusal(MESSAGE_CHECKS, collected);
      if (bad !== null) throw this.#refuse(bad);
      const { view } = await this.#settle(collected, stage);
      const { filter } = this.#deps;
      // Most mail has no rules before it, and must not wait for those that have.
      if (filter !== undefined && !Filtering.isIdle(filter, view)) {
        this.#filtering = await this.#askFilter(filter, { stage, view });
      }
      await this.#accept(stage, view);
      await this.#reports.send(this.#view.plan, this.#filtering?.refusals ?? new Map());
      for (const state of this.#settled?.quotas ?? []) {
        await this.#deps.quotaWatch?.delivered(state, view.size);
      }
      if (this.#filtering !== null) await this.#filtering.afterwards();
      return this.#outcomes();
    } catch (error) {
      stage.discard();
      throw error;
    } finally {
      this.#settled?.claim?.release();
    }
  }

  /** Throws when nobody gets it and there is one answer for all. */
  async #settle(collected: MessageView, stage: BodyStage): Promise<Settled> {
    const settled = await settle(collected, this.#routing, this.#deps);
    this.#settled = settled;
    this.#view = settled.view;
    if (isRefusedByAll(settled) && this.#context.origin !== "lmtp") {
      throw this.#refuse({ kind: "refuse", check: "settle", reply: replyForAll(settled) });
    }
    await this.#reports.noteSettled(settled, () => stage.read({ start: 0, end: collected.header.size }));
    return settled;
  }

  async #collect(message: MessageBytes, stage: BodyStage): Promise<MessageView> {
    const tap = new HeaderTap({ watchEightBit: this.#view.plan.remote.length > 0 });
    const limit = this.#view.limits.messageSize;
    let size = 0;
    let storeError: { readonly error: unknown } | null = null;
    const keep = async (chunk: Uint8Array) => {
      tap.write(chunk);
      this.#reports.write(chunk);
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

  /** Throws when the rules of all who were to have it refuse it. */
  async #askFilter(
    filter: Filter,
    { stage, view }: { readonly stage: BodyStage; readonly view: MessageView },
  ): Promise<Filtering | null> {
    if (this.#context.place?.filters === false) return null;
    const deps = { ...this.#deps, filter, submit: this.#submit, log: this.#log };
    const filtering = await Filtering.ask(deps, view, stage);
    if (filtering === null) return null;
    filtering.refuseIfUnwanted();
    await this.#reports.noteFiltered(filtering, () => stage.read({ start: 0, end: view.header.size }));
    return filtering;
  }

  get #submit(): Submit {
    return (envelope, message, context) => new Pipeline(this.#deps, envelope, context).run(message);
  }

  async #accept(stage: BodyStage, view: MessageView): Promise<void> {
    const now = this.#deps.clock.now();
    const stamp = this.#stamp(view, now);
    const filtered = this.#filtering === null ? null : await this.#filtering.carryOut(stamp);
    for (const job of this.#settled?.apart ?? []) {
      await sendApart(job, { view, stage, stamp }, { ...this.#deps, submit: this.#submit });
    }
    const facts = [...this.#context.facts ?? [], ...this.#settled?.claim?.facts ?? []];
    const body = stage.seal(stamp.prefix);
    await this.#deps.store.accept({
      id: this.#context.id,
      body,
      receivedAt: now,
      ...placed(filtered ?? { local: view.plan.accounts.map((account) => ({ account })) }, {
        place: this.#context.place,
        folders: this.#settled?.folders ?? new Map(),
      }),
      queued: queueEntry(view, { skip: stamp.skip, dueAt: now }, this.#deps),
      ...(facts.length === 0 ? {} : { facts }),
    });
    this.#noteAccepted(view, {
      size: body.size,
      messageId: view.header.messageId ?? stamp.messageId,
      seconds: (this.#deps.clock.now() - now) / 1000,
    });
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
      forwardedBy: this.#settled?.mark ?? null,
      add: {
        date: completes && !header.hasDate,
        messageId: completes && !header.hasMessageId,
        from: authors !== undefined && !authors.some(({ name }) => name === "from"),
      },
    });
  }

  #outcomes(): Outcome[] {
    const done = reply(250, "2.0.0", `Accepted as ${this.#context.id}`);
    const refusals = this.#context.origin === "lmtp" ? this.#filtering?.refusals : undefined;
    return this.#view.plan.routes.map(({ recipient, route }, place): Outcome => {
      const refused = refusals?.get(place);
      if (refused !== undefined) return { recipient, kind: "failed", reply: refused, host: null };
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

async function drain(message: MessageBytes): Promise<void> {
  for await (const _ of message);
}
