/** What became of a message in the end, or where it stands: the first thing that `mailden trace` says. */
import { formatAddress } from "../../core/address.ts";
import type { QueuedRecipient, TraceEvent } from "../../store/mod.ts";
import { addresses, listOf, textOf, timeText } from "./fields.ts";
import type { Life } from "./life.ts";

type State = "delivered" | "waiting" | "bounced" | "refused" | "dropped" | "unknown";

export interface Verdict {
  readonly state: State;
  readonly recipients: readonly string[];
  /** A whole sentence without its end. */
  readonly text: string;
}

/** How a group of recipients that share a fate is told about. */
interface Fate {
  readonly state: State;
  readonly tell: (who: string) => string;
  /** Recipients with the same one are one group. */
  readonly mark: string;
}

/** The fates of all recipients, in the order of the envelope, those with the same one together. */
export function verdicts(life: Life): Verdict[] {
  const entry = life.events.findLast(({ event }) => event === "message-accepted");
  if (entry === undefined && life.queued === null) return [refusal(life)];
  const groups = new Map<string, { fate: Fate; who: string[] }>();
  for (const [recipient, fate] of fatesOf(life, entry)) {
    const group = groups.get(fate.mark) ?? { fate, who: [] };
    group.who.push(recipient);
    groups.set(fate.mark, group);
  }
  return [...groups.values()].map(({ fate, who }) => ({
    state: fate.state,
    recipients: who,
    text: fate.tell(addresses(who)),
  }));
}

function fatesOf(life: Life, entry: TraceEvent | undefined): Map<string, Fate> {
  const fates = new Map<string, Fate>();
  for (const account of entry === undefined ? [] : listOf(entry, "local")) {
    fates.set(account, inMailbox());
  }
  const results = new Map<string, TraceEvent>();
  for (const event of life.events) {
    const recipient = event.event === "delivery-result" ? textOf(event, "recipient") : null;
    if (recipient !== null) results.set(recipient, event);
  }
  const queued = new Map(
    life.queued?.recipients.map((one) => [formatAddress(one.address), one] as const) ?? [],
  );
  const wasDropped = life.events.some(({ event }) => event === "queue-dropped");
  const remote = new Set([
    ...(entry === undefined ? [] : listOf(entry, "remote")),
    ...results.keys(),
    ...queued.keys(),
  ]);
  for (const recipient of remote) {
    const inQueue = queued.get(recipient);
    const last = results.get(recipient);
    fates.set(recipient, inQueue !== undefined ? waiting(inQueue) : after(last, wasDropped));
  }
  return fates;
}

function inMailbox(): Fate {
  return { state: "delivered", mark: "mailbox", tell: (who) => `Delivered to the mailbox of ${who}` };
}

function waiting({ held, nextAttemptAt, lastReply, lastHost, attempts }: QueuedRecipient): Fate {
  const untried = attempts === 0 ? ", nothing was tried yet" : "";
  const because = lastReply === null ? untried : ` because ${saying(lastHost, lastReply)}`;
  const how = held
    ? "On hold until an operator releases it"
    : `Waiting until ${timeText(nextAttemptAt)} for the next attempt`;
  return {
    state: "waiting",
    mark: `waiting ${held} ${nextAttemptAt} ${because}`,
    tell: (who) => `${how} (${who})${because}`,
  };
}

/** The fate of a recipient that is in the queue no more. */
function after(last: TraceEvent | undefined, wasDropped: boolean): Fate {
  const kind = last === undefined ? null : textOf(last, "result");
  const verdict = last === undefined ? null : textOf(last, "verdict");
  const because = last === undefined ? "" : saying(textOf(last, "host"), textOf(last, "reply") ?? "");
  if (kind === "relayed") {
    const host = last === undefined ? null : textOf(last, "host");
    return {
      state: "delivered",
      mark: `relayed ${host}`,
      tell: (who) => `Delivered to ${who} by ${host ?? "the next host"}`,
    };
  }
  if (kind === "failed" || verdict === "expired") {
    return {
      state: "bounced",
      mark: `bounced ${because}`,
      tell: (who) => `Bounced for ${who} because ${because}`,
    };
  }
  const how = wasDropped ? "an operator took it out" : "it is in the queue no more";
  return { state: "dropped", mark: "dropped", tell: (who) => `Not delivered to ${who}: ${how}` };
}

function saying(host: string | null, reply: string): string {
  return host === null ? reply : `${host} said: ${reply}`;
}

function refusal({ events }: Life): Verdict {
  const last = events.findLast(({ event }) => event.endsWith("-refused"));
  if (last === undefined) {
    return { state: "unknown", recipients: [], text: "Not finished: the message never came" };
  }
  const reply = textOf(last, "reply");
  return {
    state: "refused",
    recipients: [],
    text: reply === null ? "Refused" : `Refused: ${reply}`,
  };
}
