/**
 * The memory of Mailden and of Dovecot with many sessions that wait in IDLE: all processes of each, what they share counted once.
 * Dovecot has one process for a session, and one more where it is under TLS. Needs root and Debian's packages.
 */
import { Idlers } from "../load/idlers.ts";
import { type Bench, type Figure, PASSWORD, READER, startServer } from "../bench.ts";
import { Dovecot } from "../peers/dovecot.ts";
import { treeMegabytes } from "../process.ts";

interface Subject {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  megabytes(): number;
}

interface Measured {
  readonly megabytes: number;
  readonly perSecond: number;
}

const SETTLE_MS = 2000;
const AIMS: Readonly<Record<string, number>> = { "5000 plain": 400 };

export async function* dovecotIdle(bench: Bench): AsyncGenerator<Figure> {
  const count = bench.idleConnections;
  for (const kind of ["plain", "TLS"]) {
    const theirs = await dovecotWith(bench, count, kind === "TLS");
    const ours = await maildenWith(bench, count, kind === "TLS");
    const row = `dovecot, ${count} idle sessions, ${kind}`;
    const memory = theirs.megabytes / ours.megabytes;
    const limit = AIMS[`${count} ${kind}`];
    yield {
      row,
      name: "RSS",
      value: ours.megabytes,
      unit: "MB",
      beside: { name: "Dovecot", value: theirs.megabytes, factor: memory },
      aim: limit === undefined
        ? { text: "not more than Dovecot", reached: memory >= 1 }
        : { text: `below ${limit} MB`, reached: ours.megabytes < limit },
    };
    yield {
      row,
      name: "log-ins up to IDLE",
      value: ours.perSecond,
      unit: "/s",
      beside: { name: "Dovecot", value: theirs.perSecond, factor: ours.perSecond / theirs.perSecond },
    };
  }
}

async function dovecotWith(bench: Bench, count: number, tls: boolean): Promise<Measured> {
  await using peer = await Dovecot.start(bench.folder);
  return await measure(count, {
    host: "127.0.0.1",
    port: tls ? peer.imapsPort : peer.imapPort,
    tls,
    megabytes: () => peer.memoryMegabytes(),
  });
}

async function maildenWith(bench: Bench, count: number, tls: boolean): Promise<Measured> {
  const many = 2 * count + 100;
  await using server = await startServer(bench, {
    limits: { connections: { per_listener: many, per_address: many } },
  });
  const { imap, imaps } = server.ports;
  return await measure(count, {
    host: server.host,
    port: tls ? imaps : imap,
    tls,
    megabytes: () => treeMegabytes(server.pid),
  });
}

async function measure(count: number, subject: Subject): Promise<Measured> {
  const start = performance.now();
  const idlers = await Idlers.open({ ...subject, user: READER, password: PASSWORD, connections: count });
  try {
    const seconds = (performance.now() - start) / 1000;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    return { megabytes: subject.megabytes(), perSecond: count / seconds };
  } finally {
    idlers.close();
  }
}
