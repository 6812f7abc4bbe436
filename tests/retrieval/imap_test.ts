import assert from "node:assert/strict";
import { FixedClock } from "../support/fakes.ts";
import { look } from "./look.ts";
import { type Scripted, scripted, SPEC } from "./scripted.ts";
import { imapData, imapServer, letter } from "./servers.ts";
import { ImapConnection } from "../../src/retrieval/imap/connection.ts";
import { defaultRetrievalSettings } from "../../src/retrieval/mod.ts";
import { connPair } from "../support/fake_conn.ts";
import type { ClientConn } from "../../src/net/connect.ts";

const names = ({ taken }: Scripted) => taken.map(({ text }) => /Subject: (\S+)/.exec(text)?.[1]);

function start(...mails: string[]) {
  const data = imapData(mails.map((name, i) => ({ uid: i + 1, text: letter(name) })));
  return { data, world: scripted({ clock: new FixedClock(), script: imapServer(data) }) };
}

Deno.test("retrieval: imap: the items of a FETCH come in any order (RFC 3501 section 7.4.2)", async () => {
  const { data, world } = start();
  const text = letter("a", "x".repeat(200_000) + "\r\n");
  data.mails.push({ uid: 1, text });
  data.answers.set(/^UID FETCH 1 \(UID BODY/, (peer, tag) => {
    peer.write(`* 1 FETCH (BODY[] {${text.length}}\r\n${text} FLAGS (\\Seen) UID 1)\r\n${tag} OK\r\n`);
  });
  assert.equal((await look(world, SPEC)).fetched, 1);
  assert.equal(world.taken[0]!.text, text.replace(/^Return-Path.*\r\n/, ""));
});

for (const nothing of ["NIL", '""', "{0}\r\n"]) {
  Deno.test(`retrieval: imap: a message that comes as ${JSON.stringify(nothing)} is not taken for fetched`, async () => {
    const { data, world } = start("a");
    data.answers.set(/^UID FETCH 1 \(UID BODY/, (peer, tag) => {
      peer.write(`* 1 FETCH (UID 1 BODY[] ${nothing})\r\n${tag} OK\r\n`);
    });
    const spec = { ...SPEC, keep: { kind: "delete" as const } };
    await assert.rejects(look(world, spec), /none of them came/);
    assert.deepEqual([world.taken.length, data.mails.length], [0, 1]);
    data.answers.clear();
    assert.equal((await look(world, spec)).fetched, 1);
    assert.deepEqual(names(world), ["a"]);
  });
}

Deno.test("retrieval: imap: a message that is empty there is empty here", async () => {
  const { data, world } = start();
  data.mails.push({ uid: 1, text: "" });
  assert.equal((await look(world, SPEC)).fetched, 1);
});

Deno.test("retrieval: imap: a subject without end does not stop a folder with new numbers", async () => {
  const { data, world } = start("a", "b");
  await look(world, SPEC);
  data.validity = 2;
  const subject = "x".repeat(100_000);
  data.mails.unshift({ uid: 9, text: `Subject: ${subject}\r\n\r\nHello\r\n` });
  data.mails = data.mails.map(({ text }, i) => ({ uid: i + 1, text }));
  const sweep = await look(world, SPEC);
  assert.deepEqual([sweep.fetched, sweep.known], [1, 2]);
  const asked = data.asked.find((command) => command.includes("HEADER.FIELDS"));
  assert.match(asked!, /\]<0\.8192>\)$/);
});

Deno.test("retrieval: imap: a folder that cannot be opened is told, and the others are fetched from", async () => {
  const { data, world } = start("a");
  data.answers.set(/^EXAMINE "Broken"/, (peer, tag) => peer.write(`${tag} NO Not today\r\n`));
  const sweep = await look(world, { ...SPEC, folders: ["Broken", "INBOX"] });
  assert.equal(sweep.fetched, 1);
  assert.equal(sweep.problem, "The folder Broken cannot be opened: Not today");
  await assert.rejects(look(world, { ...SPEC, folders: ["Broken"] }), /Broken cannot be opened/);
});

Deno.test("retrieval: imap: more than can be remembered as left there is told", async () => {
  const { world, data } = start();
  data.mails = Array.from({ length: 1003 }, (_, i) => ({ uid: i + 1, text: letter(`m${i}`) }));
  const deps = { ...world.deps, messageSize: { current: 20 } };
  const sweep = await look({ ...world, deps }, SPEC);
  assert.equal(sweep.left, 1000);
  assert.match(sweep.problem!, /^1000 messages in INBOX are left there/);
});

Deno.test("IMAP client: IDLE ends when its time is up, and the connection goes on (RFC 2177)", async () => {
  const { server, client } = connPair();
  const connection = new ImapConnection(server as unknown as ClientConn, defaultRetrievalSettings);
  const said: string[] = [];
  const script = async () => {
    for (let line = await client.readLine(); line !== null; line = await client.readLine()) {
      said.push(line);
      const [tag, verb] = line.split(" ");
      if (verb === "IDLE") client.write("+ idling\r\n");
      else if (line === "DONE") client.write(`${said.at(-2)!.split(" ")[0]} OK\r\n`);
      else client.write(`${tag} OK\r\n`);
    }
  };
  const over = script();
  const { signal } = new AbortController();
  assert.equal(await connection.idle(20, signal), false);
  assert.equal((await connection.ok("NOOP")).status, "OK");
  assert.equal(await connection.idle(20, signal), false);
  assert.deepEqual(said, ["m1 IDLE", "DONE", "m2 NOOP", "m3 IDLE", "DONE"]);
  connection.close();
  await over;
});
