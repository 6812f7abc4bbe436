import assert from "node:assert/strict";
import { TcpStream } from "../../src/net/tcp_stream.ts";

/** A socket that has always more than the buffer takes, or always the same little. */
function endlessSocket(most: number): Deno.TcpConn {
  const socket = { read: (into: Uint8Array) => Promise.resolve(Math.min(into.length, most)) };
  return socket as unknown as Deno.TcpConn;
}

/** How many turns of the event loop passed while so many reads were done. */
async function turnsDuring(reads: number, stream: TcpStream): Promise<number> {
  let turns = 0;
  let over = false;
  const count = () => {
    if (over) return;
    turns++;
    setTimeout(count, 0);
  };
  setTimeout(count, 0);
  for (let i = 0; i < reads; i++) await stream.read();
  over = true;
  return turns;
}

Deno.test("net: a client that floods us does not keep the other connections waiting", async () => {
  assert.ok(await turnsDuring(100, new TcpStream(endlessSocket(Infinity))) >= 10);
});

Deno.test("net: a client that sends as much as we take at a time is not slowed down", async () => {
  assert.equal(await turnsDuring(1000, new TcpStream(endlessSocket(3000))), 0);
});
