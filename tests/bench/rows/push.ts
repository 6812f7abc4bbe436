/**
 * How soon a session hears of new mail that waits in IDLE, or has asked for NOTIFY, while --idle others wait, too; and what all of
 * them take in memory. In plain text and under TLS.
 */
import type { Mailden } from "../../support/mailden.ts";
import { type Bench, type Figure, OTHER_READER, PASSWORD, READER, startServer } from "../bench.ts";
import { percentile } from "../load/figures.ts";
import { Idlers } from "../load/idlers.ts";
import { makeLetters } from "../load/letters.ts";
import { RawImap } from "../load/raw_imap.ts";
import { memoryMegabytes } from "../process.ts";

const WATCHERS = 10;
const PUSHES = 30;
const SETTLE_MS = 2000;
const PUSH_AIM_MS = 50;
/** Megabytes that so many idle sessions may take, the server included. */
const MEMORY_AIMS: Readonly<Record<number, number>> = { 5000: 400 };

/** How a watcher comes to wait; the second word of the answer is what tells of a new message. */
const WAYS = [
  { name: "IDLE", commands: ["SELECT INBOX"], wait: "IDLE", tells: "EXISTS" },
  {
    name: "NOTIFY, selected",
    commands: ["SELECT INBOX"],
    wait: "NOTIFY SET (SELECTED (MessageNew MessageExpunge))",
    tells: "EXISTS",
  },
  {
    name: "NOTIFY, another mailbox",
    commands: [],
    wait: "NOTIFY SET (MAILBOXES INBOX (MessageNew MessageExpunge))",
    tells: "STATUS",
  },
];

export async function* push(bench: Bench): AsyncGenerator<Figure> {
  for (const tls of [false, true]) {
    await using server = await startServer(bench, {
      limits: { connections: connectionsFor(bench.idleConnections) },
    });
    const port = tls ? server.ports.imaps : server.ports.imap;
    const idlers = await Idlers.open({
      host: server.host,
      port,
      tls,
      user: READER,
      password: PASSWORD,
      connections: bench.idleConnections,
    });
    try {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      const row = `${bench.idleConnections} idle, ${tls ? "TLS" : "plain"}`;
      yield memory(bench, row, server);
      for (const way of WAYS) {
        const delays = await pushed(server, { port, tls, way });
        yield* told(`${row}: ${way.name}`, delays);
      }
    } finally {
      idlers.close();
    }
  }
}

function connectionsFor(idle: number): { per_listener: number; per_address: number } {
  const many = 2 * idle + 100;
  return { per_listener: many, per_address: many };
}

function memory(bench: Bench, row: string, server: Mailden): Figure {
  const value = memoryMegabytes(server.pid, "VmRSS");
  const most = MEMORY_AIMS[bench.idleConnections];
  const figure = { row, name: "RSS", value, unit: "MB" };
  return most === undefined
    ? figure
    : { ...figure, aim: { text: `below ${most} MB`, reached: value < most } };
}

interface Watching {
  readonly port: number;
  readonly tls: boolean;
  readonly way: typeof WAYS[number];
}

/** Milliseconds from the OK of an APPEND to the word of it, ascending; 0 where that came first. */
async function pushed({ host }: Mailden, watching: Watching): Promise<number[]> {
  const watchers = await Promise.all(Array.from({ length: WATCHERS }, () => watcher(host, watching)));
  const { port, tls, way } = watching;
  const sender = await RawImap.open(host, port, { tls });
  await sender.command(`LOGIN ${OTHER_READER} ${PASSWORD}`);
  const letters = makeLetters();
  const delays: number[] = [];
  for (let push = 0; push < PUSHES; push++) {
    const seen = watchers.map(async (client) => {
      while (!(await client.untagged()).includes(way.tells));
      return performance.now();
    });
    await sender.append("INBOX", [letters.letter(push)]);
    const done = performance.now();
    for (const at of await Promise.all(seen)) delays.push(Math.max(0, at - done));
  }
  for (const client of [...watchers, sender]) client.close();
  return delays.sort((a, b) => a - b);
}

async function watcher(host: string, { port, tls, way }: Watching): Promise<RawImap> {
  const client = await RawImap.open(host, port, { tls });
  await client.command(`LOGIN ${OTHER_READER} ${PASSWORD}`);
  for (const command of way.commands) await client.command(command);
  await client.write(`tag ${way.wait}\r\n`);
  await client.untagged();
  return client;
}

function* told(row: string, delays: readonly number[]): Generator<Figure> {
  for (const [name, fraction] of [["p50", 0.5], ["p99", 0.99], ["worst", 1]] as const) {
    const value = percentile(delays, fraction);
    const aim = { text: `below ${PUSH_AIM_MS} ms`, reached: value < PUSH_AIM_MS };
    yield { row, name, value, unit: "ms", aim };
  }
}
