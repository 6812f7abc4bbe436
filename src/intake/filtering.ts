import { formatAddress } from "../core/address.ts";
import {
  type EditedMessage,
  type Filter,
  type FilterDecision,
  type FilteredDelivery,
  UNEDITED,
} from "../core/filter.ts";
import type { Log, SubmitContext } from "../core/ports.ts";
import type { Reply } from "../core/reply.ts";
import type { BodyStage, LocalDelivery, StagedBody, Store } from "../store/mod.ts";
import { isSpam, type MessageView } from "./checks/check.ts";
import type { Deliveries } from "./handover.ts";
import { messageBytes } from "./message_bytes.ts";
import { type OnwardDeps, sendOnward } from "./onward.ts";
import type { Plan } from "./recipients.ts";
import type { Stamp } from "./stamp.ts";

const INBOX = "INBOX";
const KEPT: FilteredDelivery = { mailbox: INBOX, flags: [], message: UNEDITED };

export interface FilteringDeps extends OnwardDeps {
  readonly filter: Filter;
  readonly store: Pick<Store, "bodies">;
  readonly log: Log;
}

/** What carrying out needs beside the rules' decisions. */
export interface CarryOut {
  readonly stamp: Stamp;
  /** Gives up what was staged, should the message not be stored. */
  readonly cleanup: DisposableStack;
}

/** The rules of one message's accounts: they are asked together, and what they want is carried out together. */
export class Filtering {
  readonly #deps: FilteringDeps;
  readonly #view: MessageView;
  readonly #stage: BodyStage;
  readonly #decisions = new Map<string, FilterDecision>();

  private constructor(deps: FilteringDeps, view: MessageView, stage: BodyStage) {
    this.#deps = deps;
    this.#view = view;
    this.#stage = stage;
  }

  /** Whether none of the accounts has rules, as far as is known without asking the store. */
  static isIdle(filter: Filter, view: MessageView): boolean {
    return filtered(view).every((account) => filter.hasRules(account) === false);
  }

  /** Asks the rules of all accounts that have some; null when none has. */
  static async ask(deps: FilteringDeps, view: MessageView, stage: BodyStage): Promise<Filtering | null> {
    const ruled: string[] = [];
    for (const account of filtered(view)) if (await deps.filter.hasRules(account)) ruled.push(account);
    if (ruled.length === 0) return null;
    const filtering = new Filtering(deps, view, stage);
    for (const account of ruled) await filtering.#judge(account);
    return filtering;
  }

  /** Recipients all of whose accounts refuse, by their place in the envelope. */
  get refusals(): ReadonlyMap<number, Reply> {
    const refused = new Map<number, Reply>();
    for (const [place, { route }] of this.#view.plan.routes.entries()) {
      if (route.kind !== "deliver" || route.remote.length > 0 || route.accounts.length === 0) continue;
      const replies = route.accounts.map((account) => this.#decisions.get(account)?.refusal?.reply);
      if (replies.every((reply) => reply !== undefined)) refused.set(place, replies[0]!);
    }
    return refused;
  }

  /** Whether each of those who refuse allows a report to the sender. */
  get mayReport(): boolean {
    return [...this.#decisions.values()].every(({ refusal }) => refusal === null || refusal.mayReport);
  }

  /** Sends on what is redirected; what cannot be is kept. Then says what is to be stored. */
  async carryOut(options: CarryOut): Promise<Deliveries> {
    const local: LocalDelivery[] = [];
    const versions = new Map<EditedMessage, LocalDelivery[]>();
    for (const account of this.#view.plan.accounts) {
      for (const { mailbox, flags, message } of await this.#deliveries(account, options)) {
        const target = { account, flags, ...(mailbox === INBOX ? {} : { mailbox }) };
        if (isUnedited(message)) local.push(target);
        else versions.set(message, [...versions.get(message) ?? [], target]);
      }
    }
    const edited: { readonly body: StagedBody; readonly local: readonly LocalDelivery[] }[] = [];
    for (const [message, targets] of versions) {
      edited.push({ body: await this.#stageEdited(message, options), local: targets });
    }
    return { local, edited };
  }

  /** The message is stored, but not for those who had no room for it. */
  async afterwards(full: readonly string[]): Promise<void> {
    for (const [account, { afterwards }] of this.#decisions) {
      if (!full.includes(account)) await afterwards?.();
    }
  }

  async #judge(account: string): Promise<void> {
    const { envelope, context, plan } = this.#view;
    const decision = await this.#deps.filter.judge({
      account,
      sender: envelope.sender,
      recipient: envelope.recipients[placeOf(plan, account)]!,
      isSpam: isSpam(this.#view),
      context,
      message: { size: this.#stage.size, read: (start, end) => this.#stage.read({ start, end }) },
    });
    this.#decisions.set(account, keepsReports(context) ? withoutRefusal(decision) : decision);
    this.#deps.log.info("message-filtered", {
      account,
      mailboxes: decision.local.map(({ mailbox }) => mailbox),
      redirects: decision.redirects.map(({ to }) => formatAddress(to)),
      refused: decision.refusal?.reply.toString() ?? null,
    });
  }

  async #deliveries(account: string, { stamp }: CarryOut): Promise<FilteredDelivery[]> {
    const decision = this.#decisions.get(account);
    if (decision === undefined) return [KEPT];
    const deliveries = [...decision.local];
    for (const redirect of decision.redirects) {
      const isGone = await this.#redirect(account, { ...redirect, stamp });
      if (!isGone && !deliveries.some(({ mailbox }) => mailbox === INBOX)) {
        deliveries.push({ ...KEPT, message: redirect.message });
      }
    }
    return deliveries;
  }

  /** False when it cannot be sent on. */
  async #redirect(
    account: string,
    { to, message, stamp }: FilterDecision["redirects"][number] & { readonly stamp: Stamp },
  ): Promise<boolean> {
    const view = this.#view;
    const isGone = (why: string | null) => {
      if (why !== null) {
        this.#deps.log.warn("redirect-failed", { account, to: formatAddress(to), reply: why });
      }
      return why === null;
    };
    if (isSpam(view)) return isGone("Spam is not sent on");
    const job = { account, recipients: [to], from: [placeOf(view.plan, account)], message };
    try {
      const refusal = await sendOnward(job, { view, stage: this.#stage, stamp }, this.#deps);
      return isGone(refusal?.toString() ?? null);
    } catch (error) {
      return isGone(String(error));
    }
  }

  async #stageEdited(message: EditedMessage, { stamp, cleanup }: CarryOut): Promise<StagedBody> {
    const stage = this.#deps.store.bodies.stage();
    cleanup.defer(() => stage.discard());
    const source = { stage: this.#stage, header: this.#view.header };
    for await (const piece of messageBytes(source, message)) await stage.write(piece);
    return stage.seal(stamp.prefix);
  }
}

/** Whose rules may be asked. What was fetched for an account may pass its rules by. */
function filtered({ plan: { accounts }, context: { place } }: MessageView): readonly string[] {
  return place?.filters === false ? accounts.filter((account) => account !== place.account) : accounts;
}

function isUnedited({ header, body }: EditedMessage): boolean {
  return header === null && body === null;
}

/** Nobody can be told that a report, or what was fetched elsewhere, is not wanted: there it stays. */
function keepsReports({ origin }: SubmitContext): boolean {
  return origin === "report" || origin === "retrieval";
}

function withoutRefusal(decision: FilterDecision): FilterDecision {
  if (decision.refusal === null) return decision;
  return { ...decision, refusal: null, local: [KEPT] };
}

/** The first recipient by which the account is reached. */
function placeOf(plan: Plan, account: string): number {
  return plan.routes.findIndex(({ route }) => route.kind === "deliver" && route.accounts.includes(account));
}
