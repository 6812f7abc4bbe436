/**
 * Mailden beside Dovecot with Maildir: one mailbox of the same letters in both, on the same disk, in one run, command by command
 * in turn. Needs root and Debian's packages. "First" is the first access by an IMAP client: Dovecot's index is there, its cache of
 * headers and structures is not; Mailden has no such cache. "Again" is the median of what follows, each on a connection of its own.
 */
import { COMMON_WORD, type Letters, makeLetters, RARE_WORD, SENDER } from "../load/letters.ts";
import { percentile } from "../load/figures.ts";
import { type Answer, RawImap, type RawMessage } from "../load/raw_imap.ts";
import { type Bench, type Figure, PASSWORD, READER, startServer } from "../bench.ts";
import { Dovecot } from "../peers/dovecot.ts";

/** One of the two servers. */
interface Subject {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Whether what it does in the background is done. */
  isSettled(): Promise<boolean>;
  /** Back to before the first access. */
  forget(): Promise<void>;
}

interface Both<T> {
  readonly ours: T;
  readonly theirs: T;
}

interface Reading {
  readonly name: string;
  readonly command: string;
  /** Counted in bytes, not in time. */
  readonly throughput?: true;
  /** What is to be reached, in Dovecot's speed; 1 by default. */
  readonly aim?: number;
}

const READINGS: readonly Reading[] = [
  { name: "SELECT", command: "SELECT INBOX" },
  { name: "FETCH FLAGS", command: "UID FETCH 1:* (UID FLAGS)" },
  {
    name: "FETCH metadata",
    command: "UID FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)",
  },
  {
    name: "FETCH header fields",
    command: "UID FETCH 1:* BODY.PEEK[HEADER.FIELDS (FROM TO CC SUBJECT DATE MESSAGE-ID)]",
  },
  { name: "FETCH bodies", command: "UID FETCH 1:* BODY.PEEK[]", throughput: true, aim: 0.8 },
  { name: "SEARCH TEXT, rare word", command: `UID SEARCH TEXT ${RARE_WORD}` },
  { name: "SEARCH TEXT, common word", command: `UID SEARCH TEXT ${COMMON_WORD}` },
  { name: "SEARCH FROM", command: `UID SEARCH FROM ${SENDER}` },
  { name: "SORT (SUBJECT)", command: "UID SORT (SUBJECT) UTF-8 ALL" },
  { name: "SORT (REVERSE DATE)", command: "UID SORT (REVERSE DATE) UTF-8 ALL" },
  { name: "THREAD REFERENCES", command: "UID THREAD REFERENCES UTF-8 ALL" },
];

/** Letters per APPEND while the mailboxes are filled. */
const BATCH = 100;
const CHANGED = 10_000;
const REPEATS = 3;
const REPEAT_SECONDS = 1;
const WATCHERS = 10;
const PUSHES = 10;
const SETTLE_CHECK_MS = 250;
const SETTLE_PATIENCE_MS = 1_800_000;

export async function* dovecot(bench: Bench): AsyncGenerator<Figure> {
  await using peer = await Dovecot.start(bench.folder);
  // The last few letters would else be read by every search for ten minutes; and no indexer is to come in between later.
  await using server = await startServer(bench, { search: { delay: "15s" } });
  const both: Both<Subject> = {
    theirs: {
      name: "Dovecot",
      host: "127.0.0.1",
      port: peer.imapPort,
      isSettled: () => Promise.resolve(true),
      forget: () => peer.forget(READER),
    },
    ours: {
      name: "Mailden",
      host: server.host,
      port: server.ports.imap,
      isSettled: async () =>
        JSON.parse((await server.command(["index", "status", "--json"])).stdout).state === "ready",
      forget: () => Promise.resolve(),
    },
  };
  const letters = makeLetters();
  yield* fill(bench, both, letters);
  for (const reading of READINGS) yield* read(bench, both, reading);
  yield* change(bench, both);
  yield* append(bench, both, letters);
  yield* push(bench, both, letters);
}

// ---- The form of a figure ----

interface Compared {
  readonly row: string;
  readonly name: string;
  readonly unit: string;
  readonly better: "more" | "less";
  readonly aim?: number;
}

function compare({ row, name, unit, better, aim = 1 }: Compared, { ours, theirs }: Both<number>): Figure {
  const factor = better === "more" ? ours / theirs : theirs / ours;
  return {
    row,
    name,
    value: ours,
    unit,
    beside: { name: "Dovecot", value: theirs, factor },
    aim: { text: `${aim} of Dovecot's speed`, reached: factor >= aim },
  };
}

async function inTurn<T>(both: Both<Subject>, measure: (subject: Subject) => Promise<T>): Promise<Both<T>> {
  const theirs = await measure(both.theirs);
  return { theirs, ours: await measure(both.ours) };
}

function each(measured: Both<Answer>, of: (answer: Answer) => number): Both<number> {
  return { ours: of(measured.ours), theirs: of(measured.theirs) };
}

function row(bench: Bench, name: string): string {
  return `dovecot ${bench.mailboxSize}, ${name}`;
}

// ---- The mailbox ----

async function* fill(bench: Bench, both: Both<Subject>, letters: Letters): AsyncGenerator<Figure> {
  const count = bench.mailboxSize;
  const seconds = await inTurn(both, async (subject) => {
    const client = await logIn(subject);
    const start = performance.now();
    for (let from = 0; from < count; from += BATCH) {
      await client.append("INBOX", some(letters, from, Math.min(from + BATCH, count)));
    }
    client.close();
    return (performance.now() - start) / 1000;
  });
  const rates = { ours: count / seconds.ours, theirs: count / seconds.theirs };
  const named = { row: row(bench, `APPEND, ${BATCH} at once`), name: "messages" };
  yield compare({ ...named, unit: "/s", better: "more" }, rates);
  const settled = await inTurn(both, untilSettled);
  yield { row: row(bench, "full-text index"), name: "after filling", value: settled.ours, unit: "s" };
}

function* some(letters: Letters, from: number, to: number): Generator<RawMessage> {
  for (let index = from; index < to; index++) yield letters.letter(index);
}

/** The seconds until it has nothing left to do. */
async function untilSettled(subject: Subject): Promise<number> {
  const start = performance.now();
  while (!await subject.isSettled()) {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_CHECK_MS));
    if (performance.now() - start > SETTLE_PATIENCE_MS) throw new Error(`${subject.name} does not settle`);
  }
  return (performance.now() - start) / 1000;
}

async function logIn({ host, port }: Subject): Promise<RawImap> {
  const client = await RawImap.open(host, port);
  await client.command(`LOGIN ${READER} ${PASSWORD}`);
  return client;
}

async function withClient<T>(subject: Subject, use: (client: RawImap) => Promise<T>): Promise<T> {
  const client = await logIn(subject);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

// ---- Reading ----

async function* read(bench: Bench, both: Both<Subject>, reading: Reading): AsyncGenerator<Figure> {
  const once = (subject: Subject) =>
    withClient(subject, async (client) => {
      if (!reading.command.startsWith("SELECT")) await client.command("SELECT INBOX");
      return await client.command(reading.command);
    });
  const first = await inTurn(both, async (subject) => {
    await subject.forget();
    return await once(subject);
  });
  const again = await inTurn(both, async (subject) => await median(() => once(subject)));
  for (const [when, measured] of [["first", first], ["again", again]] as const) {
    const named = { row: row(bench, reading.name), name: when };
    const { aim = 1 } = reading;
    yield reading.throughput
      ? compare(
        { ...named, unit: "MB/s", better: "more", aim },
        each(measured, ({ bytes, seconds }) => bytes / seconds / 1e6),
      )
      : compare({ ...named, unit: "ms", better: "less", aim }, each(measured, inMs));
  }
}

async function median(measure: () => Promise<Answer>): Promise<Answer> {
  const answers: Answer[] = [];
  let spent = 0;
  while (answers.length < REPEATS && (answers.length === 0 || spent < REPEAT_SECONDS)) {
    answers.push(await measure());
    spent += answers.at(-1)!.seconds;
  }
  return answers.toSorted((a, b) => a.seconds - b.seconds)[answers.length >> 1]!;
}

function inMs({ seconds }: Answer): number {
  return seconds * 1000;
}

// ---- Changing ----

async function* change(bench: Bench, both: Both<Subject>): AsyncGenerator<Figure> {
  const count = Math.min(CHANGED, bench.mailboxSize);
  const timed = async function* (name: string, mailbox: string, commands: readonly string[]) {
    const measured = await inTurn(both, (subject) =>
      withClient(subject, async (client) => {
        await client.command(`SELECT ${mailbox}`);
        for (const command of commands.slice(0, -1)) await client.command(command);
        return await client.command(commands.at(-1)!);
      }));
    yield compare({ row: row(bench, name), name: "time", unit: "ms", better: "less" }, each(measured, inMs));
  };
  yield* timed("STORE 1:* +FLAGS (\\Seen)", "INBOX", ["STORE 1:* +FLAGS (\\Seen)"]);
  yield* timed("STORE 1:* -FLAGS.SILENT (\\Seen)", "INBOX", ["STORE 1:* -FLAGS.SILENT (\\Seen)"]);
  yield* timed(`COPY of ${count}`, "INBOX", ["CREATE Copied", `COPY 1:${count} Copied`]);
  yield* timed(`MOVE of ${count}`, "Copied", ["CREATE Moved", `MOVE 1:${count} Moved`]);
  yield* timed(`EXPUNGE of ${count}`, "Moved", ["STORE 1:* +FLAGS.SILENT (\\Deleted)", "EXPUNGE"]);
}

// ---- Appending ----

const APPENDS: Readonly<Record<number, number>> = { 1: 500, 10: 2000 };

async function* append(bench: Bench, both: Both<Subject>, letters: Letters): AsyncGenerator<Figure> {
  for (const [connections, messages] of Object.entries(APPENDS)) {
    const rates = await inTurn(both, async (subject) => {
      const clients = await Promise.all(Array.from({ length: Number(connections) }, () => logIn(subject)));
      await clients[0]!.command(`CREATE Appended${connections}`);
      const start = performance.now();
      let next = 0;
      await Promise.all(clients.map(async (client) => {
        while (next < messages) {
          const index = next++;
          await client.append(`Appended${connections}`, some(letters, index, index + 1));
        }
      }));
      const rate = messages / ((performance.now() - start) / 1000);
      for (const client of clients) client.close();
      return rate;
    });
    const plural = connections === "1" ? "connection" : "connections";
    const named = { row: row(bench, `APPEND on ${connections} ${plural}`), name: "messages" };
    yield compare({ ...named, unit: "/s", better: "more" }, rates);
  }
}

// ---- Telling the others ----

/** From the OK of an APPEND to the EXISTS in each session that idles there; 0 where that came first. */
async function* push(bench: Bench, both: Both<Subject>, letters: Letters): AsyncGenerator<Figure> {
  const delays = await inTurn(both, async (subject) => {
    const watchers = await Promise.all(Array.from({ length: WATCHERS }, () => watcher(subject)));
    const found: number[] = [];
    await withClient(subject, async (sender) => {
      for (let push = 0; push < PUSHES; push++) {
        const seen = watchers.map(async (client) => {
          while (!(await client.untagged()).includes("EXISTS"));
          return performance.now();
        });
        await sender.append("Watched", some(letters, push, push + 1));
        const done = performance.now();
        for (const at of await Promise.all(seen)) found.push(Math.max(0, at - done));
      }
    });
    for (const client of watchers) client.close();
    return found.sort((a, b) => a - b);
  });
  for (const [name, fraction] of [["p50", 0.5], ["p99", 0.99]] as const) {
    const named = { row: row(bench, `IDLE push to ${WATCHERS}`), name };
    yield compare({ ...named, unit: "ms", better: "less" }, {
      ours: percentile(delays.ours, fraction),
      theirs: percentile(delays.theirs, fraction),
    });
  }
}

async function watcher(subject: Subject): Promise<RawImap> {
  const client = await logIn(subject);
  await client.command("CREATE Watched").catch(() => null); // Another one has made it.
  await client.command("SELECT Watched");
  await client.write("tag IDLE\r\n");
  await client.untagged();
  return client;
}
