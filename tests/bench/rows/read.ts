/** One large mailbox, read by IMAP and by POP3. */
import type { Mailden } from "../../support/mailden.ts";
import {
  type Bench,
  type Figure,
  fillInbox,
  PASSWORD,
  ratio,
  READER,
  runLoad,
  startServer,
} from "../bench.ts";
import type { TimedCommand } from "../load/imap.ts";
import type { Pop3Result } from "../load/pop3.ts";
import { cpuSeconds, memoryMegabytes, resetPeak } from "../process.ts";

const SIZE = 4096;

const COMMANDS = [
  { name: "FETCH FLAGS", command: "FETCH 1:* (UID FLAGS)" },
  {
    name: "FETCH metadata",
    command: "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)",
  },
  { name: "FETCH header fields", command: "FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (FROM SUBJECT DATE)])" },
  { name: "FETCH bodies", command: "FETCH 1:* (UID BODY.PEEK[])" },
  { name: "SEARCH subject", command: "SEARCH SUBJECT kalomi" },
  { name: "STORE on all", command: "STORE 1:* +FLAGS.SILENT (\\Seen)" },
];

export async function* imap(bench: Bench): AsyncGenerator<Figure> {
  await using server = await startServer(bench);
  await fillInbox(server, bench.mailboxSize, SIZE);
  resetPeak(server.pid);
  const login = { host: server.host, user: READER, password: PASSWORD };
  const results = await runLoad<TimedCommand[]>({
    mode: "imap",
    port: server.ports.imap,
    commands: COMMANDS,
    ...login,
  });
  for (const { name, seconds, bytes, ok } of results) {
    if (!ok) throw new Error(`imap: ${name} failed`);
    const row = `imap ${bench.mailboxSize} messages, ${name}`;
    yield { row, name: "time", value: seconds * 1000, unit: "ms" };
    if (!name.startsWith("FETCH")) continue;
    yield { row, name: "messages", value: bench.mailboxSize / seconds, unit: "/s" };
    yield throughput(bench, row, bytes / seconds / 1e6);
  }
  const row = `imap ${bench.mailboxSize} messages`;
  yield { row, name: "peak RSS", value: memoryMegabytes(server.pid, "VmHWM"), unit: "MB" };
}

export async function* pop3(bench: Bench): AsyncGenerator<Figure> {
  await using server = await startServer(bench);
  await fillInbox(server, bench.mailboxSize, SIZE);
  for (const window of [1, 32]) yield* retrieveAll(bench, server, window);
}

async function* retrieveAll(bench: Bench, server: Mailden, window: number): AsyncGenerator<Figure> {
  resetPeak(server.pid);
  const cpu = cpuSeconds(server.pid);
  const result = await runLoad<Pop3Result>({
    mode: "pop3",
    host: server.host,
    port: server.ports.pop3,
    user: READER,
    password: PASSWORD,
    messages: bench.mailboxSize,
    window,
  });
  const used = cpuSeconds(server.pid) - cpu;
  const row = `pop3 RETR of ${result.messages}${window === 1 ? "" : `, ${window} at a time`}`;
  yield { row, name: "messages", value: result.messages / result.seconds, unit: "/s" };
  yield throughput(bench, row, result.bytes / result.seconds / 1e6);
  yield { row, name: "log-in and opening", value: result.loginSeconds * 1000, unit: "ms" };
  yield { row, name: "CPU per 1,000 messages", value: used / result.messages * 1000, unit: "s" };
  yield { row, name: "peak RSS", value: memoryMegabytes(server.pid, "VmHWM"), unit: "MB" };
}

function throughput(bench: Bench, row: string, megabytes: number): Figure {
  const share = ratio(bench, "loopbackMegabytes", megabytes);
  return { row, name: "throughput", value: megabytes, unit: "MB/s", ratio: share };
}
