/**
 * Runs a dialogue against another server, over TCP, and compares by meaning (`semantics.ts`). So our dialogues are
 * checked themselves: where another good server says something else, one of the two is wrong, or both are allowed.
 */
import { encodeUtf8 } from "../../../src/core/bytes.ts";
import { latin1, TestSocket } from "../../support/test_socket.ts";
import { type Dialogue, readMessage } from "./dialogue.ts";
import { isOptional, means } from "./semantics.ts";

export interface OtherServer {
  readonly host: string;
  readonly port: number;
}

/** How long to wait for what may not come. */
const PATIENCE_MS = 3000;

/** Whether the dialogue says nothing of what only our server has: limits, clock, its own way to be stopped. */
export function isPortable({ lines }: Dialogue): boolean {
  return lines.every(({ text }) =>
    !text.startsWith("@") || /^@(?:connect \d tls|connect \d$|login|append) ?/.test(text)
  );
}

/** Null when the other server says the same, else the first difference. */
export async function differenceAt(dialogue: Dialogue, server: OtherServer): Promise<string | null> {
  const runner = new Runner(server);
  try {
    await runner.connect("1");
    for (const { number, text } of dialogue.lines) {
      const difference = await runner.line(text, number);
      if (difference !== null) return difference;
    }
    return await runner.settle();
  } catch (error) {
    return error instanceof Error ? error.message.split("\n")[0]! : String(error);
  } finally {
    await runner.close();
  }
}

interface Connection {
  readonly socket: TestSocket;
  /** What the dialogue expects and has not been compared yet, with the lines of literals joined. */
  expected: string;
  line: number;
}

class Runner {
  readonly #server: OtherServer;
  readonly #connections = new Map<string, Connection>();

  constructor(server: OtherServer) {
    this.#server = server;
  }

  async connect(number: string): Promise<void> {
    const socket = await TestSocket.connect({ ...this.#server, timeoutMs: PATIENCE_MS });
    await socket.line();
    this.#connections.set(number, { socket, expected: "", line: 0 });
  }

  async line(text: string, number: number): Promise<string | null> {
    const match = /^([CS])(\d?): ?(.*)$/.exec(text);
    if (match?.[1] === "S") {
      const connection = this.#connection(match[2] || "1");
      connection.expected += `${match[3]}\r\n`;
      connection.line = number;
      return null;
    }
    const difference = await this.settle();
    if (difference !== null) return difference;
    if (match === null) await this.#directive(text.split(" "));
    else await this.#connection(match[2] || "1").socket.write(encodeUtf8(`${match[3]}\r\n`));
    return null;
  }

  /** Compares everything that the dialogue expects up to here. */
  async settle(): Promise<string | null> {
    for (const connection of this.#connections.values()) {
      const expected = responsesOf(connection.expected);
      connection.expected = "";
      const difference = await compare(connection.socket, expected);
      if (difference !== null) return `line ${connection.line}: ${difference}`;
    }
    return null;
  }

  async close(): Promise<void> {
    for (const { socket } of this.#connections.values()) await socket.close();
  }

  async #directive([name, ...words]: string[]): Promise<void> {
    if (name === "@connect") return await this.connect(words[0]!);
    if (name === "@append") return await this.#append(words);
    const { socket } = this.#connection(words[0]!);
    await finish(socket, "login", `LOGIN ${words[1]} secret`);
    if (words[2] !== undefined) await finish(socket, "select", `SELECT ${words[2]}`);
  }

  async #append([mailbox, file, ...rest]: string[]): Promise<void> {
    const socket = await TestSocket.connect({ ...this.#server, timeoutMs: PATIENCE_MS });
    await socket.line();
    await finish(socket, "login", "LOGIN alice secret");
    const bytes = encodeUtf8(readMessage(file!));
    await socket.write(`append APPEND ${[mailbox, ...rest].join(" ")} {${bytes.length}+}\r\n`);
    await socket.write(bytes);
    await finish(socket, "append", null);
    await socket.close();
  }

  #connection(number: string): Connection {
    const connection = this.#connections.get(number);
    if (connection === undefined) throw new Error(`There is no connection ${number}`);
    return connection;
  }
}

/** Sends a command of our own (or, with null, only its end) and waits for its OK. */
async function finish(socket: TestSocket, tag: string, text: string | null): Promise<void> {
  await socket.write(text === null ? "\r\n" : `${tag} ${text}\r\n`);
  for (;;) {
    const response = await next(socket);
    if (response === null) throw new Error(`The server closed during ${tag}`);
    if (!response.startsWith(`${tag} `)) continue;
    if (!response.startsWith(`${tag} OK`)) throw new Error(response);
    return;
  }
}

/** The next response with its literals, as UTF-8; null at the end. */
async function next(socket: TestSocket): Promise<string | null> {
  let text = "";
  for (;;) {
    const line = await socket.readLine();
    if (line === null) return text === "" ? null : text;
    text += line;
    const literal = /\{(\d+)\}$/.exec(line);
    if (literal === null) return text;
    text += `\r\n${latin1(await socket.readBytes(Number(literal[1])))}`;
  }
}

/** Lines of a dialogue as responses, in the form that `next` gives. */
function responsesOf(expected: string): string[] {
  const text = latin1(encodeUtf8(expected));
  const responses: string[] = [];
  for (let at = 0; at < text.length;) {
    let end = at;
    for (;;) {
      const lineEnd = text.indexOf("\r\n", end);
      const literal = /\{(\d+)\}$/.exec(text.slice(end, lineEnd));
      end = lineEnd + 2;
      if (literal === null) break;
      end += Number(literal[1]);
    }
    responses.push(text.slice(at, end - 2));
    at = end;
  }
  return responses;
}

/** Reads until the last of what is expected has come, and compares: in any order, but nothing missing and nothing more. */
async function compare(socket: TestSocket, expected: readonly string[]): Promise<string | null> {
  const open = [...expected];
  while (open.length > 0) {
    if (open.every((response) => isOptional(response) && response.startsWith("*"))) return null;
    const response = await next(socket).catch(() => "(silence)");
    const heard = response ?? "(closed)";
    const found = open.findIndex((wanted) => means(heard, wanted));
    if (found >= 0) open.splice(found, 1);
    else if (!isOptional(heard)) return `expected ${show(open[0]!)}, heard ${show(heard)}`;
    // The answer under the tag is the last word.
    const isLast = found >= 0 && /^[^*+]\S* (?:OK|NO|BAD)/.test(heard) && open.length > 0;
    const missing = isLast && !open.some((wanted) => /^[^*]/.test(wanted));
    if (missing && !open.every(isOptional)) {
      return `missing ${show(open.find((wanted) => !isOptional(wanted))!)}`;
    }
  }
  return null;
}

function show(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}...` : text);
}
