import type { Envelope } from "../core/envelope.ts";
import { Refusal } from "../core/errors.ts";
import type { Filter } from "../core/filter.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Clock, Live, Log, Metrics, Random, Submit, SubmitContext } from "../core/ports.ts";
import { type Reply, reply } from "../core/reply.ts";
import type { BodyStage, Store } from "../store/mod.ts";
import { judgeEnvelope, judgeMessage, type RefusedBy } from "./checks/all.ts";
import type { EnvelopeView, MessageView } from "./checks/check.ts";
import { collect, drain, type MessageBytes } from "./collect.ts";
import type { Directory } from "./directory.ts";
import { Duplicates } from "./duplicates.ts";
import { Filtering } from "./filtering.ts";
import { deliveryOf, type QueueEntryDeps } from "./handover.ts";
import { Journal } from "./journal.ts";
import { type IntakeLimits, limitsFor } from "./limits.ts";
import { sendOnward } from "./onward.ts";
import { QuotaWatch } from "./quota_notice.ts";
import { planRecipients, type Routing } from "./recipients.ts";
import { Reports } from "./reports.ts";
import { replyForAll, settle, type Settled, withoutRoom } from "./settle.ts";
import { makeStamp, type Stamp } from "./stamp.ts";
import type { SubmissionSettings } from "./submission_settings.ts";

export interface PipelineDeps extends QueueEntryDeps {
  readonly store: Store;
  readonly directory: Live<Directory>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limits: Live<IntakeLimits>;
  readonly submission: Live<SubmissionSettings>;
  /** The accounts' own rules; without it mail goes to INBOX. */
  readonly filter?: Filter;
}

interface PassageDeps extends PipelineDeps {
  /** The pipeline itself, for what a message causes. */
  readonly submit: Submit;
  readonly duplicates: Duplicates;
  readonly quotaWatch: QuotaWatch;
}

/** The way in for every message. */
export function makePipeline(deps: PipelineDeps): Submit {
  const submit: Submit = (envelope, message, context) => new Passage(parts, envelope, context).run(message);
  const parts: PassageDeps = {
    ...deps,
    submit,
    duplicates: new Duplicates({ facts: deps.store.facts, settings: deps.delivery, clock: deps.clock }),
    quotaWatch: new QuotaWatch({ ...deps, settings: deps.delivery, submit }),
  };
  return submit;
}

/** A message that somebody takes, and what they do with it. */
interface Taken {
  readonly settled: Settled;
  /** Null when no account has rules. */
  readonly filtering: Filtering | null;
  /** Recipients who do not get it, by their place in the envelope. */
  readonly refusals: ReadonlyMap<number, Reply>;
}

/** One message on its way in. The steps stand in `run`, in their order; what one finds out, the next ones are given. */
class Passage {
  readonly #deps: PassageDeps;
  readonly #envelope: Envelope;
  readonly #context: SubmitContext;
  readonly #journal: Journal;
  readonly #routing: Routing;

  constructor(deps: PassageDeps, envelope: Envelope, context: SubmitContext) {
    this.#deps = deps;
    this.#envelope = envelope;
    this.#context = context;
    this.#journal = new Journal(deps, envelope, context);
    this.#routing = {
      directory: deps.directory.current,
      hostname: deps.hostname,
      sender: envelope.sender,
      mayRelay: mayRelay(context),
      ...(deps.srs === undefined ? {} : { srs: { scheme: deps.srs, days: deps.delivery.current.srsDays } }),
    };
  }

  async run(message: MessageBytes): Promise<Outcome[]> {
    using cleanup = new DisposableStack();
    const view = await this.#judgeEnvelope(message);
    const stage = this.#deps.store.bodies.stage();
    // Without effect once it is stored.
    cleanup.defer(() => stage.discard());
    const collected = await this.#collect(message, { view, stage });
    this.#refuseIf(judgeMessage(collected));
    const quotaMoment = this.#deps.quotaWatch.moment;
    const settled = await settle(collected, this.#routing, { ...this.#deps, stampSize: this.#stampSize });
    cleanup.defer(() => settled.claim.release());
    const filtering = await this.#askRules(settled, stage);
    const refusals = new Map([...settled.refusals, ...filtering?.refusals ?? []]);
    const taken = { settled, filtering, refusals };
    if (this.#isTakenByNobody(taken)) return this.#outcomes(taken);
    const reports = new Reports({ ...this.#deps, log: this.#journal.log }, this.#envelope, this.#context);
    await reports.prepare(taken, stage);
    const full = await this.#accept(taken, { stage, cleanup });
    const done = full.length === 0 ? taken : withoutLate(taken, full);
    if (done !== taken) reports.revise(done);
    await reports.send();
    for (const state of done.settled.quotas) await this.#deps.quotaWatch.delivered(state, quotaMoment);
    await filtering?.afterwards(full);
    return this.#outcomes(done);
  }

  /** Throws when it is refused, but not before it has come: what is left of it must never be taken for commands. */
  async #judgeEnvelope(message: MessageBytes): Promise<EnvelopeView> {
    const { directory, limits } = this.#deps;
    const view: EnvelopeView = {
      envelope: this.#envelope,
      context: this.#context,
      directory: directory.current,
      limits: limitsFor(this.#context, limits.current),
      plan: planRecipients(this.#envelope.recipients, this.#routing),
    };
    const refused = judgeEnvelope(view);
    if (refused !== null) await drain(message);
    this.#refuseIf(refused);
    return view;
  }

  #collect(
    message: MessageBytes,
    { view, stage }: { readonly view: EnvelopeView; readonly stage: BodyStage },
  ): Promise<MessageView> {
    const { submission, delivery } = this.#deps;
    return collect(message, view, {
      stage,
      spamFields: delivery.current.spamFields,
      isOurs: this.#isOurs,
      checkAuthors: submission.current.checkFrom && this.#context.origin === "submission",
    });
  }

  /** Written here, so that we complete and clean it (RFC 6409 section 8). */
  get #isOurs(): boolean {
    return this.#context.origin === "submission" || this.#context.origin === "local";
  }

  /** Most mail has no rules before it, and must not wait for those that have. */
  async #askRules({ view }: Settled, stage: BodyStage): Promise<Filtering | null> {
    const { filter } = this.#deps;
    if (filter === undefined || Filtering.isIdle(filter, view)) return null;
    return await Filtering.ask({ ...this.#deps, filter, log: this.#journal.log }, view, stage);
  }

  /** Throws where one answer goes to all; by LMTP each recipient has its own. */
  #isTakenByNobody({ settled, refusals }: Taken): boolean {
    const answer = replyForAll(settled.view.plan, refusals);
    if (answer === null) return false;
    if (this.#context.origin !== "lmtp") {
      this.#refuseIf({ kind: "refuse", check: "recipients", reply: answer });
    }
    return true;
  }

  /**
   * What is sent on goes first, each by a commit of its own; then one commit stores the rest. A crash in between makes the
   * sender, who has no 250 yet, try again, and some may have it twice (RFC 5321 section 6.1); the other way round they would
   * never have it. Throws when an account's forward cannot be sent on, since then nobody has it. The result are accounts that had
   * no room after all, because others were faster.
   */
  async #accept(
    { settled, filtering }: Taken,
    { stage, cleanup }: { readonly stage: BodyStage; readonly cleanup: DisposableStack },
  ): Promise<readonly string[]> {
    const { view, apart } = settled;
    const now = this.#deps.clock.now();
    const stamp = this.#stamp(settled, now);
    const filtered = await filtering?.carryOut({ stamp, cleanup }) ?? null;
    for (const job of apart) {
      const refusal = await sendOnward(job, { view, stage, stamp }, this.#deps);
      if (refusal !== null) throw new Refusal(refusal, `${job.account} cannot forward it`);
    }
    const body = stage.seal(stamp.prefix);
    const delivery = deliveryOf({ settled, filtered, body, stamp, now }, this.#deps);
    const { full } = await this.#deps.store.accept(delivery);
    this.#journal.accepted(view, {
      size: body.size,
      messageId: view.header.messageId ?? stamp.messageId,
      seconds: (this.#deps.clock.now() - now) / 1000,
    });
    return full;
  }

  readonly #stampSize = (view: MessageView) =>
    this.#stamp({ view, mark: null }, this.#deps.clock.now()).prefix.length;

  #stamp({ view: { header, authors }, mark }: Pick<Settled, "view" | "mark">, now: number): Stamp {
    const { sender, recipients, smtputf8 } = this.#envelope;
    const completes = this.#isOurs;
    return makeStamp({
      context: this.#context,
      sender,
      recipients,
      smtputf8,
      hostname: this.#deps.hostname,
      now,
      forwardedBy: mark,
      add: {
        date: completes && !header.hasDate,
        messageId: completes && !header.hasMessageId,
        from: authors !== undefined && !authors.some(({ name }) => name === "from"),
      },
    });
  }

  /** Who refuses what others took is told by a report; only LMTP can say it. */
  #outcomes({ settled: { view }, filtering, refusals }: Taken): Outcome[] {
    const done = reply(250, "2.0.0", `Accepted as ${this.#context.id}`);
    return view.plan.routes.map(({ recipient, route }, place): Outcome => {
      const refused = refusals.get(place);
      const isOnlyReported = this.#context.origin !== "lmtp" && filtering?.refusals.has(place) === true;
      if (refused !== undefined && !isOnlyReported) {
        return { recipient, kind: refused.isTemporary ? "deferred" : "failed", reply: refused, host: null };
      }
      const isQueued = route.kind === "deliver" && route.remote.length > 0;
      return { recipient, kind: isQueued ? "queued" : "stored", reply: done, host: null };
    });
  }

  #refuseIf(refused: RefusedBy | null): void {
    if (refused === null) return;
    this.#journal.refused(refused);
    throw new Refusal(refused.reply, refused.reason ?? null);
  }
}

/** What is left of it, after some had no room when it was stored. */
function withoutLate({ settled, filtering, refusals }: Taken, full: readonly string[]): Taken {
  const left = withoutRoom(settled, full);
  return { settled: left, filtering, refusals: new Map([...refusals, ...left.refusals]) };
}

/** Our own users, and what other rooms of ours made, may send to other domains. */
function mayRelay({ account, origin }: SubmitContext): boolean {
  return account !== null || (origin !== "smtp" && origin !== "lmtp");
}
