/** What the rows share: options, a server to measure, the load generator, and the form of a result. */
import { join } from "node:path";
import { type ConfigPart, Mailden } from "../support/mailden.ts";
import type { Load } from "./load/main.ts";

export interface Bench {
  /** On the disk that is to be measured. */
  readonly folder: string;
  readonly connections: readonly number[];
  readonly sizes: readonly number[];
  /** Per ingest row. */
  readonly seconds: number;
  readonly messages: number;
  /** Messages in the queue of the backlog row. */
  readonly backlog: number;
  readonly mailboxSize: number;
  readonly idleConnections: number;
  /** The external load generator `mb`, used for ingest instead of our own; null without. */
  readonly mb: string | null;
  readonly baseline: Baseline;
}

export interface Baseline {
  readonly fdatasyncPerSecond: number;
  readonly loopbackMegabytes: number;
}

export interface Figure {
  readonly row: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Against the disk's fdatasync rate, or the loopback's MB/s. */
  readonly ratio?: { readonly to: keyof Baseline; readonly value: number };
  /** Of another server in the same run; `factor` is above 1 where we are the faster or the smaller one. */
  readonly beside?: { readonly name: string; readonly value: number; readonly factor: number };
  /** What the project aims at, in words, and whether it was reached. */
  readonly aim?: { readonly text: string; readonly reached: boolean };
}

export const USERS = Array.from({ length: 20 }, (_, i) => `u${i + 1}@bench.test`);
/** These two can log in. */
export const READER = USERS[0]!;
export const OTHER_READER = USERS[1]!;
export const PASSWORD = "bench";

/** A new server with twenty accounts; only the readers can log in. Its output is thrown away. */
export async function startServer(bench: Bench, config: ConfigPart = {}): Promise<Mailden> {
  const server = await prepareServer(bench, config);
  try {
    await server.serve();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** The same, not started yet: for rows that fill its data folder before. */
export async function prepareServer(bench: Bench, config: ConfigPart = {}): Promise<Mailden> {
  const readers = [READER, OTHER_READER];
  const passwords = USERS.map((user) => [user, readers.includes(user) ? PASSWORD : null]);
  return await Mailden.prepare({
    parent: bench.folder,
    discardOutput: true,
    hostname: "mx.bench.test",
    accounts: Object.fromEntries(passwords),
    config: {
      plaintext_auth: "loopback",
      // One account sends everything, in everybody's name.
      submission: { check_from: false, recipients_per_day: null, new_recipients_per_day: null },
      limits: { connections: { per_listener: 5000, per_address: 5000 } },
      ...config,
    },
  });
}

const LOAD = join(import.meta.dirname!, "load", "main.ts");

/** Runs the load generator to its end; its result. */
export async function runLoad<T>(load: Load): Promise<T> {
  const { code, stdout, stderr } = await loadProcess(load, "null").output();
  if (code !== 0) throw new Error(`The load failed: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(lastLine(stdout));
}

/** The load generator, to be started; `held` ones end when their stdin does. */
export function loadProcess(load: Load, stdin: "null" | "piped"): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--cached-only", LOAD, JSON.stringify(load)],
    stdin,
    stdout: "piped",
    stderr: "piped",
  });
}

export function lastLine(output: Uint8Array): string {
  return new TextDecoder().decode(output).trimEnd().split("\n").at(-1) ?? "";
}

/** Puts so many messages into the reader's INBOX, as fast as they go. */
export async function fillInbox(server: Mailden, messages: number, size: number): Promise<void> {
  const result = await runLoad<{ accepted: number; error: string | null }>({
    mode: "smtp",
    host: server.host,
    port: server.ports.smtp,
    connections: 20,
    messages,
    seconds: 600,
    size,
    recipients: [READER],
    sender: "sender@foreign.test",
  });
  if (result.accepted < messages) throw new Error(`Only ${result.accepted} came in: ${result.error}`);
}

export function ratio(bench: Bench, to: keyof Baseline, value: number): NonNullable<Figure["ratio"]> {
  return { to, value: value / bench.baseline[to] };
}
