/**
 * Exact bytes (RFC 3501 section 6.4.5, RFC 3516): for every message of the corpus, every section that its BODYSTRUCTURE shows,
 * fetched whole, in pieces and without its encoding, is what is stored.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { concatBytes, encodeUtf8 } from "../../../src/core/bytes.ts";
import { Encoder, encodeStructure } from "../../../src/wire/imap/mod.ts";
import { decodeContent, parseMessage } from "../../../src/wire/mime/mod.ts";
import { serveImap } from "../../../src/session/imap/mod.ts";
import { connPair, type FakeClient, TEST_TLS } from "../../support/fake_conn.ts";
import { ResponseParser, textOf, type Value } from "../../wire/imap/parser.ts";
import { command, ImapHarness } from "./harness.ts";

const TESTS = join(import.meta.dirname!, "..", "..");
const FOLDERS = [join(TESTS, "corpus", "mime"), join(import.meta.dirname!, "dialogues", "messages")];
const IDENTITY = ["7bit", "8bit", "binary"];
const KNOWN = [...IDENTITY, "base64", "quoted-printable"];

/** A body of BODYSTRUCTURE with the number that a client counts out for it (section 6.4.5). */
interface Body {
  readonly path: string;
  readonly kind: "multipart" | "message" | "leaf";
  readonly encoding: string;
  /** As BODYSTRUCTURE says; null for a multipart, where it does not. */
  readonly octets: number | null;
}

function bodiesOf(message: Uint8Array): Body[] {
  const encoder = new Encoder();
  encodeStructure(encoder, parseMessage(message).structure, true);
  const top = new ResponseParser(encoder.take()).value() as Value[];
  const found: Body[] = [];
  const walk = (body: Value[], path: readonly number[]): void => {
    const parts = body.filter((item, place) =>
      Array.isArray(item) && body.slice(0, place).every(Array.isArray)
    );
    if (Array.isArray(body[0])) {
      if (path.length > 0) {
        found.push({ path: path.join("."), kind: "multipart", encoding: "7bit", octets: null });
      }
      parts.forEach((part, place) => walk(part as Value[], [...path, place + 1]));
      return;
    }
    const own = path.length === 0 ? [1] : path;
    const isMessage = textOf(body[0]) === "message" && textOf(body[1]) === "rfc822";
    const kind = isMessage ? "message" : "leaf";
    found.push({ path: own.join("."), kind, encoding: textOf(body[5])!, octets: Number(body[6]) });
    if (!isMessage) return;
    const inner = body[8] as Value[];
    // The body of a message in a message is counted on from its own number when it has parts, else it is its part 1.
    walk(inner, Array.isArray(inner[0]) ? own : [...own, 1]);
  };
  walk(top, []);
  return found.filter((body, place) => found.findIndex(({ path }) => path === body.path) === place);
}

/** The bytes of one item; null for NIL, a number as its digits. */
async function fetchItem(client: FakeClient, item: string): Promise<Uint8Array | null> {
  client.write(`t FETCH 1 ${item}\r\n`);
  const line = (await client.readLine())!;
  const [, value] = /^\* 1 FETCH \(.* (\S+)$/.exec(line) ?? assert.fail(line);
  const literal = /^(~?)\{(\d+)\}$/.exec(value!);
  if (literal === null) {
    assert.match((await client.readLine())!, /^t OK|^t NO \[UNKNOWN-CTE\]/);
    return value === "NIL)" ? null : encodeUtf8(value!.slice(0, -1));
  }
  const bytes = await client.readBytes(Number(literal[2]));
  if (item.startsWith("BINARY")) {
    assert.equal(literal[1] === "~", bytes.includes(0), "a literal8 only where NUL is");
  }
  assert.equal(await client.readLine(), ")");
  assert.match((await client.readLine())!, /^t OK/);
  return bytes;
}

function indexOf(message: Uint8Array, piece: Uint8Array): number {
  for (let at = 0; at + piece.length <= message.length; at++) {
    if (piece.every((byte, place) => message[at + place] === byte)) return at;
  }
  return -1;
}

async function checkBody(client: FakeClient, message: Uint8Array, body: Body): Promise<void> {
  const { path, kind, encoding, octets } = body;
  const stored = (await fetchItem(client, `BODY.PEEK[${path}]`))!;
  if (octets !== null) assert.equal(stored.length, octets, `octets of ${path}`);
  const mime = (await fetchItem(client, `BODY.PEEK[${path}.MIME]`))!;
  assert.ok(
    indexOf(message, concatBytes([mime, stored])) >= 0,
    `${path}: its header and body stand in the message`,
  );
  const third = Math.floor(stored.length / 3) + 1;
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < stored.length; at += third) {
    pieces.push((await fetchItem(client, `BODY.PEEK[${path}]<${at}.${third}>`))!);
  }
  assert.deepEqual(concatBytes(pieces), stored, `${path} in pieces`);
  const header = await fetchItem(client, `BODY.PEEK[${path}.HEADER]`);
  assert.equal(header !== null, kind === "message", `only a message in a message has a HEADER: ${path}`);
  if (header !== null) {
    const text = (await fetchItem(client, `BODY.PEEK[${path}.TEXT]`))!;
    assert.deepEqual(concatBytes([header, text]), stored, `${path}.HEADER and .TEXT`);
  }
  await checkBinary(client, stored, { path, encoding: kind === "leaf" ? encoding : "binary" });
}

async function checkBinary(
  client: FakeClient,
  stored: Uint8Array,
  { path, encoding }: { readonly path: string; readonly encoding: string },
): Promise<void> {
  const binary = await fetchItem(client, `BINARY.PEEK[${path}]`);
  if (!KNOWN.includes(encoding)) return assert.equal(binary, null, `${path} is ${encoding}`);
  const decoded = decodeContent(stored, encoding);
  assert.deepEqual(binary, new Uint8Array(decoded), `BINARY[${path}]`);
  const size = await fetchItem(client, `BINARY.SIZE[${path}]`);
  assert.equal(new TextDecoder().decode(size!), String(decoded.length), `BINARY.SIZE[${path}]`);
  const [start, length] = [Math.floor(decoded.length / 4), Math.floor(decoded.length / 2) + 1];
  const part = await fetchItem(client, `BINARY.PEEK[${path}]<${start}.${length}>`);
  assert.deepEqual(part, new Uint8Array(decoded.slice(start, start + length)), `BINARY[${path}] in part`);
}

async function checkMessage(message: Uint8Array): Promise<void> {
  await using harness = new ImapHarness();
  await harness.append("INBOX", message);
  const { server, client } = connPair({ id: "exact", tls: TEST_TLS });
  // Past the pedantic client of the harness: a stored NUL is shown as it is, though no literal should hold one.
  const serving = serveImap(server, harness.deps);
  await client.readLine();
  await command(client, "LOGIN alice secret");
  await command(client, "SELECT INBOX");
  assert.deepEqual(await fetchItem(client, "BODY.PEEK[]"), message);
  assert.deepEqual(await fetchItem(client, "RFC822.SIZE"), encodeUtf8(String(message.length)));
  const halves = [await fetchItem(client, "BODY.PEEK[HEADER]"), await fetchItem(client, "BODY.PEEK[TEXT]")];
  assert.deepEqual(concatBytes(halves as Uint8Array[]), message, "HEADER and TEXT");
  for (const body of bodiesOf(message)) await checkBody(client, message, body);
  client.close();
  await serving;
}

for (const folder of FOLDERS) {
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.endsWith(".eml") || name === "50-empty.eml") continue;
    Deno.test(`every section of ${name} is what is stored`, () =>
      checkMessage(Deno.readFileSync(join(folder, name))));
  }
}

Deno.test("a decoded part with NUL comes as a literal8, in a part of it only if that has one (RFC 3516 section 4.4)", async () => {
  await using harness = new ImapHarness();
  await harness.append("INBOX", "Content-Transfer-Encoding: base64\r\n\r\nYWIAY2Q=\r\n");
  const client = await harness.login();
  await command(client, "SELECT INBOX");
  assert.deepEqual(await fetchItem(client, "BINARY.PEEK[1]"), encodeUtf8("ab\0cd"));
  assert.deepEqual(await fetchItem(client, "BINARY.PEEK[1]<0.2>"), encodeUtf8("ab"));
});

Deno.test("a large encoded part is decoded without being held, and its pieces fit together", async () => {
  const content = crypto.getRandomValues(new Uint8Array(60_000));
  const large = concatBytes(Array.from({ length: 12 }, () => content));
  const encoded = btoa(String.fromCharCode(...content)).replace(/(.{76})/g, "$1\r\n");
  await using harness = new ImapHarness();
  await harness.append(
    "INBOX",
    `Content-Transfer-Encoding: base64\r\n\r\n${Array.from({ length: 12 }, () => encoded).join("\r\n")}\r\n`,
  );
  const client = await harness.login();
  await command(client, "SELECT INBOX");
  assert.deepEqual(await fetchItem(client, "BINARY.PEEK[1]"), large);
  assert.deepEqual(await fetchItem(client, "BINARY.PEEK[1]<59999.600002>"), large.slice(59_999, 660_001));
});

Deno.test("property: pieces of any length make up the section", async () => {
  const message = Deno.readFileSync(join(FOLDERS[1]!, "mixed.eml"));
  await using harness = new ImapHarness();
  await harness.append("INBOX", message);
  const client = await harness.login();
  await command(client, "SELECT INBOX");
  const section = fc.constantFrom(
    "",
    "1",
    "2",
    "2.1",
    "2.2.MIME",
    "2.HEADER",
    "HEADER.FIELDS (From Subject)",
    "TEXT",
  );
  await fc.assert(
    fc.asyncProperty(section, fc.nat(700), fc.integer({ min: 1, max: 700 }), async (name, start, length) => {
      const whole = (await fetchItem(client, `BODY.PEEK[${name}]`))!;
      const part = await fetchItem(client, `BODY.PEEK[${name}]<${start}.${length}>`);
      assert.deepEqual(part, whole.slice(start, start + length));
    }),
    { numRuns: 100 },
  );
});
