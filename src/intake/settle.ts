import type { SubmitContext } from "../core/ports.ts";
import { type Reply, reply } from "../core/reply.ts";
import type { Store } from "../store/mod.ts";
import { isSpam, type MessageView } from "./checks/check.ts";
import { detailFolders } from "./detail_folder.ts";
import type { DuplicateClaim, Duplicates } from "./duplicates.ts";
import { splitForwards } from "./forward.ts";
import type { OnwardJob } from "./onward.ts";
import { MAILBOX_FULL, type QuotaState, quotaStates } from "./quota.ts";
import { type Plan, planRecipients, type Route, type Routing } from "./recipients.ts";

export interface SettleDeps {
  readonly store: Store;
  readonly duplicates: Duplicates;
  /** Bytes that are put before the message when it is stored: they count, too. */
  readonly stampSize: (view: MessageView) => number;
}

/** Who gets a message that has come in whole. */
export interface Settled {
  readonly view: MessageView;
  /** Recipients who do not get it though they were accepted at RCPT, by their place in the envelope. */
  readonly refusals: ReadonlyMap<number, Reply>;
  /** Lists of which not all members get it, likewise. */
  readonly partial: ReadonlyMap<number, Reply>;
  readonly apart: readonly OnwardJob[];
  /** Who of ours forwards it, for Delivered-To; null for nobody. */
  readonly mark: string | null;
  /** By account, where it goes in place of INBOX. */
  readonly folders: ReadonlyMap<string, string>;
  /** Of the accounts that get it and have a quota. */
  readonly quotas: readonly QuotaState[];
  readonly claim: DuplicateClaim;
}

const MEMBER_FULL = reply(552, "5.2.2", "The mailbox of one of its members is full");

/**
 * The second look at the recipients, now that the message is there: what its header says of forwards before, whether it fits
 * into the mailboxes, and who has it already.
 */
export async function settle(view: MessageView, routing: Routing, deps: SettleDeps): Promise<Settled> {
  const again = view.header.deliveredTo.length > 0 || isSpam(view);
  const first = again ? replan(view, routing) : view.plan;
  const isOurReport = view.context.origin === "report";
  // What we ourselves have to say must arrive, above all that there is no room.
  const accounts = isOurReport ? [] : first.accounts;
  const states = await quotaStates(deps.store, view.directory, {
    accounts,
    size: () => view.size + deps.stampSize(view),
  });
  const full = new Map(
    [...states].flatMap(([name, { refusal }]) => refusal === null ? [] : [[name, refusal]]),
  );
  const { plan, partial } = withoutFull(first, full);
  const folders = await detailFolders(deps.store.mailboxes, plan.details);
  const claim = await deps.duplicates.claim({ ...view, plan }, folders);
  const fresh = { ...plan, accounts: plan.accounts.filter((name) => !claim.known.has(name)) };
  const split = splitForwards({ ...view, plan: fresh });
  return {
    view: { ...view, plan: split.plan },
    refusals: refusalsOf(plan),
    partial,
    apart: split.apart,
    mark: split.mark,
    folders,
    quotas: fresh.accounts.flatMap((name) => states.get(name) ?? []),
    claim,
  };
}

/** The same without these accounts, for which there was no room any more when the message was stored. */
export function withoutRoom(settled: Settled, accounts: readonly string[]): Settled {
  const full = new Map(accounts.map((name) => [name, MAILBOX_FULL]));
  const { plan, partial } = withoutFull(settled.view.plan, full);
  return {
    ...settled,
    view: { ...settled.view, plan },
    refusals: refusalsOf(plan),
    partial: new Map([...settled.partial, ...partial]),
    quotas: settled.quotas.filter(({ info }) => !full.has(info.name)),
  };
}

/** The answer for all when nobody is left who could have it: the sender may try again if anybody may. Else null. */
export function replyForAll({ routes }: Plan, refusals: ReadonlyMap<number, Reply>): Reply | null {
  if (refusals.size < routes.length) return null;
  const replies = [...refusals.values()];
  return replies.find(({ isTemporary }) => isTemporary) ?? replies[0] ?? null;
}

/** Who is not told in another way that they, or some of them, do not get it. */
export function reportable(
  { refusals, partial }: Settled,
  { origin }: SubmitContext,
): ReadonlyMap<number, Reply> {
  const oneReplyForAll = origin === "smtp" || origin === "submission";
  return new Map([...partial, ...oneReplyForAll ? refusals : []].map(([place, why]) => [
    place,
    // A report of failure is final, whatever may change tomorrow (RFC 3464 section 2.3.4).
    why.isTemporary ? reply(552, "5.2.2", why.lines) : why,
  ]));
}

function replan(view: MessageView, routing: Routing): Plan {
  const visited = new Set(view.header.deliveredTo);
  return planRecipients(view.envelope.recipients, { ...routing, visited, spam: isSpam(view) });
}

function refusalsOf({ routes }: Plan): Map<number, Reply> {
  return new Map(routes.flatMap(({ route }, place) => route.kind === "refuse" ? [[place, route.reply]] : []));
}

function withoutFull(
  plan: Plan,
  full: ReadonlyMap<string, Reply>,
): { readonly plan: Plan; readonly partial: ReadonlyMap<number, Reply> } {
  if (full.size === 0) return { plan, partial: new Map() };
  const partial = new Map<number, Reply>();
  const routes = plan.routes.map(({ recipient, route }, place): Plan["routes"][number] => {
    if (route.kind === "refuse") return { recipient, route };
    const accounts = route.accounts.filter((name) => !full.has(name));
    if (accounts.length === route.accounts.length) return { recipient, route };
    if (accounts.length > 0 || route.remote.length > 0) {
      partial.set(place, MEMBER_FULL);
      return { recipient, route: { ...route, accounts } };
    }
    return { recipient, route: refused(route.accounts, full) };
  });
  return { plan: { ...plan, routes, accounts: plan.accounts.filter((name) => !full.has(name)) }, partial };
}

function refused(accounts: readonly string[], full: ReadonlyMap<string, Reply>): Route {
  const replies = accounts.map((name) => full.get(name)!);
  return { kind: "refuse", reply: replies.find(({ isTemporary }) => isTemporary) ?? replies[0]! };
}
