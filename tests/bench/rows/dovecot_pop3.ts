/**
 * Mailden's POP3 beside Dovecot's with Maildir: the same letters in both, on the same disk, RETR of all of them in turn. Needs root and
 * Debian's dovecot-pop3d. Each figure is the median of three rounds; the first round, which fills Dovecot's caches, does not count.
 */
import { type Bench, type Figure, PASSWORD, READER, runLoad, startServer } from "../bench.ts";
import type { Pop3Result } from "../load/pop3.ts";
import { DovecotPop3 } from "../peers/dovecot_pop3.ts";

const SIZE = 4096;
const ROUNDS = 3;
const AIM = 0.8;

export async function* dovecotPop3(bench: Bench): AsyncGenerator<Figure> {
  const letters = () => lettersOf(bench.mailboxSize);
  await using peer = await DovecotPop3.start(bench.folder, { user: READER, letters: letters() });
  await using server = await startServer(bench);
  const path = await writeMbox(server.directory, letters());
  const { code, stderr } = await server.command(["import", "mbox", path, "--account", READER]);
  if (code !== 0) throw new Error(`The import failed: ${stderr}`);
  for (const window of [1, 32]) {
    yield* retrieve(bench, { window, ours: server.ports.pop3, theirs: peer.port });
  }
}

async function* retrieve(
  bench: Bench,
  { window, ours, theirs }: { readonly window: number; readonly ours: number; readonly theirs: number },
): AsyncGenerator<Figure> {
  const load = (port: number) =>
    runLoad<Pop3Result>({
      mode: "pop3",
      host: "127.0.0.1",
      port,
      user: READER,
      password: PASSWORD,
      messages: bench.mailboxSize,
      window,
    });
  const rounds: { readonly ours: Pop3Result; readonly theirs: Pop3Result }[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    rounds.push({ theirs: await load(theirs), ours: await load(ours) });
  }
  rounds.shift();
  const row = `dovecot-pop3 RETR of ${bench.mailboxSize}${window === 1 ? "" : `, ${window} at a time`}`;
  const rate = ({ bytes, seconds }: Pop3Result) => bytes / seconds / 1e6;
  const speed = median(rounds.map((one) => rate(one.ours)));
  const beside = median(rounds.map((one) => rate(one.theirs)));
  yield {
    row,
    name: "throughput",
    value: speed,
    unit: "MB/s",
    beside: { name: "Dovecot", value: beside, factor: speed / beside },
    aim: { text: `${AIM} of Dovecot's speed`, reached: speed / beside >= AIM },
  };
  const login = median(rounds.map((one) => one.ours.loginSeconds));
  const theirLogin = median(rounds.map((one) => one.theirs.loginSeconds));
  yield {
    row,
    name: "log-in and opening",
    value: login * 1000,
    unit: "ms",
    beside: { name: "Dovecot", value: theirLogin * 1000, factor: theirLogin / login },
  };
}

function* lettersOf(count: number): Generator<string> {
  for (let i = 0; i < count; i++) {
    const head =
      `From: sender@foreign.test\nTo: ${READER}\nSubject: letter ${i}\nMessage-ID: <${i}@foreign.test>\n\n`;
    const line = `${String(i).padStart(8, "0")} what somebody wrote to somebody else on some day\n`;
    yield head + line.repeat(Math.ceil((SIZE - head.length) / line.length));
  }
}

async function writeMbox(folder: string, letters: Iterable<string>): Promise<string> {
  const path = `${folder}/letters.mbox`;
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  const writer = file.writable.getWriter();
  const encoder = new TextEncoder();
  for (const letter of letters) {
    await writer.write(encoder.encode(`From sender@foreign.test Fri Jan  2 03:04:05 2026\n${letter}\n`));
  }
  await writer.close();
  return path;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
