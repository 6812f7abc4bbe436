import assert from "node:assert/strict";
import { isLoopback, isPublic } from "../../src/retrieval/address_guard.ts";
import type { SourceSpec } from "../../src/retrieval/mod.ts";
import type { FakeClient } from "../support/fake_conn.ts";
import { FixedClock } from "../support/fakes.ts";
import { look } from "./look.ts";
import { type Script, scripted, SPEC } from "./scripted.ts";
import { imapData, imapServer, letter, pop3Data, pop3Server } from "./servers.ts";

const POP3: SourceSpec = { ...SPEC, protocol: "pop3" };
const SETTINGS = { messages: 500 };
/** For servers that stop talking. */
const IMPATIENT = { ...SETTINGS, commandTimeoutMs: 300, listTimeoutMs: 300, messageTimeoutMs: 300 };

/** Writes until the other side has had enough; how much that was. */
async function flood(peer: FakeClient, piece: string): Promise<number> {
  let written = 0;
  while (!peer.closed && written < 50_000_000) {
    peer.write(piece);
    written += piece.length;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return written;
}

/** A server that does one thing at one command, else what it should. */
function imapBut(pattern: RegExp, act: (peer: FakeClient, tag: string) => void | Promise<void>): Script {
  const data = imapData([{ uid: 5, text: letter("a") }]);
  data.answers.set(pattern, act);
  return imapServer(data);
}

function pop3But(pattern: RegExp, act: (peer: FakeClient) => void | Promise<void>): Script {
  const data = pop3Data([{ uid: "u", text: letter("a") }]);
  data.answers.set(pattern, act);
  return pop3Server(data);
}

const manyLines = (line: (i: number) => string) =>
  Array.from({ length: 20_000 }, (_, i) => line(i + 1)).join("");
const BODY = /^UID FETCH 5 \(UID BODY/;

/** What it does, and what is said of it. Nothing may be taken. */
type Row = [string, SourceSpec, Script, RegExp];

const table: Row[] = [
  ["an endless greeting", SPEC, async (peer) => void await flood(peer, "x".repeat(60_000)), /line/i],
  ["an endless greeting", POP3, async (peer) => void await flood(peer, "x".repeat(60_000)), /line/i],
  ["an HTTP server", SPEC, async (peer) => peer.write("HTTP/1.1 400 Bad\r\n\r\n"), /no IMAP/],
  ["an HTTP server", POP3, async (peer) => peer.write("HTTP/1.1 400 Bad\r\n\r\n"), /no POP3/],
  ["PREAUTH", SPEC, async (peer) => peer.write("* PREAUTH welcome\r\n"), /logged in before we are/],
  ["BYE", SPEC, async (peer) => peer.write("* BYE full house\r\n"), /says: full house/],
  [
    "a wrong tag",
    SPEC,
    imapBut(/^CAPABILITY/, (peer) => peer.write("m77 OK done\r\n")),
    /m77, which was not asked/,
  ],
  [
    "endless responses",
    SPEC,
    imapBut(/RFC822.SIZE/, async (peer) => void await flood(peer, "* 1 EXPUNGE\r\n".repeat(5000))),
    /more than 10500 responses/,
  ],
  [
    "a huge literal in a list",
    SPEC,
    imapBut(/RFC822.SIZE/, (peer) => peer.write("* 1 FETCH (UID {99999999}\r\n")),
    /99999999 bytes where at most/,
  ],
  [
    "a response of endless literals",
    SPEC,
    imapBut(/RFC822.SIZE/, (peer) => peer.write(`* 1 FETCH (X ${"{1}\r\na ".repeat(200)}`)),
    /response without end/,
  ],
  [
    "a deep list",
    SPEC,
    imapBut(/^CAPA/, (peer) => peer.write(`* X ${"(".repeat(1000)}\r\n`)),
    /nested too deeply/,
  ],
  [
    "a message larger than may be",
    SPEC,
    imapBut(BODY, (peer) => peer.write("* 1 FETCH (UID 5 BODY[] {4000000000}\r\n")),
    /has 4000000000 bytes/,
  ],
  [
    "another message",
    SPEC,
    imapBut(BODY, (peer, tag) => peer.write(`* 1 FETCH (UID 6 BODY[] {3}\r\na\r\n)\r\n${tag} OK\r\n`)),
    /message 6 instead of 5/,
  ],
  [
    "a message and then NO",
    SPEC,
    imapBut(BODY, (peer, tag) => peer.write(`* 1 FETCH (UID 5 BODY[] {3}\r\na\r\n)\r\n${tag} NO sorry\r\n`)),
    /refuses to give a message: sorry/,
  ],
  [
    "half a message",
    SPEC,
    imapBut(BODY, (peer) => {
      peer.write("* 1 FETCH (UID 5 BODY[] {300}\r\nhalf");
      peer.close();
    }),
    /lost in the middle/,
  ],
  [
    "a folder without UIDVALIDITY",
    SPEC,
    imapBut(/^EXAMINE/, (peer, tag) => peer.write(`${tag} OK\r\n`)),
    /no UIDVALIDITY/,
  ],
  [
    "a continuation nobody asked for",
    SPEC,
    imapBut(/^EXAMINE/, (peer) => peer.write("+ more\r\n")),
    /not promised/,
  ],
  [
    "too many messages",
    POP3,
    pop3But(/^UIDL/, (peer) => peer.write(`+OK\r\n${manyLines((i) => `${i} u${i}\r\n`)}`)),
    /more than 500/,
  ],
  ["no ids", POP3, pop3But(/^UIDL/, (peer) => peer.write("-ERR unknown\r\n")), /no ids \(UIDL\)/],
  [
    "an id with a control character",
    POP3,
    pop3But(/^UIDL/, (peer) => peer.write("+OK\r\n1 a\x07b\r\n.\r\n")),
    /no line of UIDL/,
  ],
  [
    "a message without end",
    POP3,
    pop3But(/^RETR/, async (peer) => {
      peer.write("+OK\r\n");
      await flood(peer, `${"y".repeat(998)}\r\n`.repeat(64));
    }),
    /has more than the \d+ bytes/,
  ],
  [
    "half a message",
    POP3,
    pop3But(/^RETR/, (peer) => {
      peer.write("+OK\r\nSubject: x\r\n\r\nhalf");
      peer.close();
    }),
    /lost in the middle/,
  ],
];

const silences: Row[] = [
  ["a silent greeting", SPEC, (peer) => peer.readLine().then(() => {}), /nothing|longer than/i],
  [
    "a greeting byte by byte",
    SPEC,
    async (peer) => {
      for (let i = 0; i < 100 && !peer.closed; i++) {
        peer.write("*");
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    /longer than 0 seconds|nothing/i,
  ],
  [
    "a message that never ends",
    SPEC,
    imapBut(BODY, (peer) => peer.write("* 1 FETCH (UID 5 BODY[] {300}\r\nhalf")),
    /nothing|longer than/i,
  ],
];

for (const [rows, settings] of [[table, SETTINGS], [silences, IMPATIENT]] as const) {
  for (const [what, spec, script, expected] of rows) {
    Deno.test(`retrieval: hostile ${spec.protocol} server: ${what}`, async () => {
      const world = scripted({ clock: new FixedClock(), script, settings });
      await assert.rejects(look(world, spec), (error: Error) => {
        assert.match(error.message, expected);
        return true;
      });
      assert.deepEqual(world.taken, []);
    });
  }
}

Deno.test("retrieval: what comes before TLS does not count (RFC 3501 section 6.2.1, RFC 2595 section 4)", async () => {
  const imap: SourceSpec = { ...SPEC, tls: "starttls", port: 143 };
  const injected = imapBut(/^STARTTLS/, (peer, tag) => peer.write(`${tag} OK\r\n* OK [UIDVALIDITY 1] x\r\n`));
  await assert.rejects(
    look(scripted({ clock: new FixedClock(), script: injected }), imap),
    /sent more than its answer to STARTTLS/,
  );
  const pop3 = pop3Data();
  pop3.answers.set(/^CAPA/, (peer) => peer.write("+OK\r\nSTLS\r\n.\r\n"));
  pop3.answers.set(/^STLS/, (peer) => peer.write("+OK\r\n+OK logged in\r\n"));
  await assert.rejects(
    look(scripted({ clock: new FixedClock(), script: pop3Server(pop3) }), { ...POP3, tls: "starttls" }),
    /sent more than its answer to STLS/,
  );
  // And without STARTTLS there is no log-in at all.
  for (
    const [script, spec] of [
      [imapBut(/^STARTTLS/, (peer, tag) => peer.write(`${tag} BAD what\r\n`)), imap],
      [pop3Server(pop3Data()), { ...POP3, tls: "starttls" as const }],
    ] as const
  ) {
    await assert.rejects(look(scripted({ clock: new FixedClock(), script }), spec), /STARTTLS|STLS/);
  }
});

Deno.test("retrieval: which addresses are public (RFC 6890)", () => {
  for (const address of ["198.41.0.4", "9.9.9.9", "2620:fe::fe", "2a00:1450:4001::1"]) {
    assert.ok(isPublic(address), address);
  }
  const special = [
    "127.0.0.1",
    "10.1.2.3",
    "172.31.255.255",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "fe80::1",
    "fc00::1",
    "fd12::1",
    "ff02::1",
  ];
  for (const address of special) assert.ok(!isPublic(address), address);
  assert.ok(isLoopback("127.8.9.1") && isLoopback("::1") && isLoopback("::ffff:127.0.0.1"));
  assert.ok(!isLoopback("10.0.0.1"));
});

Deno.test("retrieval: only public addresses are connected to, or those that are named", async () => {
  const connect = async (addresses: readonly string[], change: Partial<SourceSpec> = {}) => {
    const world = scripted({ clock: new FixedClock(), script: imapServer(imapData()), addresses });
    const problem = await look(world, { ...SPEC, ...change }).then(() => "", (error: Error) => error.message);
    return { dialled: world.dialled, problem };
  };
  const inside = await connect(["10.0.0.5", "::1"]);
  assert.deepEqual(inside.dialled, []);
  assert.match(inside.problem, /leads to 10\.0\.0\.5, which is not on the public Internet/);
  assert.deepEqual((await connect(["10.0.0.5", "198.41.0.4"])).dialled, ["198.41.0.4"]);
  assert.deepEqual((await connect(["10.0.0.5"], { allowNetworks: ["10.0.0.0/24"] })).dialled, ["10.0.0.5"]);
  assert.deepEqual((await connect(["10.0.1.5"], { allowNetworks: ["10.0.0.0/24"] })).dialled, []);
  assert.deepEqual((await connect([], { host: "127.0.0.1" })).dialled, []);
  // Without TLS not even a public one.
  const plain = await connect(["198.41.0.4"], { tls: "none" });
  assert.deepEqual(plain.dialled, []);
  assert.match(plain.problem, /without TLS mail is fetched from this machine only/);
  assert.deepEqual((await connect(["127.0.0.1"], { tls: "none" })).dialled, ["127.0.0.1"]);
  assert.match((await connect([])).problem, /has no address/);
});
