import dgram from "node:dgram";
import { concatBytes } from "../../core/bytes.ts";
import { DnsError, TimeoutError } from "../../core/errors.ts";
import type { Conn, Endpoint, Random } from "../../core/ports.ts";
import { decodeMessage, type DnsMessage, encodeQuery, type Question, RCODE } from "../../wire/dns/mod.ts";
import { plainAddress } from "../address.ts";
import { connect } from "../connect.ts";
import { errorText } from "../error_text.ts";

/**
 * So many packets that do not fit the question, and somebody is guessing: the try is given up, and the next one has a new id
 * and a new port.
 */
const MAX_STRAYS = 16;

/** The server did not answer (in time, or at all), as opposed to answering that it cannot tell. */
export class ServerSilentError extends DnsError {}

export interface AskOptions {
  readonly timeoutMs: number;
  readonly random: Random;
  readonly signal: AbortSignal;
}

interface Query {
  readonly id: number;
  readonly question: Question;
  readonly bytes: Uint8Array;
}

/**
 * Asks one server one question, over UDP and, when the answer does not fit, over TCP (RFC 7766 section 5). Resolves
 * with a whole answer to that question with code NOERROR or NXDOMAIN; throws `ServerSilentError`, or `DnsError` for
 * every other code.
 */
export async function ask(server: Endpoint, question: Question, options: AskOptions): Promise<DnsMessage> {
  let answer = await askWith({ edns: true }, server, question, options);
  // RFC 6891 section 7: a server that knows no EDNS says FORMERR or NOTIMP, without OPT.
  if (!answer.hasEdns && (answer.rcode === RCODE.FORMERR || answer.rcode === RCODE.NOTIMP)) {
    answer = await askWith({ edns: false }, server, question, options);
  }
  if (answer.rcode !== RCODE.NOERROR && answer.rcode !== RCODE.NXDOMAIN) {
    throw new DnsError(
      `The DNS server ${server.host} answered ${rcodeName(answer.rcode)} for ${question.name}`,
    );
  }
  return answer;
}

async function askWith(
  { edns }: { edns: boolean },
  server: Endpoint,
  question: Question,
  options: AskOptions,
): Promise<DnsMessage> {
  const short = await askUdp(server, makeQuery(question, edns, options.random), options);
  return short.truncated ? await askTcp(server, makeQuery(question, edns, options.random), options) : short;
}

function makeQuery(question: Question, edns: boolean, random: Random): Query {
  const [high, low] = random.bytes(2);
  const id = high! << 8 | low!;
  return { id, question, bytes: encodeQuery(id, question, { edns }) };
}

/** One socket for each query: the kernel gives it a random port, which a forger must guess too (RFC 5452 section 9.2). */
function askUdp(server: Endpoint, query: Query, { timeoutMs, signal }: AskOptions): Promise<DnsMessage> {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket(server.host.includes(":") ? "udp6" : "udp4");
    let strays = 0;
    const leave = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      socket.off("message", received);
      closeSocket(socket);
    };
    const fail = (error: DnsError) => {
      leave();
      reject(error);
    };
    const late = () => fail(silent(server, `no answer within ${timeoutMs / 1000} seconds`));
    const aborted = () => fail(new DnsError("The DNS look-up was given up"));
    const broken = (error: unknown) => fail(silent(server, errorText(error)));
    const received = (bytes: Uint8Array, from: dgram.RemoteInfo) => {
      // The runtime's sockets cannot be connected for real, so anybody may send to this one.
      if (from.port !== server.port || plainAddress(from.address) !== plainAddress(server.host)) return;
      const answer = match(bytes, query);
      if (answer !== null) {
        leave();
        resolve(answer);
      } else if (++strays >= MAX_STRAYS) {
        fail(new DnsError(`Too many packets that answer no question of ours, in the name of ${server.host}`));
      }
    };
    const timer = setTimeout(late, timeoutMs);
    if (signal.aborted) return aborted();
    signal.addEventListener("abort", aborted);
    // Stays for good: a socket that failed may say so again.
    socket.on("error", broken);
    socket.on("message", received);
    socket.send(query.bytes, server.port, server.host, (error) => error && broken(error));
  });
}

function closeSocket(socket: dgram.Socket): void {
  try {
    socket.close();
  } catch {
    // It had failed to open.
  }
}

/** The server's message if it answers the query (RFC 5452 section 9.1), else null. */
function match(bytes: Uint8Array, { id, question }: Query): DnsMessage | null {
  let message: DnsMessage;
  try {
    message = decodeMessage(bytes);
  } catch {
    return null;
  }
  if (message.id !== id || !message.isResponse || message.opcode !== 0) return null;
  // A server that could not read the question, or did not want to, may leave it out; there is nothing to believe then.
  if (message.question === null) return message.rcode !== RCODE.NOERROR ? message : null;
  const same = message.question.name === question.name && message.question.type === question.type;
  return same ? message : null;
}

async function askTcp(server: Endpoint, query: Query, options: AskOptions): Promise<DnsMessage> {
  const { timeoutMs, signal } = options;
  const until = performance.now() + timeoutMs;
  let conn: Conn | null = null;
  const aborted = () => conn?.close();
  signal.addEventListener("abort", aborted);
  try {
    conn = await connect({ host: server.host, port: server.port, timeoutMs, id: "dns", signal });
    // The length goes first (RFC 1035 section 4.2.2), in the same segment (RFC 7766 section 8).
    await conn.write(
      concatBytes([Uint8Array.of(query.bytes.length >> 8, query.bytes.length & 255), query.bytes]),
    );
    const answer = match(await readFramed(conn, until), query);
    if (answer === null || answer.truncated) {
      throw new DnsError(`The DNS server ${server.host} sent a broken answer over TCP`);
    }
    return answer;
  } catch (error) {
    throw error instanceof DnsError ? error : silent(server, errorText(error));
  } finally {
    signal.removeEventListener("abort", aborted);
    conn?.close();
  }
}

async function readFramed(conn: Conn, until: number): Promise<Uint8Array> {
  let bytes: Uint8Array = new Uint8Array(0);
  for (;;) {
    const length = bytes.length < 2 ? Infinity : bytes[0]! << 8 | bytes[1]!;
    if (bytes.length >= length + 2) return bytes.subarray(2, length + 2);
    const left = until - performance.now();
    if (left <= 0) throw new TimeoutError("No answer in time");
    const chunk = await conn.read(left);
    if (chunk === null) throw new DnsError("The DNS server closed the connection before it answered");
    bytes = concatBytes([bytes, chunk]);
  }
}

function silent(server: Endpoint, reason: string): ServerSilentError {
  return new ServerSilentError(`The DNS server ${server.host}:${server.port} does not answer: ${reason}`);
}

function rcodeName(rcode: number): string {
  return Object.entries(RCODE).find(([, code]) => code === rcode)?.[0] ?? `code ${rcode}`;
}
