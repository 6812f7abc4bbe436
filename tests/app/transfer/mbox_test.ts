import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { Progress } from "../../../src/app/transfer/mod.ts";
import { mboxFolders, type MboxVariant } from "../../../src/app/transfer/mod.ts";
import { formatFromLine, FromQuoting, parseFromLine } from "../../../src/app/transfer/mbox_lines.ts";
import { mboxMessage } from "../../../src/app/transfer/mbox_target.ts";
import { readMboxHeader } from "../../../src/app/transfer/mbox_status.ts";
import { ToCrlf, ToLf } from "../../../src/app/transfer/line_ends.ts";
import { concatBytes, decodeLatin1, encodeLatin1 } from "../../../src/core/bytes.ts";
import { systemClock } from "../../../src/net/system.ts";
import { ScriptedTerminal, temporaryFolder } from "../fixtures.ts";

interface Read {
  readonly messages: { readonly text: string; readonly flags: readonly string[]; readonly date: number }[];
  readonly problems: string;
}

/** What an mbox file of this text is read as. */
async function readMbox(text: string, variant: MboxVariant = "mboxrd"): Promise<Read> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "box");
  await Deno.writeFile(path, encodeLatin1(text));
  const terminal = new ScriptedTerminal();
  const progress = new Progress(terminal, systemClock);
  const messages: Read["messages"] = [];
  for (const source of await mboxFolders(path, { variant, progress })) {
    for await (const { open, flags, internalDate } of source.messages()) {
      const parts: Uint8Array[] = [];
      for await (const part of open()) parts.push(part);
      messages.push({ text: decodeLatin1(concatBytes(parts)), flags, date: internalDate });
    }
  }
  progress.finish("Read");
  return { messages, problems: terminal.errors.join("\n") };
}

const texts = async (text: string, variant?: MboxVariant) =>
  (await readMbox(text, variant)).messages.map((m) => m.text);

const LINE = "From bob@foreign.test Fri Jan  2 03:04:05 2026\n";
const AT = Date.UTC(2026, 0, 2, 3, 4, 5);

Deno.test("mbox: the line before a message", () => {
  const lines: readonly (readonly [line: string, date: number | null])[] = [
    [LINE, AT],
    ["From - Fri Jan 02 03:04:05 2026\r\n", AT],
    ["From bob@foreign.test Fri Jan  2 04:04:05 2026 +0100", AT],
    ["From bob@foreign.test Fri Jan  2 03:04 +0000 2026", AT - 5000],
    ['From "a b"@foreign.test Fri Jan  2 03:04:05 UTC 2026', AT],
    ["From here on it is clear", null],
    ["From Fri Jan 2 03:04:05", null],
    [`From ${"x".repeat(2000)} Fri Jan  2 03:04:05 2026`, null],
    ["from bob Fri Jan  2 03:04:05 2026", null],
  ];
  for (const [line, date] of lines) assert.equal(parseFromLine(encodeLatin1(line)), date, line);
  assert.equal(parseFromLine(formatFromLine(AT + 999)), AT);
});

Deno.test("mbox: the variants read the same message from their own form of it", async () => {
  const head = "Subject: One\n";
  const plain = "Subject: One\r\n\r\nFrom me\r\n>From him\r\nend\r\n";
  const body = (from: string, quoted: string) => `\n${from} me\n${quoted} him\nend\n`;
  const next = `\n${LINE}Subject: Two\n\ntwo\n\n`;
  const forms: readonly (readonly [MboxVariant, string])[] = [
    ["mboxrd", head + body(">From", ">>From")],
    ["mboxcl", `${head}Content-Length: 24\n` + body(">From", ">>From")],
    ["mboxcl2", `${head}Content-Length: 22\n` + body("From", ">From")],
  ];
  for (const [variant, form] of forms) {
    const second = variant === "mboxrd" ? next : next.replace("Two\n", "Two\nContent-Length: 4\n");
    const { messages, problems } = await readMbox(LINE + form + second, variant);
    assert.equal(problems, "", variant);
    assert.deepEqual(messages.map(({ text }) => text), [plain, "Subject: Two\r\n\r\ntwo\r\n"], variant);
  }
  // mboxo does not tell whether the second line had its sign before: one is taken, and of two none.
  assert.deepEqual(await texts(`${LINE}S: o\n\n>From me\n>>From him\n`, "mboxo"), [
    "S: o\r\n\r\nFrom me\r\n>>From him\r\n",
  ]);
});

Deno.test("mbox: a Content-Length that is wrong is told, and the message is found all the same", async () => {
  const { messages, problems } = await readMbox(
    `${LINE}Subject: a\nContent-Length: 3\n\nlonger than that\n\n${LINE}Subject: b\nContent-Length: 99999\n\nb\n`,
    "mboxcl2",
  );
  assert.deepEqual(messages.map(({ text }) => text), [
    "Subject: a\r\n\r\nlonger than that\r\n",
    "Subject: b\r\n\r\nb\r\n",
  ]);
  assert.equal(problems.match(/Content-Length is missing or wrong/g)?.length, 2);
});

Deno.test("mbox: what is no line of its own does not part a message", async () => {
  const body = "From here on it is text\n\nFrom then on too\n\nx\nFrom bob Fri Jan  2 03:04:05 2026\n";
  const [message, ...more] = await texts(`${LINE}Subject: x\n\n${body}`);
  assert.equal(message, `Subject: x\r\n\r\n${body.replaceAll("\n", "\r\n")}`);
  assert.deepEqual(more, []);
});

Deno.test("mbox: flags at the end of the header, and there only", async () => {
  const own = "Status: RO\nX-Status: AF\nX-Keywords: $Work later\n";
  const { messages: [one] } = await readMbox(`${LINE}Subject: x\nStatus: mine\n${own}\nbody\n`);
  assert.deepEqual(one, {
    text: "Subject: x\r\nStatus: mine\r\n\r\nbody\r\n",
    flags: ["\\Seen", "\\Answered", "\\Flagged", "$Work", "later"],
    date: AT,
  });
  assert.equal(readMboxHeader(encodeLatin1("Status: R\nSubject: x\n")).flags.length, 0);
});

Deno.test("mbox: flags as Thunderbird has them, at the beginning of the header", async () => {
  const own = "X-Account-Key: account1\nX-UIDL: 7\nX-Mozilla-Status: 1007\nX-Mozilla-Status2: 00000000\n" +
    "X-Mozilla-Keys: $label1 work      \n";
  const { messages } = await readMbox(
    `From - Fri Jan  2 03:04:05 2026\n${own}Subject: a\nX-UIDL: mine\n\nx\n\n` +
      "From - Fri Jan  2 03:04:05 2026\nX-Mozilla-Status: 0009\nX-Mozilla-Status2: 00000000\n\n\n" +
      "From - Fri Jan  2 03:04:05 2026\nX-Mozilla-Status: zz\nSubject: b\nStatus: RO\n\n\n" +
      "From - Fri Jan  2 03:04:05 2026\nX-UIDL: mine\nSubject: c\n\n",
  );
  assert.deepEqual(messages.map(({ text, flags }) => [text, flags]), [
    ["Subject: a\r\nX-UIDL: mine\r\n\r\nx\r\n", [
      "\\Seen",
      "\\Answered",
      "\\Flagged",
      "$Forwarded",
      "$label1",
      "work",
    ]],
    // Expunged, and not compacted yet.
    ["\r\n", ["\\Seen", "\\Deleted"]],
    // Written by another program, from a message that had such a field.
    ["X-Mozilla-Status: zz\r\nSubject: b\r\n\r\n", ["\\Seen"]],
    ["X-UIDL: mine\r\nSubject: c\r\n", []],
  ]);
});

Deno.test("mbox: what is none is named; nothing is an empty one", async () => {
  assert.match((await readMbox("Subject: no mbox\n\nhello\n")).problems, /Not an mbox/);
  assert.deepEqual(await readMbox(""), { messages: [], problems: "" });
});

const PIECES = ["From ", ">From ", ">>From x", "\r\n", "\r\n\r\n", "text", "Fro", ">", "a: b", "é", ".", " "];
const message = fc.array(fc.constantFrom(...PIECES), { maxLength: 30 })
  .map((pieces) => `Subject: x\r\n\r\n${pieces.join("")}\r\n`);

Deno.test("mbox: any message is read as it was written", async () => {
  const flags = fc.subarray(["\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted", "$Work", "later"]);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(message, flags), { minLength: 1, maxLength: 5 }), async (mail) => {
      let file = "";
      for (const [text, flags] of mail) {
        const content = async function* () {
          for (let at = 0; at < text.length; at += 7) yield encodeLatin1(text.slice(at, at + 7));
        };
        for await (const part of mboxMessage({ flags, internalDate: AT }, content())) {
          file += decodeLatin1(part);
        }
      }
      const { messages, problems } = await readMbox(file);
      assert.equal(problems, "");
      assert.deepEqual(messages.map((one) => one.text), mail.map(([text]) => text));
      assert.deepEqual(
        messages.map((one) => [...one.flags].sort()),
        mail.map(([, flags]) => [...flags].sort()),
      );
    }),
    { numRuns: 60 },
  );
});

Deno.test("mbox: a file of many windows, with lines across their edges", async () => {
  const bodies = Array.from({ length: 2000 }, (_, i) => `Subject: ${i}\n\n${"x".repeat(i % 613)}\n`);
  const file = bodies.map((body) => `${LINE}${body}\n`).join("");
  assert.deepEqual(await texts(file), bodies.map((body) => body.replaceAll("\n", "\r\n")));
});

Deno.test("line ends: both ways, in chunks of any size", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "\r", "\n") }),
      fc.integer({ min: 1, max: 5 }),
      (text, size) => {
        const crlf = text.replaceAll("\n", "").replaceAll("\r", "\r\n");
        const [down, up] = [new ToLf(), new ToCrlf()];
        const lf = chunksOf(crlf, size).map((chunk) => decodeLatin1(down.write(chunk))).join("") +
          decodeLatin1(down.finish());
        assert.equal(lf, crlf.replaceAll("\r\n", "\n"));
        assert.equal(chunksOf(lf, size).map((chunk) => decodeLatin1(up.write(chunk))).join(""), crlf);
        const any = new ToLf();
        const down2 = chunksOf(text, size).map((chunk) => decodeLatin1(any.write(chunk))).join("") +
          decodeLatin1(any.finish());
        assert.equal(down2, text.replaceAll("\r\n", "\n"));
      },
    ),
  );
});

Deno.test("quoting: one line after the other, in chunks of any size", () => {
  fc.assert(fc.property(message, fc.integer({ min: 1, max: 9 }), (text, size) => {
    const run = (kind: "quote" | "unquote", input: string) => {
      const quoting = new FromQuoting(kind);
      const parts = [...chunksOf(input, size).flatMap((chunk) => quoting.write(chunk)), ...quoting.finish()];
      return decodeLatin1(concatBytes(parts));
    };
    const quoted = run("quote", text);
    assert.equal(quoted, text.replace(/^(>*From )/gm, ">$1"));
    assert.equal(run("unquote", quoted), text);
  }));
});

function chunksOf(text: string, size: number): Uint8Array[] {
  return Array.from(
    { length: Math.ceil(text.length / size) },
    (_, i) => encodeLatin1(text.slice(i * size, (i + 1) * size)),
  );
}
