import type { ReversePath } from "../core/address.ts";
import { UNEDITED } from "../core/filter.ts";
import type { Live, SubmitContext } from "../core/ports.ts";
import type { MessageView } from "./checks/check.ts";
import type { DeliverySettings } from "./delivery_settings.ts";
import type { OnwardJob } from "./onward.ts";
import type { Plan } from "./recipients.ts";
import type { Srs } from "./srs.ts";

export interface SplitForwards {
  /** What goes out by the same commit as the message. */
  readonly plan: Plan;
  readonly apart: readonly OnwardJob[];
  /** Who of ours has forwarded it, as Delivered-To will say; null when nobody has, or it must not be said. */
  readonly mark: string | null;
}

/**
 * The field by which a forwarder knows its own work again goes into every copy of a message. So a forward may share the
 * message only if nobody else has it, or else others would read who was addressed, too: it goes by a submit of its own.
 */
export function splitForwards({ plan, envelope, directory }: MessageView): SplitForwards {
  const forwarders = new Set(plan.remoteBy.filter((by) => by !== null));
  const isSingle = envelope.recipients.length === 1;
  const shares = (by: string) =>
    directory.account(by) === null ||
    (isSingle && forwarders.size === 1 && plan.accounts.every((account) => account === by));
  const apart = [...forwarders].filter((by) => !shares(by)).map((account): OnwardJob => {
    const places = plan.remoteBy.flatMap((by, place) => by === account ? [place] : []);
    return {
      account,
      recipients: places.map((place) => plan.remote[place]!),
      from: places.map((place) => plan.remoteFrom[place]!),
      message: UNEDITED,
    };
  });
  const here = plan.remoteBy.flatMap((by, place) => by === null || shares(by) ? [place] : []);
  const [mark = null, ...others] = new Set(here.flatMap((place) => plan.remoteBy[place] ?? []));
  return {
    plan: apart.length === 0 ? plan : {
      ...plan,
      remote: here.map((place) => plan.remote[place]!),
      remoteFrom: here.map((place) => plan.remoteFrom[place]!),
      remoteBy: here.map((place) => plan.remoteBy[place]!),
    },
    apart,
    mark: isSingle && others.length === 0 ? mark : null,
  };
}

/**
 * The sender under which a message goes into the queue. Somebody else's would not pass SPF at the next host, since our
 * address is not among its own.
 */
export function outgoingSender(view: MessageView, deps: SenderDeps): ReversePath {
  const { sender } = view.envelope;
  if (sender === null || deps.srs === undefined || !deps.delivery.current.srs) return sender;
  if (!fromOutside(view.context) || view.directory.ownsDomain(sender.domain)) return sender;
  return deps.srs.forward(sender, forwardingDomain(view) ?? deps.hostname.toLowerCase());
}

export interface SenderDeps {
  readonly hostname: string;
  readonly srs?: Srs;
  readonly delivery: Live<DeliverySettings>;
}

/** Mail whose sender need not be ours. */
function fromOutside({ origin }: SubmitContext): boolean {
  return origin !== "submission" && origin !== "local" && origin !== "report";
}

/** In whose name a message leaves that is not ours: the domain that was written to, or whose account sends it on. */
function forwardingDomain({ envelope, plan, context, header, directory }: MessageView): string | null {
  const [marked] = header.deliveredTo;
  const named = context.origin === "redirect"
    ? marked?.slice(marked.lastIndexOf("@") + 1)
    : envelope.recipients[plan.remoteFrom[0] ?? 0]?.domain;
  return named !== undefined && directory.ownsDomain(named) ? named.toLowerCase() : null;
}
