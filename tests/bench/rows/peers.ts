/**
 * Mailden beside Postfix with Dovecot's LMTP, in one run, with the same load on the same disk: accepted, and in the
 * mailbox. Needs root and Debian's packages. Mailden's 250 comes when the message is in the mailbox, so its two rates are one.
 */
import { freePort } from "../../support/ports.ts";
import { type Bench, type Figure, runLoad, startServer, USERS } from "../bench.ts";
import type { SmtpResult } from "../load/smtp.ts";
import { PostfixDovecot } from "../peers/postfix_dovecot.ts";
import { measureRelay, relayByMailden, type Relayed } from "./relay.ts";
import { treeCpuSeconds } from "../process.ts";

interface Measured {
  readonly accepted: number;
  readonly inMailbox: number;
  readonly cpuPerThousand: number;
  readonly p99: number;
}

interface Subject {
  readonly host: string;
  readonly port: number;
  cpuSeconds(): number;
  /** Resolves when so many messages are in the mailboxes, those of the warm-up included. */
  arrived(messages: number): Promise<void>;
}

const WARM_UP = 200;
const PATIENCE_MS = 180_000;

export async function* peers(bench: Bench): AsyncGenerator<Figure> {
  for (const size of bench.sizes) {
    for (const connections of bench.connections) {
      const load = { size, connections, messages: Math.min(bench.messages, connections === 1 ? 2000 : 3000) };
      const row = `peers ${size / 1024} KiB, ${connections} connections`;
      const theirs = await measurePostfix(bench, load);
      const ours = await measureMailden(bench, load);
      yield* compare(row, ours, theirs);
    }
  }
  yield* relays(bench);
}

/** Both through their durable queues to the same kind of sink. */
async function* relays(bench: Bench): AsyncGenerator<Figure> {
  const theirs = await relayByPostfix(bench);
  const ours = await relayByMailden(bench);
  const row = "peers relay 4 KiB";
  yield { row, name: "at the sink, Postfix", value: theirs.delivered, unit: "/s" };
  const factor = ours.delivered / theirs.delivered;
  yield {
    row,
    name: "at the sink, Mailden",
    value: ours.delivered,
    unit: "/s",
    aim: { text: `3 times Postfix; it is ${factor.toFixed(1)}`, reached: factor >= 3 },
  };
  yield { row, name: "CPU per 1,000, Postfix", value: theirs.cpuPerThousand, unit: "s" };
  yield { row, name: "CPU per 1,000, Mailden", value: ours.cpuPerThousand, unit: "s" };
}

async function relayByPostfix(bench: Bench): Promise<Relayed> {
  const sink = { host: "127.0.0.1", port: freePort() };
  await using peer = await PostfixDovecot.start(bench.folder, { relayTo: `[127.0.0.1]:${sink.port}` });
  return await measureRelay(bench, sink, {
    host: "127.0.0.1",
    port: peer.smtpPort,
    cpuSeconds: () => peer.cpuSeconds(),
  });
}

function* compare(row: string, ours: Measured, theirs: Measured): Generator<Figure> {
  const times = (value: number) => `${value.toFixed(1)} times Postfix + Dovecot`;
  const figure = (name: string, key: keyof Measured, unit: string, better: "more" | "less"): Figure[] => {
    const factor = better === "more" ? ours[key] / theirs[key] : theirs[key] / ours[key];
    return [
      { row, name: `${name}, Postfix`, value: theirs[key], unit },
      {
        row,
        name: `${name}, Mailden`,
        value: ours[key],
        unit,
        aim: { text: times(factor), reached: factor >= 1 },
      },
    ];
  };
  yield* figure("accepted", "accepted", "/s", "more");
  yield* figure("in the mailbox", "inMailbox", "/s", "more");
  yield* figure("CPU per 1,000", "cpuPerThousand", "s", "less");
  yield* figure("p99 of the final 250", "p99", "ms", "less");
}

interface PeerLoad {
  readonly size: number;
  readonly connections: number;
  readonly messages: number;
}

async function measureMailden(bench: Bench, load: PeerLoad): Promise<Measured> {
  await using server = await startServer(bench);
  return await measure(load, {
    host: server.host,
    port: server.ports.smtp,
    cpuSeconds: () => treeCpuSeconds(server.pid),
    // Its 250 says so; tests/e2e/07_crash shows that it is true.
    arrived: () => Promise.resolve(),
  });
}

async function measurePostfix(bench: Bench, load: PeerLoad): Promise<Measured> {
  await using peer = await PostfixDovecot.start(bench.folder);
  return await measure(load, {
    host: "127.0.0.1",
    port: peer.smtpPort,
    cpuSeconds: () => peer.cpuSeconds(),
    async arrived(messages) {
      const until = performance.now() + PATIENCE_MS;
      while (peer.delivered() < messages) {
        if (performance.now() > until) throw new Error(`Only ${peer.delivered()} of ${messages} arrived`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  });
}

async function measure({ size, connections, messages }: PeerLoad, subject: Subject): Promise<Measured> {
  const load = {
    mode: "smtp" as const,
    host: subject.host,
    port: subject.port,
    connections,
    messages,
    seconds: 120,
    size,
    recipients: USERS,
    sender: "sender@foreign.test",
  };
  const warm = await runLoad<SmtpResult>({
    ...load,
    messages: WARM_UP,
    connections: Math.min(connections, 10),
  });
  await subject.arrived(warm.accepted);
  const cpu = subject.cpuSeconds();
  const start = performance.now();
  const result = await runLoad<SmtpResult>(load);
  if (result.errors > 0) throw new Error(`${subject.host}:${subject.port}: ${result.error}`);
  const sent = performance.now() - start;
  await subject.arrived(warm.accepted + result.accepted);
  // The generator's own start is not the server's time.
  const seconds = (performance.now() - start - sent) / 1000 + result.seconds;
  return {
    accepted: result.perSecond,
    inMailbox: result.accepted / seconds,
    cpuPerThousand: (subject.cpuSeconds() - cpu) / result.accepted * 1000,
    p99: result.p99,
  };
}
