/**
 * Dialogues as text files:
 *
 *     # a comment
 *     @service submission      smtp (default), submission, submissions, lmtp
 *     @tls                     TLS from the start
 *     @loopback                the client is on this machine
 *     @plaintext               log-in without TLS is allowed on this machine
 *     @nodsn                   reports are not offered to strangers
 *     @limit recipients=3      one member of SmtpLimits
 *     C: EHLO client           the client says a line; CR LF is added, \r \n \0 \\ \xHH and \u{HHHH} are understood
 *     C= half a line           the same without CR LF
 *     C* 3 NOOP                three times
 *     S: 250 2.0.0             the next line of the server begins so
 *     S* 3 250                 the next three lines do
 *     S> 250                   lines are passed over up to the last one of a reply, which begins so
 *     S!                       the server closes
 *     D: from=<a@b> ...        what the door took next (see summarize in scripted_door.ts); a prefix
 *
 * What the client says without an S between goes out in one write.
 */
import assert from "node:assert/strict";
import type { SmtpLimits, SmtpService } from "../../../src/session/smtp/mod.ts";
import { concatBytes, encodeLatin1, encodeUtf8 } from "../../../src/core/bytes.ts";
import { TEST_TLS } from "../../support/fake_conn.ts";
import { type Running, type SessionOptions, startSession } from "./harness.ts";
import { summarize } from "./scripted_door.ts";

interface Line {
  readonly number: number;
  readonly kind: string;
  readonly text: string;
}

export async function playDialogue(file: string, chunkSize?: number): Promise<void> {
  const lines = (await Deno.readTextFile(file)).split("\n").map((text, index): Line => {
    const [, kind = "", rest = ""] = /^(@\w+|C[:=*]|S[:*>!]|D:|#) ?(.*)$/.exec(text) ?? [];
    assert.ok(kind !== "" || text === "", `${file}:${index + 1}: Cannot read the line`);
    return { number: index + 1, kind, text: rest };
  });
  const running = startSession(readOptions(lines, chunkSize));
  const player = new Player(running, file);
  for (const line of lines) await player.play(line);
  await player.finish();
}

function readOptions(lines: readonly Line[], chunkSize: number | undefined): SessionOptions {
  const has = (kind: string) => lines.some((line) => line.kind === kind);
  const limits: Record<string, number> = {};
  for (const { text } of lines.filter((line) => line.kind === "@limit")) {
    const [name = "", value = ""] = text.split("=");
    limits[name] = Number(value);
  }
  const service = lines.find((line) => line.kind === "@service")?.text ?? "smtp";
  return {
    service: service as SmtpService,
    limits: limits as Partial<SmtpLimits>,
    plaintextAuth: has("@plaintext"),
    strangersDsn: !has("@nodsn"),
    conn: {
      ...(chunkSize === undefined ? {} : { chunkSize }),
      ...(has("@tls") ? { tls: TEST_TLS } : {}),
      ...(has("@loopback") ? { remote: { host: "127.0.0.1", port: 40000 } } : {}),
    },
  };
}

class Player {
  readonly #running: Running;
  readonly #file: string;
  #unsent: Uint8Array[] = [];
  #taken = 0;

  constructor(running: Running, file: string) {
    this.#running = running;
    this.#file = file;
  }

  async play({ number, kind, text }: Line): Promise<void> {
    const at = `${this.#file}:${number}`;
    if (kind.startsWith("C")) return this.#say(kind, text);
    if (kind === "" || kind === "#" || kind.startsWith("@")) return;
    this.#send();
    const [, count = "1", repeated = ""] = /^([0-9]+) (.*)$/.exec(text) ?? [];
    if (kind === "S:") await this.#expect(text, at);
    else if (kind === "S*") { for (let i = 0; i < Number(count); i++) await this.#expect(repeated, at); }
    else if (kind === "S>") await this.#expectLast(text, at);
    else if (kind === "S!") assert.equal(await this.#running.client.readLine(), null, at);
    else this.#expectTaken(text, at);
  }

  /** Nothing must be left over, and no password in the log. */
  async finish(): Promise<void> {
    this.#send();
    this.#running.client.close();
    assert.equal(await this.#running.client.readAll(), "", this.#file);
    await this.#running.ended;
    assert.equal(
      this.#running.door.taken.length,
      this.#taken,
      `${this.#file}: Messages that no D: line expects`,
    );
    assert.doesNotMatch(
      JSON.stringify(this.#running.log.entries),
      /secret|c2VjcmV0|NlY3JldA/,
      "A password is in the log",
    );
    assert.equal(this.#running.log.of("session-end").length, 1);
  }

  #say(kind: string, text: string): void {
    const [, count, repeated] = kind === "C*" ? /^([0-9]+) (.*)$/.exec(text)! : [null, "1", text];
    for (let i = 0; i < Number(count); i++) {
      this.#unsent.push(unescape(repeated!));
      if (kind !== "C=") this.#unsent.push(encodeUtf8("\r\n"));
    }
  }

  #send(): void {
    if (this.#unsent.length > 0) this.#running.client.write(concatBytes(this.#unsent));
    this.#unsent = [];
  }

  async #expect(prefix: string, at: string): Promise<string> {
    const line = await this.#running.client.readLine();
    assert.ok(line?.startsWith(prefix), `${at}: Expected ${prefix}, the server said ${line}`);
    return line!;
  }

  async #expectLast(prefix: string, at: string): Promise<void> {
    while ((await this.#expect(prefix.slice(0, 3), at))[3] === "-");
  }

  #expectTaken(summary: string, at: string): void {
    const taken = this.#running.door.taken[this.#taken++];
    const found = taken === undefined ? "nothing" : summarize(taken);
    assert.ok(found.startsWith(summary), `${at}: Expected ${summary}, the door took ${found}`);
  }
}

/** Text becomes UTF-8; \xHH is one octet. */
function unescape(text: string): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [piece] of text.matchAll(/\\x[0-9a-f]{2}|\\u\{[0-9a-f]+\}|\\.|[^\\]+/gi)) {
    if (/^\\x/i.test(piece)) parts.push(Uint8Array.of(parseInt(piece.slice(2), 16)));
    else if (/^\\u/i.test(piece)) parts.push(encodeUtf8(String.fromCodePoint(parseInt(piece.slice(3), 16))));
    else if (piece[0] === "\\") {
      const controls: Record<string, string> = { r: "\r", n: "\n", "0": "\0", t: "\t" };
      parts.push(encodeLatin1(controls[piece[1]!] ?? piece[1]!));
    } else parts.push(encodeUtf8(piece));
  }
  return concatBytes(parts);
}
