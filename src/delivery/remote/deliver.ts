import type { Outcome } from "../../core/outcome.ts";
import type { Attempt } from "../../queue/courier.ts";
import { RemoteAttempt } from "./attempt.ts";
import type { CourierParts } from "./parts.ts";
import { chooseRelay } from "./routes.ts";
import type { RelaySettings } from "./settings.ts";

/**
 * Finds the way for a message and goes it. Where the hosts of a domain refuse us for reasons of policy, the message goes by the
 * fallback relay, if there is one, and so does for a while all other mail to that domain.
 */
export async function deliverRemotely(
  attempt: Attempt,
  parts: CourierParts,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const { deps: { settings }, fallback } = parts;
  const { fallbackRelay } = settings.current;
  const domain = attempt.recipients[0]?.domain ?? "";
  const relay = chooseRelay({ sender: attempt.sender, domain }, settings.current);
  if (relay !== null || fallbackRelay === null) return await goOneWay(attempt, parts, { relay, signal });
  if (await fallback.has(domain)) {
    return await goOneWay(attempt, parts, { relay: fallbackRelay, signal });
  }
  return await goDirectlyFirst(attempt, parts, { domain, fallbackRelay, signal });
}

function goOneWay(
  attempt: Attempt,
  parts: CourierParts,
  options: { readonly relay: RelaySettings | null; readonly signal: AbortSignal },
): Promise<Outcome[]> {
  return new RemoteAttempt(attempt, parts, options).run();
}

async function goDirectlyFirst(
  attempt: Attempt,
  parts: CourierParts,
  { domain, fallbackRelay, signal }: {
    readonly domain: string;
    readonly fallbackRelay: RelaySettings;
    readonly signal: AbortSignal;
  },
): Promise<Outcome[]> {
  const direct = new RemoteAttempt(attempt, parts, { relay: null, signal });
  const outcomes = await direct.run();
  const refused = attempt.recipients.filter((recipient) => direct.refused.has(recipient));
  if (refused.length === 0 || signal.aborted) return outcomes;
  const { clock, log, metrics, settings } = parts.deps;
  const reply = direct.refused.get(refused[0]!)!;
  log.warn("delivery-fallback", {
    message: attempt.id,
    domain,
    relay: fallbackRelay.host,
    recipients: refused.length,
    reply: reply.toString(),
  });
  metrics.count("mailden_outbound_fallback_total");
  await parts.fallback.note(domain, { reply, until: clock.now() + settings.current.fallbackMs });
  const second = await goOneWay(only(attempt, refused), parts, { relay: fallbackRelay, signal });
  const byRecipient = new Map(second.map((outcome) => [outcome.recipient, outcome]));
  return outcomes.map((outcome) => byRecipient.get(outcome.recipient) ?? outcome);
}

/** The same attempt for some of its recipients. */
function only(attempt: Attempt, recipients: Attempt["recipients"]): Attempt {
  const { dsn } = attempt;
  if (dsn === undefined) return { ...attempt, recipients };
  const wishes = dsn.recipients.filter((_, index) => recipients.includes(attempt.recipients[index]!));
  return { ...attempt, recipients, dsn: { ...dsn, recipients: wishes } };
}
