/**
 * What the long commands of one session, on a mailbox of --mailbox messages, mean for all others: how long these wait for small
 * answers meanwhile. The aim is 50 ms more than it takes while nothing else is done.
 */
import type { Mailden } from "../../support/mailden.ts";
import { type Bench, type Figure, OTHER_READER, PASSWORD, prepareServer, READER } from "../bench.ts";
import { percentile } from "../load/figures.ts";
import { COMMON_WORD, makeLetters } from "../load/letters.ts";
import type { Delays, ProbeOrder } from "../load/prober.ts";
import { RawImap } from "../load/raw_imap.ts";
import { fillStore } from "../load/store_filler.ts";

const AIM_MS = 50;
const QUIET_MS = 2000;
const SETTLE_CHECK_MS = 250;
/** Small things; those of the other account touch nothing that the long command is about. */
const PROBES = [
  { name: "NOOP, same mailbox", user: READER, command: "NOOP" },
  { name: "NOOP", user: OTHER_READER, command: "NOOP" },
  { name: "FETCH of 1", user: OTHER_READER, command: "FETCH 1 (FLAGS BODY.PEEK[])" },
  { name: "STORE on 1", user: OTHER_READER, command: "STORE 1 +FLAGS (\\Seen)" },
  { name: "APPEND", user: OTHER_READER, command: null },
].map((probe) => ({ ...probe, password: PASSWORD }));

interface Long {
  readonly name: string;
  readonly commands: readonly string[];
}

const LONG: readonly Long[] = [
  { name: "SEARCH TEXT", commands: [`SEARCH TEXT ${COMMON_WORD}`] },
  { name: "SEARCH NOT BODY", commands: [`SEARCH NOT BODY ${COMMON_WORD}`] },
  { name: "SORT", commands: ["SORT (SUBJECT REVERSE DATE FROM) UTF-8 ALL"] },
  { name: "THREAD", commands: ["THREAD REFERENCES UTF-8 ALL"] },
  { name: "FETCH metadata", commands: ["FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)"] },
  { name: "FETCH bodies", commands: ["FETCH 1:* BODY.PEEK[]"] },
  { name: "STORE", commands: ["STORE 1:* +FLAGS (\\Flagged)"] },
  { name: "STORE, silent", commands: ["STORE 1:* -FLAGS.SILENT (\\Flagged)"] },
  { name: "COPY", commands: ["CREATE Copied", "COPY 1:* Copied"] },
  { name: "MOVE", commands: ["CREATE Moved", "SELECT Copied", "MOVE 1:* Moved"] },
  { name: "EXPUNGE", commands: ["SELECT Moved", "STORE 1:* +FLAGS.SILENT (\\Deleted)", "EXPUNGE"] },
  { name: "DELETE", commands: ["SELECT INBOX", "COPY 1:* Moved", "DELETE Moved"] },
];

export async function* others(bench: Bench): AsyncGenerator<Figure> {
  await using server = await prepareServer(bench, { search: { delay: "15s" } });
  const started = performance.now();
  const filling = { dataDirectory: server.dataDirectory, letters: makeLetters() };
  await fillStore({ ...filling, account: READER, count: bench.mailboxSize });
  await fillStore({ ...filling, account: OTHER_READER, count: 1 });
  yield {
    row: `${bench.mailboxSize} messages`,
    name: "filling",
    value: (performance.now() - started) / 1000,
    unit: "s",
  };
  await server.serve();
  using probing = new Probing();
  await probing.open({ host: server.host, port: server.ports.imap, probes: PROBES });
  const quiet = await probing.during(() => new Promise((resolve) => setTimeout(resolve, QUIET_MS)));
  yield* told(bench, "nothing", quiet);
  yield* indexing(bench, server);
  const busy = await RawImap.open(server.host, server.ports.imap);
  await busy.command(`LOGIN ${READER} ${PASSWORD}`);
  await busy.command("SELECT INBOX");
  for (const { name, commands } of LONG) {
    for (const command of commands.slice(0, -1)) await busy.command(command);
    let seconds = 0;
    const delays = await probing.during(async () => {
      ({ seconds } = await busy.command(commands.at(-1)!));
    });
    yield { row: row(bench, name), name: "takes", value: seconds, unit: "s" };
    yield* told(bench, name, delays);
  }
  busy.close();
}

/** Without writes, which the indexer makes way for. */
async function* indexing(bench: Bench, server: Mailden): AsyncGenerator<Figure> {
  using probing = new Probing();
  const probes = PROBES.filter(({ name }) => /^(?:NOOP|FETCH)/.test(name));
  await probing.open({ host: server.host, port: server.ports.imap, probes });
  yield* told(bench, "indexing", await probing.during(() => untilIndexed(server)));
}

class Probing {
  readonly #worker = new Worker(new URL("../load/prober.ts", import.meta.url), { type: "module" });

  async open(order: ProbeOrder): Promise<void> {
    await this.#ask(order);
  }

  /** The delays from the beginning of some work to its end. */
  async during(work: () => Promise<unknown>): Promise<Delays> {
    this.#worker.postMessage("begin");
    await work();
    return await this.#ask("end") as Delays;
  }

  #ask(what: ProbeOrder | "end"): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }) => resolve(data);
      this.#worker.onerror = (event) => reject(new Error(event.message));
      this.#worker.postMessage(what);
    });
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

function row(bench: Bench, during: string): string {
  return `others during ${during} of ${bench.mailboxSize}`;
}

function* told(bench: Bench, during: string, delays: Delays): Generator<Figure> {
  for (const [name, sorted] of Object.entries(delays)) {
    const worst = sorted.at(-1) ?? 0;
    for (const [word, value] of [["p99", percentile(sorted, 0.99)], ["worst", worst]] as const) {
      const figure = { row: row(bench, during), name: `${name}, ${word}`, value, unit: "ms" };
      yield word === "p99"
        ? figure
        : { ...figure, aim: { text: `below ${AIM_MS} ms`, reached: worst < AIM_MS } };
    }
  }
}

async function untilIndexed(server: Mailden): Promise<void> {
  const state = async () =>
    JSON.parse((await server.command(["index", "status", "--json"])).stdout).state as string;
  while (await state() !== "ready") await new Promise((resolve) => setTimeout(resolve, SETTLE_CHECK_MS));
}
