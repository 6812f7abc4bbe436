import { type Address, addressKey, type ReversePath } from "../core/address.ts";
import { concatBytes, encodeUtf8 } from "../core/bytes.ts";
import { type Envelope, NO_DSN } from "../core/envelope.ts";
import { Refusal } from "../core/errors.ts";
import { makeId } from "../core/id.ts";
import type { Clock, Live, Random, Submit, SubmitContext } from "../core/ports.ts";
import type { BodyStage } from "../store/mod.ts";
import type { MessageView } from "./checks/check.ts";
import { defaultDeliverySettings, type DeliverySettings } from "./delivery_settings.ts";
import type { Plan } from "./recipients.ts";
import type { Srs } from "./srs.ts";
import type { Stamp } from "./stamp.ts";

/** What one account sends on by a submit of its own. */
export interface ForwardJob {
  readonly account: string;
  readonly recipients: readonly Address[];
  /** For each of them the recipient in the envelope, as an index. */
  readonly from: readonly number[];
}

export interface SplitForwards {
  /** What goes out by the same commit as the message. */
  readonly plan: Plan;
  readonly apart: readonly ForwardJob[];
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
  const apart = [...forwarders].filter((by) => !shares(by)).map((account): ForwardJob => {
    const places = plan.remoteBy.flatMap((by, place) => by === account ? [place] : []);
    return {
      account,
      recipients: places.map((place) => plan.remote[place]!),
      from: places.map((place) => plan.remoteFrom[place]!),
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

export interface ForwardDeps {
  readonly submit: Submit;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Forwarded {
  readonly view: MessageView;
  readonly stage: BodyStage;
  readonly stamp: Stamp;
}

const PIECE = 64 * 1024;

/**
 * Sends the message on, before it is stored here: after a crash in between the sender tries again, and it may go out
 * twice. Not a byte of it is changed, so that its signatures hold (RFC 6376); only trace fields are put in front. Throws when
 * it cannot be sent on: then the sender hears that nobody has it.
 */
export async function sendApart(job: ForwardJob, { view, stage, stamp }: Forwarded, deps: ForwardDeps) {
  const { context } = view;
  const id = makeId(deps.clock, deps.random);
  const outcomes = await deps.submit(
    envelopeOf(job, view.envelope),
    bytesOf(stage, concatBytes([deliveredTo(job.account), stamp.prefix.subarray(stamp.skip)])),
    {
      id,
      sessionId: context.sessionId,
      origin: "redirect",
      protocol: "",
      client: null,
      account: null,
      tls: null,
      about: context.id,
    },
  );
  const bad = outcomes.find(({ kind }) => kind === "failed" || kind === "deferred");
  if (bad !== undefined) throw new Refusal(bad.reply, `${job.account} cannot forward it`);
}

/** The trace field of a forward, which is also its guard against loops. */
export function deliveredTo(name: string): Uint8Array {
  return encodeUtf8(`Delivered-To: ${name}\r\n`);
}

/**
 * The sender under which a message goes into the queue. Somebody else's would not pass SPF at the next host, since our
 * address is not among its own.
 */
export function outgoingSender(view: MessageView, deps: SenderDeps): ReversePath {
  const { sender } = view.envelope;
  const { srs: isOn } = deps.delivery?.current ?? defaultDeliverySettings;
  if (sender === null || deps.srs === undefined || !isOn) return sender;
  if (!fromOutside(view.context) || view.directory.ownsDomain(sender.domain)) return sender;
  return deps.srs.forward(sender, forwardingDomain(view) ?? deps.hostname.toLowerCase());
}

export interface SenderDeps {
  readonly hostname: string;
  readonly srs?: Srs;
  readonly delivery?: Live<DeliverySettings>;
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

function envelopeOf({ recipients, from }: ForwardJob, envelope: Envelope): Envelope {
  const { dsn } = envelope;
  if (dsn === undefined) return { ...envelope, recipients };
  const wishes = recipients.map((address, at) => {
    const wish = dsn.recipients[from[at]!] ?? NO_DSN;
    const written = addressKey(envelope.recipients[from[at]!]!);
    // RFC 3461 section 5.2.7.1: a report names the address that the sender wrote to.
    const isOther = written !== addressKey(address) && wish.originalRecipient === null;
    return isOther
      ? { ...wish, originalRecipient: `${/[^\x00-\x7f]/.test(written) ? "utf-8" : "rfc822"};${written}` }
      : wish;
  });
  return { ...envelope, recipients, dsn: { ...dsn, recipients: wishes } };
}

async function* bytesOf(stage: BodyStage, prefix: Uint8Array): AsyncGenerator<Uint8Array> {
  yield prefix;
  for (let at = 0; at < stage.size; at += PIECE) {
    yield await stage.read({ start: at, end: Math.min(at + PIECE, stage.size) });
  }
}
