/**
 * Dialogues as data. A file holds blocks, each begun by `== title` and run on an empty server:
 *
 *   C: text      the client sends the line (with CR LF)       C2:, S2: ...  a second connection, and so on
 *   S: text      the server must send exactly this line; `...` in it stands for anything
 *   S: (closed)  the server must have closed
 *   O: text      another server, which `dialogue_at.ts` asks, may say this in place of the response before it; `O: (nothing)` that it
 *                may not say it at all, `O: also text` that it may say more. The comment before it tells why.
 *   # text       a comment, above all the section of an RFC
 *   @needs CAPABILITY                 what the block is about: another server is asked only if it announces that
 *   @connect 2 [plain|tls]            opens a connection (number 1 is there from the start) and takes its greeting
 *   @login 1 alice [MAILBOX]          logs in, and selects
 *   @append MAILBOX FILE [(FLAGS)] [DATE]   puts messages/FILE into alice's mailbox
 *   @limit NAME NUMBER                before anything else: another limit
 *   @quota NAME BYTES MESSAGES        before anything else: what an account may keep; - is without limit
 *   @plain                            before anything else: connection 1 is without TLS, its greeting is not taken
 *   @shutdown                         the server is asked to stop
 *   @time MS                          lets the clock run
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { ImapLimits } from "../../../src/session/imap/mod.ts";
import { parseDateTime } from "../../../src/wire/imap/mod.ts";
import type { FakeClient } from "../../support/fake_conn.ts";
import { command, type HarnessOptions, ImapHarness } from "./harness.ts";
import { PATIENCE_MS } from "../../support/patience.ts";

export interface Dialogue {
  readonly title: string;
  readonly lines: readonly { readonly number: number; readonly text: string }[];
}

const FOLDER = join(import.meta.dirname!, "dialogues");

export function readDialogues(file: string): Dialogue[] {
  const dialogues: { title: string; lines: { number: number; text: string }[] }[] = [];
  for (const [index, text] of Deno.readTextFileSync(join(FOLDER, file)).split("\n").entries()) {
    if (text.startsWith("== ")) dialogues.push({ title: text.slice(3), lines: [] });
    else if (text !== "" && !text.startsWith("#")) dialogues.at(-1)!.lines.push({ number: index + 1, text });
  }
  return dialogues;
}

/** A message as it stands in `messages/`, with CR LF. */
export function readMessage(file: string): string {
  return Deno.readTextFileSync(join(FOLDER, "messages", file)).replaceAll("\n", "\r\n");
}

export async function runDialogue(dialogue: Dialogue, chunkSize: number): Promise<void> {
  const settings = dialogue.lines.filter(({ text }) => text.startsWith("@limit "));
  const limits = Object.fromEntries(settings.map(({ text }) => {
    const [, name, value] = text.split(" ");
    return [name, Number(value)];
  })) as Partial<ImapLimits>;
  await using harness = new ImapHarness({ limits, quotas: readQuotas(dialogue) });
  const runner = new Runner(harness, chunkSize);
  const isPlain = dialogue.lines.some(({ text }) => text === "@plain");
  await runner.connect("1", isPlain);
  for (const { number, text } of dialogue.lines) {
    try {
      await inTime(runner.line(text));
    } catch (error) {
      throw new Error(`Line ${number}: ${text}\n${error instanceof Error ? error.message : error}`);
    }
  }
  await inTime(runner.end());
}

/** One that waits for bytes that never come (a literal's size is wrong) must not wait for ever. */
async function inTime(work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error("Nothing came: is the size of a literal wrong?")),
    PATIENCE_MS,
  );
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function readQuotas({ lines }: Dialogue): NonNullable<HarnessOptions["quotas"]> {
  const limit = (word: string) => word === "-" ? null : Number(word);
  return Object.fromEntries(
    lines.filter(({ text }) => text.startsWith("@quota ")).map(({ text }) => {
      const [, name, bytes, messages] = text.split(" ");
      return [name!, { quota: limit(bytes!), quotaMessages: limit(messages!) }];
    }),
  );
}

class Runner {
  readonly #harness: ImapHarness;
  readonly #chunkSize: number;
  readonly #clients = new Map<string, FakeClient>();

  constructor(harness: ImapHarness, chunkSize: number) {
    this.#harness = harness;
    this.#chunkSize = chunkSize;
  }

  async connect(number: string, plain: boolean): Promise<void> {
    const options = { chunkSize: this.#chunkSize, ...(plain ? { tls: null } : {}) };
    const client = this.#harness.connect(options);
    this.#clients.set(number, client);
    if (!plain) await client.readLine();
  }

  async line(text: string): Promise<void> {
    if (/^O\d?: /.test(text)) return;
    const match = /^([CS])(\d?): ?(.*)$/.exec(text);
    if (match === null) return await this.#directive(text.split(" "));
    const client = this.#client(match[2] || "1");
    const content = match[3]!;
    if (match[1] === "C") client.write(`${content}\r\n`);
    else if (content === "(closed)") assert.equal(await client.readLine(), null);
    else assertLine(await client.readLine(), content);
  }

  /** Nothing more may have been said than was expected. */
  async end(): Promise<void> {
    for (const client of this.#clients.values()) {
      client.close();
      assert.equal(await client.readAll(), "");
    }
  }

  async #directive([name, ...words]: string[]): Promise<void> {
    switch (name) {
      case "@connect":
        return await this.connect(words[0]!, words[1] === "plain");
      case "@login": {
        const client = this.#client(words[0]!);
        await command(client, `LOGIN ${words[1]} secret`, "login");
        if (words[2] !== undefined) await command(client, `SELECT ${words[2]}`, "select");
        return;
      }
      case "@append":
        return await this.#append(words);
      case "@shutdown":
        return this.#harness.shutdown.abort();
      case "@time":
        return await this.#harness.clock.advance(Number(words[0]));
      case "@needs":
      case "@limit":
      case "@quota":
      case "@plain":
        return;
      default:
        throw new Error("No such directive");
    }
  }

  async #append([mailbox, file, ...rest]: string[]): Promise<void> {
    const match = /^(?:\((.*?)\))? ?(?:"(.*)")?$/.exec(rest.join(" "));
    const flags = match?.[1] ? match[1].split(" ") : [];
    const date = match?.[2] === undefined ? null : parseDateTime(match[2]);
    const options = { flags, ...(date === null ? {} : { date }) };
    await this.#harness.append(mailbox!, readMessage(file!), options);
  }

  #client(number: string): FakeClient {
    const client = this.#clients.get(number);
    if (client === undefined) throw new Error(`There is no connection ${number}`);
    return client;
  }
}

function assertLine(actual: string | null, expected: string): void {
  const pattern = expected.split("...").map(escape).join(".*");
  if (actual !== null && new RegExp(`^${pattern}$`).test(actual)) return;
  assert.equal(actual, expected);
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
