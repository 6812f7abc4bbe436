/** POP3 load: RETR of a whole maildrop, one after the other or many commands at once. */
import { ownCpuSeconds } from "./figures.ts";
import { LoadConn } from "./line.ts";

export interface Pop3Load {
  readonly mode: "pop3";
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** At most so many messages. */
  readonly messages: number;
  /** How many RETR are under way at a time; 1 waits for each answer. */
  readonly window: number;
}

export interface Pop3Result {
  readonly messages: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly loginSeconds: number;
  readonly clientCpuSeconds: number;
}

export async function loadPop3(load: Pop3Load): Promise<Pop3Result> {
  const conn = await LoadConn.open(load.host, load.port);
  await conn.line();
  const begin = performance.now();
  for (const command of [`USER ${load.user}`, `PASS ${load.password}`]) await single(conn, command);
  const loginSeconds = (performance.now() - begin) / 1000;
  const count = Math.min(load.messages, Number((await single(conn, "STAT")).split(" ")[1]));
  const cpu = ownCpuSeconds();
  const start = performance.now();
  const bytes = await retrieve(conn, count, load.window);
  const seconds = (performance.now() - start) / 1000;
  const clientCpuSeconds = ownCpuSeconds() - cpu;
  await single(conn, "QUIT");
  conn.close();
  return { messages: count, bytes, seconds, loginSeconds, clientCpuSeconds };
}

async function single(conn: LoadConn, command: string): Promise<string> {
  await conn.write(`${command}\r\n`);
  const line = await conn.line();
  const text = line === null ? "nothing" : new TextDecoder().decode(line);
  if (!text.startsWith("+OK")) throw new Error(`${command.split(" ")[0]} was answered ${text}`);
  return text;
}

async function retrieve(conn: LoadConn, count: number, window: number): Promise<number> {
  const end = new EndOfAnswer();
  let asked = 0;
  let bytes = 0;
  while (end.count < count) {
    // Refilled by halves, so that a write carries several commands.
    if (asked < count && asked - end.count <= window / 2) {
      const upTo = Math.min(count, end.count + window);
      let commands = "";
      while (asked < upTo) commands += `RETR ${++asked}\r\n`;
      await conn.write(commands);
    }
    const chunk = await conn.some();
    if (chunk === null) throw new Error(`The server closed after ${end.count} messages`);
    bytes += chunk.length;
    end.feed(chunk);
  }
  return bytes;
}

/** Counts CR LF `.` CR LF across chunks. */
class EndOfAnswer {
  count = 0;
  /** How many bytes of the sequence have been seen. */
  #seen = 0;

  feed(chunk: Uint8Array): void {
    let seen = this.#seen;
    for (let i = 0; i < chunk.length; i++) {
      if (seen === 0) {
        // Most of the time nothing has begun: on to the next CR.
        i = chunk.indexOf(13, i);
        if (i < 0) break;
        seen = 1;
        continue;
      }
      const byte = chunk[i];
      if (byte === 13) seen = seen === 3 ? 4 : 1;
      else if (byte === 10 && (seen === 1 || seen === 4)) {
        if (seen === 4) this.count++;
        seen = 2;
      } else seen = byte === 46 && seen === 2 ? 3 : 0;
    }
    this.#seen = seen;
  }
}
