/** What a command needs of the terminal; tests give it another. */
export interface Terminal {
  /** A line on standard output. */
  out(line: string): void;
  /** A line on standard error. */
  err(line: string): void;
  /** A line on standard error that the next one takes the place of; missing where nobody watches. */
  status?(line: string): void;
  /** Whether a person can be asked. */
  readonly interactive: boolean;
  /** Asks; null when the input ended. */
  ask(prompt: string): Promise<string | null>;
  /** Asks without showing what is typed; null when the input ended, or on Control-C. */
  askSecret(prompt: string): Promise<string | null>;
  /** All of standard input, at most `limit` bytes; throws when there is more. */
  readInput(limit: number): Promise<string>;
}

/** Standard input as `askSecret` needs it. */
export interface SecretInput {
  setRaw(on: boolean): void;
  read(into: Uint8Array): Promise<number | null>;
}

const MAX_LINE = 4096;
const ENTER = [10, 13];
const RUBOUT = [8, 127];
const INTERRUPT = 3;
const END_OF_INPUT = 4;
const KILL_LINE = 21;

export function systemTerminal(): Terminal {
  return {
    out: (line) => writeSync(Deno.stdout, printable(line) + "\n"),
    err: (line) => writeSync(Deno.stderr, printable(line) + "\n"),
    ...(Deno.stderr.isTerminal()
      ? { status: (line: string) => writeSync(Deno.stderr, `\r\x1b[K${printable(line)}`) }
      : {}),
    interactive: Deno.stdin.isTerminal(),
    ask: (prompt) => {
      writeSync(Deno.stderr, prompt);
      return readLine(Deno.stdin);
    },
    askSecret: (prompt) => readSecret(Deno.stdin, (text) => writeSync(Deno.stderr, text), prompt),
    readInput: (limit) => readAll(Deno.stdin, limit),
  };
}

/**
 * What came over the network (a remote host's answer, a sender) is shown too: control characters, which could move the
 * cursor or forge lines, are shown as escapes.
 */
export function printable(text: string): string {
  return text.replace(
    /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Reads one line with the terminal's echo off. */
export async function readSecret(
  input: SecretInput,
  write: (text: string) => void,
  prompt: string,
): Promise<string | null> {
  write(prompt);
  input.setRaw(true);
  try {
    return await readRawLine(input);
  } finally {
    input.setRaw(false);
    write("\n");
  }
}

async function readRawLine(input: SecretInput): Promise<string | null> {
  const typed: number[] = [];
  const one = new Uint8Array(1);
  for (;;) {
    if (await input.read(one) === null) return null;
    const byte = one[0]!;
    if (ENTER.includes(byte)) return new TextDecoder().decode(Uint8Array.from(typed));
    if (byte === INTERRUPT || (byte === END_OF_INPUT && typed.length === 0)) return null;
    if (byte === KILL_LINE) typed.length = 0;
    else if (RUBOUT.includes(byte)) removeCharacter(typed);
    else if (byte >= 32 && typed.length < MAX_LINE) typed.push(byte);
  }
}

/** Takes the last UTF-8 character back: its first byte and all that continue it. */
function removeCharacter(typed: number[]): void {
  while (typed.length > 0 && (typed.pop()! & 0xc0) === 0x80);
}

async function readLine(input: { read(into: Uint8Array): Promise<number | null> }): Promise<string | null> {
  const bytes: number[] = [];
  const one = new Uint8Array(1);
  while (bytes.length < MAX_LINE) {
    if (await input.read(one) === null) {
      if (bytes.length === 0) return null;
      break;
    }
    if (one[0] === 10) break;
    bytes.push(one[0]!);
  }
  return new TextDecoder().decode(Uint8Array.from(bytes)).replace(/\r$/, "");
}

async function readAll(
  input: { read(into: Uint8Array): Promise<number | null> },
  limit: number,
): Promise<string> {
  const chunk = new Uint8Array(limit + 1);
  let length = 0;
  for (;;) {
    const got = await input.read(chunk.subarray(length));
    if (got === null) return new TextDecoder().decode(chunk.subarray(0, length));
    length += got;
    if (length > limit) throw new Error(`Standard input is longer than ${limit} bytes`);
  }
}

function writeSync(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
}
