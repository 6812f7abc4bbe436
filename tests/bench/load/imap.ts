/** IMAP load: timed commands on one connection, and many connections that idle. */
import { ownCpuSeconds } from "./figures.ts";
import { LoadConn } from "./line.ts";

export interface ImapLoad {
  readonly mode: "imap";
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly commands: readonly { readonly name: string; readonly command: string }[];
}

export interface TimedCommand {
  readonly name: string;
  readonly seconds: number;
  readonly bytes: number;
  readonly ok: boolean;
  readonly clientCpuSeconds: number;
}

export async function loadImap(load: ImapLoad): Promise<TimedCommand[]> {
  const conn = await LoadConn.open(load.host, load.port);
  await conn.line();
  const results: TimedCommand[] = [];
  const all = [
    { name: "LOGIN", command: `LOGIN ${load.user} ${load.password}` },
    { name: "SELECT", command: "SELECT INBOX" },
    ...load.commands,
  ];
  for (const [i, { name, command }] of all.entries()) {
    const tag = `t${i}`;
    const cpu = ownCpuSeconds();
    const start = performance.now();
    await conn.write(`${tag} ${command}\r\n`);
    const { bytes, ok } = await readToTag(conn, tag);
    const seconds = (performance.now() - start) / 1000;
    results.push({ name, seconds, bytes, ok, clientCpuSeconds: ownCpuSeconds() - cpu });
    if (!ok) break;
  }
  conn.close();
  return results;
}

/** Reads past everything to the tagged line; literals need no care, since only the very end is looked at. */
async function readToTag(conn: LoadConn, tag: string): Promise<{ bytes: number; ok: boolean }> {
  const decoder = new TextDecoder("latin1");
  const tagged = new RegExp(`(?:^|\r\n)${tag} (OK|NO|BAD)[^\r\n]*\r\n$`);
  let tail = "";
  let bytes = 0;
  for (;;) {
    const chunk = await conn.some();
    if (chunk === null) return { bytes, ok: false };
    bytes += chunk.length;
    tail = (tail + decoder.decode(chunk.subarray(-1024))).slice(-1024);
    if (chunk.at(-1) !== 10) continue;
    const match = tagged.exec(tail);
    if (match !== null) return { bytes, ok: match[1] === "OK" };
  }
}

export interface IdleLoad {
  readonly mode: "idle";
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly connections: number;
}

/** Opens the connections, brings each into IDLE, says so in a line on stdout, and holds them until stdin ends. */
export async function loadIdle(load: IdleLoad): Promise<{ connections: number; seconds: number }> {
  const start = performance.now();
  const conns: LoadConn[] = [];
  for (let i = 0; i < load.connections; i++) {
    const conn = await LoadConn.open(load.host, load.port);
    await conn.line();
    for (const command of [`LOGIN ${load.user} ${load.password}`, "SELECT INBOX"]) {
      await conn.write(`t ${command}\r\n`);
      if (!(await readToTag(conn, "t")).ok) throw new Error(`${command.split(" ")[0]} failed`);
    }
    await conn.write("t IDLE\r\n");
    await conn.line();
    conns.push(conn);
  }
  const seconds = (performance.now() - start) / 1000;
  console.log(JSON.stringify({ ready: conns.length }));
  await Deno.stdin.read(new Uint8Array(1));
  for (const conn of conns) conn.close();
  return { connections: conns.length, seconds };
}
