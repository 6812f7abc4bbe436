import { formatAddress } from "../core/address.ts";
import { concatBytes, encodeUtf8 } from "../core/bytes.ts";
import type { Envelope } from "../core/envelope.ts";
import { Refusal } from "../core/errors.ts";
import type { EditedMessage, Filter, FilterDecision, FilteredDelivery } from "../core/filter.ts";
import { makeId } from "../core/id.ts";
import type { Clock, Log, Random, Submit, SubmitContext } from "../core/ports.ts";
import type { Reply } from "../core/reply.ts";
import type { BodyStage, Delivery, LocalDelivery, Store } from "../store/mod.ts";
import type { MessageView } from "./checks/check.ts";
import type { Plan } from "./recipients.ts";
import type { Stamp } from "./stamp.ts";

/** Bytes of a message that is copied from one stage to another. */
const PIECE = 64 * 1024;
const INBOX = "INBOX";

export interface FilteringDeps {
  readonly filter: Filter;
  readonly store: Pick<Store, "bodies">;
  readonly submit: Submit;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface Filtered {
  readonly local: Delivery["local"];
  readonly edited: NonNullable<Delivery["edited"]>;
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
  static isIdle(filter: Filter, { plan }: MessageView): boolean {
    return plan.accounts.every((account) => filter.hasRules(account) === false);
  }

  /** Asks the rules of all accounts that have some; null when none has. */
  static async ask(deps: FilteringDeps, view: MessageView, stage: BodyStage): Promise<Filtering | null> {
    const { accounts } = view.plan;
    const ruled: string[] = [];
    for (const account of accounts) if (await deps.filter.hasRules(account)) ruled.push(account);
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

  /** Throws when nobody wants the message: then the sender's server can say so (RFC 5429 section 2.1.1). */
  refuseIfUnwanted(): void {
    const { refusals } = this;
    const taken = this.#view.plan.routes.filter(({ route }, place) =>
      route.kind === "deliver" && !refusals.has(place)
    );
    const [first] = refusals.values();
    if (first !== undefined && taken.length === 0) throw new Refusal(first, "Refused by the owner's rules");
  }

  /** Whether each of those who refuse allows a report to the sender. */
  get mayReport(): boolean {
    return [...this.#decisions.values()].every(({ refusal }) => refusal === null || refusal.mayReport);
  }

  /**
   * Sends on what is redirected, before anything is stored here: a crash in between makes the sender try again, and the message
   * may arrive twice. What cannot be sent on is kept. Then says what is to be stored.
   */
  async carryOut(stamp: Stamp): Promise<Filtered> {
    const local: LocalDelivery[] = [];
    const versions = new Map<EditedMessage, LocalDelivery[]>();
    for (const account of this.#view.plan.accounts) {
      const decision = this.#decisions.get(account);
      for (const { mailbox, flags, message } of await this.#deliveries(account, { decision, stamp })) {
        const target = { account, flags, ...(mailbox === INBOX ? {} : { mailbox }) };
        if (isUnedited(message)) local.push(target);
        else versions.set(message, [...versions.get(message) ?? [], target]);
      }
    }
    const edited: Filtered["edited"][number][] = [];
    for (const [message, targets] of versions) {
      edited.push({ body: await this.#stageEdited(message, stamp), local: targets });
    }
    return { local, edited };
  }

  async afterwards(): Promise<void> {
    for (const { afterwards } of this.#decisions.values()) await afterwards?.();
  }

  async #judge(account: string): Promise<void> {
    const { envelope, context, plan } = this.#view;
    const decision = await this.#deps.filter.judge({
      account,
      sender: envelope.sender,
      recipient: envelope.recipients[placeOf(plan, account)]!,
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

  async #deliveries(
    account: string,
    { decision, stamp }: { readonly decision: FilterDecision | undefined; readonly stamp: Stamp },
  ): Promise<FilteredDelivery[]> {
    if (decision === undefined) return [kept({ header: null, body: null })];
    const deliveries = [...decision.local];
    for (const { to, message } of decision.redirects) {
      const isGone = await this.#redirect(account, { to, message, stamp });
      if (!isGone && !deliveries.some(({ mailbox }) => mailbox === INBOX)) deliveries.push(kept(message));
    }
    return deliveries;
  }

  /** False when it cannot be sent on. */
  async #redirect(
    account: string,
    { to, message, stamp }: FilterDecision["redirects"][number] & { readonly stamp: Stamp },
  ): Promise<boolean> {
    const { context, plan, envelope } = this.#view;
    const id = makeId(this.#deps.clock, this.#deps.random);
    const redirected: Envelope = {
      ...envelope,
      recipients: [to],
      ...(envelope.dsn === undefined ? {} : {
        dsn: { ...envelope.dsn, recipients: [envelope.dsn.recipients[placeOf(plan, account)]!] },
      }),
    };
    const trace = stamp.prefix.subarray(stamp.skip);
    // By this field the account knows what it has sent on before.
    const marker = encodeUtf8(`Delivered-To: ${account}\r\n`);
    try {
      const outcomes = await this.#deps.submit(
        redirected,
        this.#bytesOf(message, concatBytes([marker, trace])),
        redirectContext(context, id),
      );
      const bad = outcomes.find(({ kind }) => kind === "failed" || kind === "deferred");
      if (bad === undefined) return true;
      this.#noteFailure(account, { to: formatAddress(to), reply: bad.reply.toString() });
    } catch (error) {
      this.#noteFailure(account, { to: formatAddress(to), reply: String(error) });
    }
    return false;
  }

  #noteFailure(account: string, fields: { readonly to: string; readonly reply: string }): void {
    this.#deps.log.warn("redirect-failed", { account, ...fields });
  }

  async #stageEdited(message: EditedMessage, stamp: Stamp) {
    const stage = this.#deps.store.bodies.stage();
    try {
      for await (const piece of this.#bytesOf(message, new Uint8Array(0))) await stage.write(piece);
      return stage.seal(stamp.prefix);
    } catch (error) {
      stage.discard();
      throw error;
    }
  }

  /** The message with what was edited in its place; what was not is read from the stage, piece by piece. */
  async *#bytesOf({ header, body }: EditedMessage, prefix: Uint8Array): AsyncGenerator<Uint8Array> {
    if (prefix.length > 0) yield prefix;
    if (header !== null) yield header;
    const start = header === null ? 0 : await this.#bodyStart();
    const end = body === null ? this.#stage.size : header === null ? await this.#bodyStart() : start;
    for (let at = start; at < end; at += PIECE) {
      yield await this.#stage.read({ start: at, end: Math.min(at + PIECE, end) });
    }
    if (body !== null) yield body;
  }

  /** Behind the blank line. */
  async #bodyStart(): Promise<number> {
    const blank = /^\r?\n/;
    const end = Math.min(this.#view.header.size, this.#stage.size);
    const next = await this.#stage.read({ start: end, end: Math.min(end + 2, this.#stage.size) });
    return end + (blank.exec(String.fromCharCode(...next))?.[0].length ?? 0);
  }
}

function kept(message: EditedMessage): FilteredDelivery {
  return { mailbox: INBOX, flags: [], message };
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
  return { ...decision, refusal: null, local: [kept({ header: null, body: null })] };
}

/** The first recipient by which the account is reached. */
function placeOf(plan: Plan, account: string): number {
  return plan.routes.findIndex(({ route }) => route.kind === "deliver" && route.accounts.includes(account));
}

function redirectContext({ id: about, sessionId }: SubmitContext, id: string): SubmitContext {
  return { id, sessionId, origin: "redirect", protocol: "", client: null, account: null, tls: null, about };
}
