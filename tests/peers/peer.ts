/**
 * Programs that we did not write, run against the real server. One that is missing fails its test: a peer that was
 * skipped proves nothing. `.ci/run` installs them.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Mailden, type MaildenOptions } from "../support/mailden.ts";

export interface PeerResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface PeerOptions {
  readonly stdin?: string;
  /** Leave its input open, as a terminal is: to some its end is a key. */
  readonly holdStdin?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** 0 unless told otherwise; null for any. */
  readonly code?: number | null;
  readonly timeoutMs?: number;
}

/** Runs a program to its end and insists on its exit code. */
export async function run(
  program: string,
  args: readonly string[],
  options: PeerOptions = {},
): Promise<PeerResult> {
  const child = spawn(program, args, options);
  const writer = child.stdin.getWriter();
  // A program may end without reading all of its input.
  await writer.write(new TextEncoder().encode(options.stdin ?? "")).catch(() => {});
  const close = () => writer.close().catch(() => {});
  if (!options.holdStdin) await close();
  const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? 60_000);
  const output = await child.output();
  if (options.holdStdin) await close();
  clearTimeout(timer);
  const result = {
    code: output.code,
    stdout: new TextDecoder().decode(output.stdout),
    stderr: new TextDecoder().decode(output.stderr),
  };
  const { code = 0 } = options;
  if (code !== null) {
    assert.equal(result.code, code, `${program} ${args.join(" ")}:\n${result.stdout}\n${result.stderr}`);
  }
  return result;
}

/** Starts a program, to be stopped in the middle; `run` is for those that may end by themselves. */
export function spawn(
  program: string,
  args: readonly string[],
  options: PeerOptions = {},
): Deno.ChildProcess {
  try {
    return new Deno.Command(program, {
      args: [...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      env: { LC_ALL: "C.UTF-8", ...options.env },
      ...options.cwd === undefined ? {} : { cwd: options.cwd },
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new Error(`The peer ${program} is not installed; .ci/run says which Debian package has it`);
    }
    throw error;
  }
}

const UNTIL_MS = 60_000;

export const ALICE = "alice@example.test";
export const BOB = "bob@example.test";
export const PASSWORD = "correct horse 7";

/** A server with two accounts, and a folder for the peer's own files. */
export async function startForPeers(
  options: MaildenOptions = {},
): Promise<{ server: Mailden; folder: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ prefix: "mailden-peer-" });
  const server = await Mailden.start({
    accounts: { [ALICE]: PASSWORD, [BOB]: PASSWORD },
    ...options,
  });
  return {
    server,
    folder,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Writes a file of the peer's, readable by us alone as some insist, and returns its path. */
export async function writeFile(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await Deno.writeTextFile(path, text, { mode: 0o600 });
  return path;
}

/** The server's certificate in a file, for those that want to be told whom to trust. */
export async function certificateOf(server: Mailden, folder: string): Promise<string> {
  const { stdout } = await run("openssl", [
    "s_client",
    "-connect",
    `127.0.0.1:${server.ports.imaps}`,
    "-showcerts",
  ]);
  const pem = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(stdout)?.[0];
  assert.ok(pem !== undefined, stdout);
  return await writeFile(folder, "server.pem", `${pem}\n`);
}

/** Waits until it holds; asks again every few milliseconds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + UNTIL_MS; !await holds();) {
    assert.ok(Date.now() < end, `Not within ${UNTIL_MS / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Delivers plain messages to an account from outside. */
export async function deliver(server: Mailden, to: string, subjects: readonly string[]): Promise<void> {
  await using smtp = await server.smtp();
  for (const subject of subjects) {
    const message = `From: carol@foreign.test\r\nTo: ${to}\r\nSubject: ${subject}\r\n` +
      `Date: Fri, 02 Jan 2026 03:04:05 +0000\r\nMessage-ID: <${subject}@foreign.test>\r\n\r\n` +
      `Text of ${subject}.\r\n.with a dot\r\n`;
    assert.equal((await smtp.send({ from: "carol@foreign.test", to, message })).code, 250);
  }
}
