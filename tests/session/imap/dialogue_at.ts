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
    !text.startsWith("@") || /^@(?:connect \d tls|connect \d$|login|append|needs) ?/.test(text)
  );
}

/** Whether the server has, by its own word after log-in, what the dialogue is about. */
export function canAnswer({ lines }: Dialogue, capabilities: ReadonlySet<string>): boolean {
  return lines.every(({ text }) =>
    !text.startsWith("@needs ") || capabilities.has(text.slice(7).toUpperCase())
  );
}

/** What the server announces to alice, in capitals. */
export async function capabilitiesOf(server: OtherServer): Promise<ReadonlySet<string>> {
  const socket = await TestSocket.connect({ ...server, timeoutMs: PATIENCE_MS });
  try {
    await socket.line();
    await finish(socket, "login", "LOGIN alice secret");
    await socket.write("a CAPABILITY\r\n");
    const response = await next(socket);
    return new Set(response?.toUpperCase().split(" ").slice(2) ?? []);
  } finally {
    await socket.close();
  }
}

/**
 * Null when the other server says the same, else the first difference. What it says by an `O:` line of the dialogue is the same, but
 * an `O:` line that it does not need is a difference, too.
 */
export async function differenceAt(dialogue: Dialogue, server: OtherServer): Promise<string | null> {
  const runner = new Runner(server);
  try {
    await runner.connect("1");
    for (const { number, text } of dialogue.lines) {
      const difference = await runner.line(text, number);
      if (difference !== null) return difference;
    }
    return await runner.settle() ?? runner.unneeded();
  } catch (error) {
    return error instanceof Error ? error.message.split("\n")[0]! : String(error);
  } finally {
    await runner.close();
  }
}

interface Connection {
  readonly socket: TestSocket;
  /** What the dialogue expects and has not been compared yet: the lines of our server as one text, ... */
  expected: string;
  /** ... and what another server may say in place of the response that ends there. */
  others: Other[];
  line: number;
}

/** An `O:` line. */
interface Other {
  /** Where in `expected` the response ends that it is about. */
  readonly at: number;
  readonly text: string;
  readonly line: number;
  isNeeded: boolean;
}

/** One response that is waited for. */
interface Wanted {
  readonly text: string;
  readonly others: readonly Other[];
}

const SILENCE = "(silence)";
const CLOSED = "(closed)";
/** In place of a response: that it may not come at all. */
const NOTHING = "(nothing)";
/** Before a response: that it may come besides. */
const ALSO = "also ";

class Runner {
  readonly #server: OtherServer;
  readonly #connections = new Map<string, Connection>();
  readonly #others: Other[] = [];

  constructor(server: OtherServer) {
    this.#server = server;
  }

  async connect(number: string): Promise<void> {
    const socket = await TestSocket.connect({ ...this.#server, timeoutMs: PATIENCE_MS });
    await socket.line();
    this.#connections.set(number, { socket, expected: "", others: [], line: 0 });
  }

  async line(text: string, number: number): Promise<string | null> {
    const match = /^([CSO])(\d?): ?(.*)$/.exec(text);
    if (match !== null && match[1] !== "C") {
      const connection = this.#connection(match[2] || "1");
      if (match[1] === "S") {
        connection.expected += `${match[3]}\r\n`;
        connection.line = number;
      } else {
        const other = { at: connection.expected.length, text: match[3]!, line: number, isNeeded: false };
        connection.others.push(other);
        this.#others.push(other);
      }
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
      const { socket, expected, others } = connection;
      connection.expected = "";
      connection.others = [];
      const difference = await compare(socket, responsesOf(expected, others));
      if (difference !== null) return `line ${connection.line}: ${difference}`;
    }
    return null;
  }

  /** An `O:` line that nothing was said by. */
  unneeded(): string | null {
    const other = this.#others.find(({ isNeeded }) => !isNeeded);
    return other === undefined ? null : `line ${other.line}: nobody said this, take it off`;
  }

  async close(): Promise<void> {
    for (const { socket } of this.#connections.values()) await socket.close();
  }

  async #directive([name, ...words]: string[]): Promise<void> {
    if (name === "@connect") return await this.connect(words[0]!);
    if (name === "@append") return await this.#append(words);
    if (name === "@needs") return;
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
function responsesOf(expected: string, others: readonly Other[]): Wanted[] {
  const responses: Wanted[] = [];
  let start = 0;
  // Where responses end is looked for in bytes, as the sizes of literals count them.
  const text = latin1(encodeUtf8(expected));
  const marks = others.map((other) => ({ other, at: encodeUtf8(expected.slice(0, other.at)).length }));
  // Something may come that we say nothing in place of.
  const first = marks.filter(({ at }) => at === 0).map(({ other }) => other);
  if (first.length > 0) responses.push({ text: NOTHING, others: first });
  while (start < text.length) {
    let end = start;
    for (;;) {
      const lineEnd = text.indexOf("\r\n", end);
      const literal = /\{(\d+)\}$/.exec(text.slice(end, lineEnd));
      end = lineEnd + 2;
      if (literal === null) break;
      end += Number(literal[1]);
    }
    const about = marks.filter(({ at }) => at > start && at <= end).map(({ other }) => other);
    responses.push({ text: text.slice(start, end - 2), others: about });
    start = end;
  }
  return responses;
}

/** Reads until the last of what is expected has come, and compares: in any order, but nothing missing and nothing more. */
async function compare(socket: TestSocket, expected: readonly Wanted[]): Promise<string | null> {
  const open = [...expected];
  while (open.length > 0) {
    if (open.every(({ text }) => isOptional(text) && text.startsWith("*"))) return null;
    const response = await next(socket).catch(() => SILENCE);
    const heard = response ?? CLOSED;
    const found = open.findIndex((wanted) => isMeant(heard, wanted));
    if (found >= 0) {
      if (!also(heard, open[found]!)) open.splice(found, 1);
    } else if ((heard === SILENCE || heard === CLOSED) && open.every(mayBeMissing)) return null;
    else if (!isOptional(heard)) return `expected ${show(open[0]!.text)}, heard ${show(heard)}`;
    // The answer under the tag is the last word.
    const isLast = found >= 0 && /^[^*+]\S* (?:OK|NO|BAD)/.test(heard) && open.length > 0;
    if (!isLast || open.some(({ text }) => /^[^*]/.test(text) && text !== NOTHING)) continue;
    const missing = open.find((wanted) => !isOptional(wanted.text) && !mayBeMissing(wanted));
    return missing === undefined ? null : `missing ${show(missing.text)}`;
  }
  return null;
}

/** Whether it is what we say, or what another server may say instead. */
function isMeant(heard: string, { text, others }: Wanted): boolean {
  if (text !== NOTHING && means(heard, text)) return true;
  const other = others.find((one) => means(heard, withoutAlso(one.text)));
  if (other === undefined) return false;
  other.isNeeded = true;
  return true;
}

/** It came besides what is waited for. */
function also(heard: string, { text, others }: Wanted): boolean {
  return !(text !== NOTHING && means(heard, text)) &&
    others.some((one) => one.text.startsWith(ALSO) && means(heard, withoutAlso(one.text)));
}

function withoutAlso(text: string): string {
  return text.startsWith(ALSO) ? text.slice(ALSO.length) : text;
}

function mayBeMissing({ text, others }: Wanted): boolean {
  if (text === NOTHING) return true;
  const nothing = others.find((other) => other.text === NOTHING);
  if (nothing !== undefined) nothing.isNeeded = true;
  return nothing !== undefined;
}

function show(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}...` : text);
}
