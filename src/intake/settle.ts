import type { Clock, Live, Random, SubmitContext } from "../core/ports.ts";
import { type Reply, reply } from "../core/reply.ts";
import type { Store } from "../store/mod.ts";
import type { MessageView } from "./checks/check.ts";
import type { DeliverySettings } from "./delivery_settings.ts";
import { detailFolders } from "./detail_folder.ts";
import type { DuplicateClaim, Duplicates } from "./duplicates.ts";
import { type ForwardJob, splitForwards } from "./forward.ts";
import { type QuotaState, quotaStates } from "./quota.ts";
import { type Plan, planRecipients, type Route, type Routing } from "./recipients.ts";

export interface SettleDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly delivery?: Live<DeliverySettings>;
  /** Without it nothing is looked for. */
  readonly duplicates?: Duplicates;
}

/** Who gets a message that has come in whole. */
export interface Settled {
  readonly view: MessageView;
  /** Recipients who do not get it though they were accepted at RCPT, by their place in the envelope. */
  readonly refusals: ReadonlyMap<number, Reply>;
  /** Lists of which not all members get it, likewise. */
  readonly partial: ReadonlyMap<number, Reply>;
  readonly apart: readonly ForwardJob[];
  /** Who of ours forwards it, for Delivered-To; null for nobody. */
  readonly mark: string | null;
  /** By account, where it goes in place of INBOX. */
  readonly folders: ReadonlyMap<string, string>;
  /** Of the accounts that get it and have a quota. */
  readonly quotas: readonly QuotaState[];
  readonly claim: DuplicateClaim | null;
}

const MEMBER_FULL = reply(552, "5.2.2", "The mailbox of one of its members is full");

/**
 * The second look at the recipients, now that the message is there: what its header says of forwards before, whether it fits
 * into the mailboxes, and who has it already.
 */
export async function settle(view: MessageView, routing: Routing, deps: SettleDeps): Promise<Settled> {
  const again = view.header.deliveredTo.length > 0 || routing.spam === true;
  const first = again ? replan(view, routing) : view.plan;
  const isOurReport = view.context.origin === "report";
  // What we ourselves have to say must arrive, above all that there is no room.
  const accounts = isOurReport ? [] : first.accounts;
  const states = await quotaStates(deps.store, view.directory, { accounts, size: view.size });
  const full = new Map(
    [...states].flatMap(([name, { refusal }]) => refusal === null ? [] : [[name, refusal]]),
  );
  const { plan, partial } = withoutFull(first, full);
  const folders = await detailFolders(deps.store.mailboxes, plan.details);
  const claim = await deps.duplicates?.claim({ ...view, plan }, folders) ?? null;
  const known = claim?.known ?? new Set();
  const fresh = { ...plan, accounts: plan.accounts.filter((name) => !known.has(name)) };
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

/** Nobody is left who could have it. */
export function isRefusedByAll({ view: { plan }, refusals }: Settled): boolean {
  return refusals.size > 0 && refusals.size === plan.routes.length;
}

/** The answer for all: the sender may try again if anybody may. */
export function replyForAll({ refusals }: Settled): Reply {
  const replies = [...refusals.values()];
  return replies.find(({ isTemporary }) => isTemporary) ?? replies[0]!;
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

function replan({ envelope, header }: MessageView, routing: Routing): Plan {
  return planRecipients(envelope.recipients, { ...routing, visited: new Set(header.deliveredTo) });
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
