/** SMTP load: so many connections, each sending one message after the other, with MAIL, RCPT and DATA in one write. */
import { Buffer } from "node:buffer";
import { ownCpuSeconds, percentile } from "./figures.ts";
import { LoadConn } from "./line.ts";
import { makeMessages, type MessageMaker } from "./messages.ts";

export interface SmtpLoad {
  readonly mode: "smtp";
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  /** Ends after so many messages, or so many seconds. */
  readonly messages: number;
  readonly seconds: number;
  readonly size: number;
  /** Taken in turn. */
  readonly recipients: readonly string[];
  readonly sender: string;
  /** AUTH PLAIN on each connection. */
  readonly login?: { readonly user: string; readonly password: string };
}

export interface SmtpResult {
  readonly accepted: number;
  readonly errors: number;
  readonly error: string | null;
  readonly seconds: number;
  readonly perSecond: number;
  /** From the last byte of the message to the final 250, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly clientCpuSeconds: number;
}

export async function loadSmtp(load: SmtpLoad): Promise<SmtpResult> {
  const conns: LoadConn[] = [];
  for (let i = 0; i < load.connections; i++) conns.push(await open(load));
  const cpu = ownCpuSeconds();
  const run = new Run(load);
  await Promise.all(conns.map((conn) => run.send(conn)));
  const seconds = (performance.now() - run.start) / 1000;
  for (const conn of conns) conn.close();
  const latencies = run.latencies.sort((a, b) => a - b);
  return {
    accepted: latencies.length,
    errors: run.errors,
    error: run.error,
    seconds,
    perSecond: latencies.length / seconds,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    clientCpuSeconds: ownCpuSeconds() - cpu,
  };
}

async function open(load: SmtpLoad): Promise<LoadConn> {
  const conn = await LoadConn.open(load.host, load.port);
  const greeting = await conn.reply();
  if (greeting !== 220) throw new Error(`The greeting was ${greeting}`);
  await conn.expect("EHLO load.test", 250);
  if (load.login !== undefined) {
    const { user, password } = load.login;
    await conn.expect(`AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString("base64")}`, 235);
  }
  return conn;
}

/** What the connections of one load share. */
class Run {
  readonly latencies: number[] = [];
  errors = 0;
  error: string | null = null;
  readonly start = performance.now();
  readonly #load: SmtpLoad;
  readonly #messages: MessageMaker;
  readonly #envelopes: readonly Uint8Array[];
  #next = 0;

  constructor(load: SmtpLoad) {
    this.#load = load;
    this.#messages = makeMessages(load.size, load.login === undefined ? null : load.sender);
    const encoder = new TextEncoder();
    this.#envelopes = load.recipients.map((recipient) =>
      encoder.encode(`MAIL FROM:<${load.sender}>\r\nRCPT TO:<${recipient}>\r\nDATA\r\n`)
    );
  }

  /** Sends until the messages or the time are used up, or something is refused. */
  async send(conn: LoadConn): Promise<void> {
    const until = this.start + this.#load.seconds * 1000;
    while (this.#next < this.#load.messages && performance.now() < until) {
      const index = this.#next++;
      try {
        await this.#one(conn, index);
      } catch (error) {
        this.errors++;
        this.error = String(error);
        return;
      }
    }
  }

  async #one(conn: LoadConn, index: number): Promise<void> {
    await conn.write(this.#envelopes[index % this.#envelopes.length]!);
    for (const wanted of [250, 250, 354]) {
      const code = await conn.reply();
      if (code !== wanted) throw new Error(`Wanted ${wanted}, got ${code}`);
    }
    // The variants are shared: one that is being sent must not be changed, so each write gets a copy.
    await conn.write(this.#messages.next(index).slice());
    const sent = performance.now();
    const code = await conn.reply();
    if (code !== 250) throw new Error(`The message was answered ${code}`);
    this.latencies.push(performance.now() - sent);
  }
}
