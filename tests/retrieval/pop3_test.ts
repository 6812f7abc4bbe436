import assert from "node:assert/strict";
import { FixedClock } from "../support/fakes.ts";
import { look } from "./look.ts";
import { type Scripted, scripted, SPEC } from "./scripted.ts";
import { letter, pop3Data, pop3Server } from "./servers.ts";

const POP3 = { ...SPEC, protocol: "pop3" as const };
const DELETE = { kind: "delete" as const };

const names = ({ taken }: Scripted) => taken.map(({ text }) => /Subject: (\S+)/.exec(text)?.[1]);

function start(mails: ReturnType<typeof pop3Data>["mails"]) {
  const data = pop3Data(mails);
  return { data, world: scripted({ clock: new FixedClock(), script: pop3Server(data) }) };
}

const mail = (name: string, uid = name) => ({ uid, text: letter(name) });

Deno.test("retrieval: pop3: a message that is not given does not keep the others from coming", async () => {
  const { data, world } = start([mail("bad"), mail("good")]);
  data.answers.set(/^RETR 1$/, (peer) => peer.write("-ERR The message is damaged\r\n"));
  for (const fetched of [1, 0]) {
    const sweep = await look(world, { ...POP3, keep: DELETE });
    assert.deepEqual([sweep.fetched, sweep.left], [fetched, 1]);
  }
  assert.deepEqual(data.mails.map(({ uid }) => uid), ["bad"]);
  data.answers.clear();
  assert.equal((await look(world, POP3)).fetched, 1);
  assert.deepEqual(names(world), ["good", "bad"]);
});

Deno.test("retrieval: pop3: a list that was empty once has nothing fetched again", async () => {
  const mails = [mail("a"), mail("b")];
  const { data, world } = start(mails);
  await look(world, POP3);
  data.mails = [];
  await look(world, POP3);
  data.mails = mails.slice(1);
  await look(world, POP3);
  data.mails = [...mails, mail("c")];
  assert.equal((await look(world, POP3)).fetched, 1);
  assert.deepEqual(names(world), ["a", "b", "c"]);
});

Deno.test("retrieval: pop3: two copies may have one id (RFC 1939 section 7)", async () => {
  const { data, world } = start([mail("copy", "x"), mail("copy", "x"), mail("other")]);
  assert.equal((await look(world, POP3)).fetched, 3);
  assert.equal((await look(world, POP3)).fetched, 0);
  const sweep = await look(world, { ...POP3, keep: DELETE });
  assert.deepEqual([sweep.fetched, sweep.deleted], [0, 3]);
  assert.equal(data.mails.length, 0);
});

Deno.test("retrieval: pop3: what looks like one that was deleted there is another", async () => {
  const alarm = "From: door@elsewhere.test\r\nSubject: Open\r\n\r\nThe door is open\r\n";
  const { data, world } = start([]);
  for (const uid of ["1", "2", "3"]) {
    data.mails.push({ uid, text: alarm });
    const sweep = await look(world, { ...POP3, keep: DELETE });
    assert.deepEqual([sweep.fetched, sweep.deleted], [1, 1]);
  }
});

Deno.test("retrieval: pop3: several are asked for at once, where the server can (RFC 2449 section 6.6)", async () => {
  for (const [capabilities, atOnce] of [["PIPELINING\r\n", 16], ["", 1]] as const) {
    const { data, world } = start(Array.from({ length: 40 }, (_, i) => mail(`m${i}`)));
    data.answers.set(/^CAPA$/, (peer) => peer.write(`+OK\r\nUSER\r\n${capabilities}.\r\n`));
    let most = 0;
    const { admit, submit } = world.deps;
    let under = 0;
    const deps = {
      ...world.deps,
      admit: (...args: Parameters<typeof admit>) => {
        most = Math.max(most, ++under);
        return admit(...args);
      },
      submit: (...args: Parameters<typeof submit>) => {
        under--;
        return submit(...args);
      },
    };
    assert.equal((await look({ ...world, deps }, POP3)).fetched, 40);
    assert.equal(most, atOnce);
    assert.deepEqual(names(world), Array.from({ length: 40 }, (_, i) => `m${i}`));
  }
});

Deno.test("retrieval: pop3: what was asked for finds its place before it is said that there is no room", async () => {
  const { world } = start(Array.from({ length: 5 }, (_, i) => mail(`m${i}`)));
  const { Refusal } = await import("../../src/core/errors.ts");
  const deps = {
    ...world.deps,
    // Room for three, counted when they are here.
    admit: async () => {
      if (world.taken.length + asked >= 3) throw Refusal.of(452, "4.2.2", "The mailbox is full");
      asked++;
    },
    submit: (...args: Parameters<typeof world.deps.submit>) => {
      asked--;
      return world.deps.submit(...args);
    },
  };
  let asked = 0;
  await assert.rejects(look({ ...world, deps }, POP3), /cannot be stored now: The mailbox is full/);
  assert.deepEqual(names(world), ["m0", "m1", "m2"]);
});

Deno.test("retrieval: pop3: which refusals are about the password (RFC 3206 section 4)", async () => {
  const table: [said: string, capability: string, kind: string][] = [
    ["-ERR [AUTH] Wrong", "", "refused"],
    ["-ERR Wrong", "", "refused"],
    ["-ERR [X-NEW] Wrong", "", "refused"],
    ["-ERR Later, please", "AUTH-RESP-CODE\r\n", "trouble"],
    ["-ERR [AUTH] Wrong", "AUTH-RESP-CODE\r\n", "refused"],
    ["-ERR [IN-USE] Busy", "", "trouble"],
    ["-ERR [SYS/TEMP] Oops", "", "trouble"],
    ["-ERR [LOGIN-DELAY] Too soon", "", "trouble"],
    ["-ERR maildrop already locked", "", "trouble"],
  ];
  for (const [said, capability, kind] of table) {
    const { data, world } = start([]);
    data.answers.set(/^CAPA$/, (peer) => peer.write(`+OK\r\nUSER\r\n${capability}.\r\n`));
    data.answers.set(/^PASS/, (peer) => peer.write(`${said}\r\n`));
    await assert.rejects(look(world, POP3), { name: "RetrievalError", kind }, said);
  }
});
