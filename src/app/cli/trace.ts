import { addresses, listOf, textOf, timeText } from "../trace/fields.ts";
import { type Find, findMessages, type Life, readLife, type TraceSource } from "../trace/life.ts";
import { verdicts } from "../trace/verdict.ts";
import { eventLines } from "../trace/words.ts";
import { parseDuration } from "../config/units.ts";
import {
  type Command,
  CommandError,
  type CommandInput,
  configOption,
  EXIT_OK,
  textOption,
  UsageError,
} from "./command.ts";
import { withQueue } from "./queue_options.ts";

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1000;
/** How many messages of one Message-ID are told in full. */
const MAX_LIVES = 5;

export const trace: Command = {
  name: "trace",
  usage: "ID | ADDRESS | MESSAGE-ID [options]",
  summary: "tell what became of a message, or list the messages of an address",
  details:
    "By its id, or by its Message-ID, the whole life of a message: who brought it, every attempt to\n" +
    "deliver it, every answer. By an address the newest messages from and to it, one line each, and what\n" +
    "was refused. How long this is kept is said by `trace: days` in the configuration.",
  options: {
    ...configOption,
    since: { type: "string", value: "TIME", help: "only what is not older, as in 2d or 6h" },
    limit: { type: "string", value: "N", help: `how many messages (${DEFAULT_LIMIT} if not said)` },
    json: { type: "boolean", help: "one JSON object a line" },
  },
  positionals: [1, 1],
  async run(input, deps) {
    const wanted = input.positionals[0]!.trim();
    // The socket and the store have room for any real one.
    if (wanted === "" || wanted.length > (wanted.includes("@") ? 700 : 100)) {
      throw new UsageError("Expected an id, an address or a Message-ID");
    }
    const since = sinceOf(input, deps.clock.now());
    const limit = limitOf(input);
    const asJson = input.options.json === true;
    const lines = await withQueue(input, deps, async (source) => {
      const finding = await find(source, wanted, { since, limit });
      return finding.kind === "lives"
        ? finding.lives.flatMap((life, place) => lifeLines(life, { asJson, isFirst: place === 0 }))
        : await listLines(source, finding.finds, asJson);
    });
    if (lines.length === 0) {
      throw new CommandError(`Nothing is known of ${JSON.stringify(wanted)}; it may be too long ago`);
    }
    lines.forEach((line) => deps.terminal.out(line));
    return EXIT_OK;
  },
};

type Finding =
  | { readonly kind: "lives"; readonly lives: readonly Life[] }
  | { readonly kind: "list"; readonly finds: readonly Find[] };

interface Bounds {
  readonly since: number;
  readonly limit: number;
}

/** What has no `@` is an id; with one it is a Message-ID if one is known, else an address. */
async function find(source: TraceSource, wanted: string, bounds: Bounds): Promise<Finding> {
  if (!wanted.includes("@")) {
    const life = await readLife(source, wanted);
    return { kind: "lives", lives: life === null ? [] : [life] };
  }
  const bare = wanted.replace(/^</, "").replace(/>$/, "").toLowerCase();
  const byMessageId = await findMessages(source, { key: `<${bare}>`, ...bounds });
  const ids = byMessageId.map(({ message }) => message).filter((id) => id !== null).slice(0, MAX_LIVES);
  if (ids.length === 0) {
    return { kind: "list", finds: await findMessages(source, { key: bare, ...bounds }) };
  }
  const lives: Life[] = [];
  for (const id of ids.reverse()) {
    const life = await readLife(source, id);
    if (life !== null) lives.push(life);
  }
  return { kind: "lives", lives };
}

/** A message's verdict, then its story. */
function lifeLines(
  life: Life,
  { asJson, isFirst }: { readonly asJson: boolean; readonly isFirst: boolean },
): string[] {
  if (asJson) return life.events.map((event) => JSON.stringify(event));
  return [
    ...(isFirst ? [] : [""]),
    `Message ${life.id}`,
    ...verdicts(life).map(({ text }) => `${text}.`),
    "",
    ...storyLines(life),
  ];
}

/** Each event in a sentence. */
export function storyLines({ events, isCut }: Life): string[] {
  return [
    ...withoutEchoes(events).flatMap(eventLines),
    ...(isCut ? [`There is more: only the first ${events.length} events are shown.`] : []),
  ];
}

/** What the door refused, the session says once more. */
function withoutEchoes(events: Life["events"]): Life["events"] {
  const refused = new Set(
    events.filter(({ event }) => event === "intake-refused").map((one) => textOf(one, "reply")),
  );
  return events.filter((one) => one.event !== "message-refused" || !refused.has(textOf(one, "reply")));
}

async function listLines(
  source: TraceSource,
  finds: readonly Find[],
  asJson: boolean,
): Promise<string[]> {
  const lines: string[] = [];
  for (const one of finds) {
    const life = one.message === null ? null : await readLife(source, one.message);
    lines.push(asJson ? JSON.stringify(findObject(one, life)) : findLine(one, life));
  }
  return lines;
}

function findLine({ at, message, event }: Find, life: Life | null): string {
  const entry = life?.events.findLast((one) => one.event === "message-accepted") ?? event;
  const said = life === null ? eventWords(event) : verdicts(life).map(({ text }) => text).join("; ");
  const recipients = listOf(entry, "recipients");
  const way = recipients.length === 0
    ? ""
    : `  from <${textOf(entry, "from") ?? ""}> for ${addresses(recipients)}`;
  return `${timeText(at)}  ${message ?? "-".repeat(20)}${way}  ${said}`;
}

/** An event's own lines, without its time, as one. */
function eventWords(event: Find["event"]): string {
  const [first = "", ...quote] = eventLines(event);
  const words = first.slice(timeText(event.at).length).trim().replace(/\.$/, "");
  return [words, ...quote.map((line) => line.trim())].join("; ");
}

function findObject({ at, message, event }: Find, life: Life | null): Record<string, unknown> {
  return {
    at,
    message,
    session: event.session,
    event: event.event,
    fields: event.fields,
    verdicts: life === null ? [] : verdicts(life),
  };
}

function sinceOf(input: CommandInput, now: number): number {
  const text = textOption(input, "since");
  if (text === undefined) return 0;
  const ms = parseDuration(text);
  if (ms === null) {
    throw new UsageError(`Found ${JSON.stringify(text)} after --since, expected a duration such as 6h or 2d`);
  }
  return Math.max(0, now - ms);
}

function limitOf(input: CommandInput): number {
  const text = textOption(input, "limit");
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT) {
    throw new UsageError(
      `Found ${JSON.stringify(text)} after --limit, expected a number from 1 to ${MAX_LIMIT}`,
    );
  }
  return limit;
}
