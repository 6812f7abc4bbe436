import assert from "node:assert/strict";
import { makeRetrieval, type SourceSpec, type SourceStatus } from "../../src/retrieval/mod.ts";
import { keepSecret, sourceKey } from "../../src/retrieval/mod.ts";
import { ManualClock } from "../support/fakes.ts";
import { type Script, scripted, SPEC } from "./scripted.ts";
import { imapData, imapServer, letter, pop3Data, pop3Server } from "./servers.ts";
import { PATIENCE_MS } from "../support/patience.ts";

/** Waits until the status of the only source is as wanted; time stands still. */
async function until(
  status: () => SourceStatus[],
  wanted: (status: SourceStatus) => boolean,
): Promise<SourceStatus> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end;) {
    const [one] = status();
    if (one !== undefined && wanted(one)) return one;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`It never came so far: ${JSON.stringify(status())}`);
}

const settled = (state: SourceStatus["state"]) => (one: SourceStatus) =>
  one.state === state && one.nextAt !== null;

function start(script: Script, specs: { current: readonly SourceSpec[] } = { current: [SPEC] }) {
  const clock = new ManualClock();
  let visits = 0;
  const world = scripted({
    clock,
    script: (peer, port) => {
      visits++;
      return script(peer, port);
    },
  });
  const retrieval = makeRetrieval({ ...world.deps, sources: specs });
  return { clock, world, retrieval, specs, visits: () => visits };
}

Deno.test("retrieval: looks again when it is time, or at once when it is told to", async () => {
  const data = imapData([{ uid: 1, text: letter("a") }]);
  const { clock, world, retrieval, visits } = start(imapServer(data));
  await retrieval.update();
  const status = () => retrieval.status();
  const first = await until(status, settled("waiting"));
  assert.equal(first.fetched, 1);
  assert.ok(first.nextAt! >= clock.now() + 60_000 && first.nextAt! <= clock.now() + 66_000);
  data.mails.push({ uid: 2, text: letter("b") });
  await clock.advance(66_000);
  await until(status, ({ fetched }) => fetched === 2);
  await until(status, settled("waiting"));
  assert.equal(retrieval.now("bob@example.test"), 0);
  assert.equal(retrieval.now("alice@example.test"), 1);
  await until(status, (one) => visits() === 3 && one.nextAt !== null);
  await retrieval.stop();
  assert.equal(clock.sleepers, 0);
  assert.equal(world.taken.length, 2);
});

Deno.test("retrieval: trouble is tried again later and later, and said in plain words", async () => {
  const { clock, retrieval } = start(async (peer) => peer.write("* BYE Closed for today\r\n"));
  await retrieval.update();
  const waits: number[] = [];
  for (let i = 0; i < 4; i++) {
    const { nextAt, problem } = await until(() => retrieval.status(), settled("failing"));
    assert.match(problem!, /mail\.provider\.test says: Closed for today/);
    waits.push(nextAt! - clock.now());
    await clock.advance(nextAt! - clock.now());
  }
  for (const [i, ms] of waits.entries()) {
    assert.ok(ms >= 60_000 * 2 ** i && ms <= 66_000 * 2 ** i, `wait ${i} is ${ms}`);
  }
  await retrieval.stop();
});

Deno.test("retrieval: a refused password is not shown again, until it is changed or somebody insists", async () => {
  const data = imapData([{ uid: 1, text: letter("a") }]);
  const good = 'LOGIN "me" "better"';
  data.answers.set(/^LOGIN/, (peer, tag) => {
    const isGood = data.asked.at(-1) === good;
    peer.write(isGood ? `${tag} OK\r\n` : `${tag} NO [AUTHENTICATIONFAILED] Invalid credentials\r\n`);
  });
  const spec = { ...SPEC, secret: null };
  const { clock, world, retrieval, visits, specs } = start(imapServer(data), { current: [spec] });
  const status = () => retrieval.status();
  await retrieval.update();
  const none = await until(status, settled("no-secret"));
  assert.match(none.problem!, /mailden retrieve secret --account alice@example\.test --source there/);
  assert.equal(visits(), 0);
  const give = async (secret: string) => {
    await keepSecret(world.deps.facts, sourceKey(spec), secret);
    retrieval.secretChanged(sourceKey(spec));
  };
  await give("bad");
  const refused = await until(status, settled("refused"));
  assert.equal(refused.problem, "mail.provider.test refuses the log-in of me: Invalid credentials");
  assert.equal(refused.nextAt! - clock.now(), 6 * 3_600_000);
  await clock.advance(3_600_000);
  assert.equal(visits(), 1);
  // Another process knows it too.
  await retrieval.stop();
  const again = makeRetrieval({ ...world.deps, sources: specs });
  await again.update();
  await until(() => again.status(), settled("refused"));
  assert.equal(visits(), 1);
  await keepSecret(world.deps.facts, sourceKey(spec), "better");
  again.secretChanged(sourceKey(spec));
  await until(() => again.status(), settled("waiting"));
  assert.equal(world.taken.length, 1);
  await again.stop();
  assert.ok(!JSON.stringify([world.log.entries, again.status()]).includes("better"));
});

Deno.test("retrieval: a reload ends what is gone, begins what is new and lets the rest be", async () => {
  const data = imapData();
  const other = { ...SPEC, name: "other", user: "you" };
  const { retrieval, specs, visits } = start(imapServer(data), { current: [SPEC, other] });
  await retrieval.update();
  for (const name of ["there", "other"]) {
    await until(() => retrieval.status().filter(({ source }) => source === name), settled("waiting"));
  }
  assert.equal(visits(), 2);
  specs.current = [SPEC, { ...other, everyMs: 120_000 }];
  await retrieval.update();
  await until(() => retrieval.status().slice(1), settled("waiting"));
  assert.equal(visits(), 3);
  specs.current = [SPEC];
  await retrieval.update();
  assert.deepEqual(retrieval.status().map(({ source }) => source), ["there"]);
  await retrieval.stop();
});

Deno.test("retrieval: a token that is taken back before its time is renewed at once; one that is new and refused is not shown again", async () => {
  const data = imapData([{ uid: 1, text: letter("a") }]);
  const tokens = ["first", "second", "third"];
  let good = "first";
  data.answers.set(/^CAPABILITY/, (peer, tag) => peer.write(`* CAPABILITY AUTH=XOAUTH2\r\n${tag} OK\r\n`));
  data.answers.set(/^AUTHENTICATE/, async (peer, tag) => {
    peer.write("+ \r\n");
    const shown = atob((await peer.readLine())!);
    if (shown.includes(`Bearer ${good}\x01`)) return peer.write(`${tag} OK\r\n`);
    // RFC 7628 section 3.2.3: the error must be acknowledged.
    peer.write(`+ ${btoa('{"status":"401"}')}\r\n`);
    await peer.readLine();
    peer.write(`${tag} NO [AUTHENTICATIONFAILED] The token has expired\r\n`);
  });
  const imap = imapServer(data);
  const oauth = { tokenUrl: "https://login.provider.test/token", clientId: "m", clientSecret: null };
  const { clock, world, retrieval } = start((peer, port) => {
    if (port === 993) return imap(peer, port);
    const body = JSON.stringify({ access_token: tokens.shift(), expires_in: 3600 });
    peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    return peer.readAll().then(() => {});
  }, { current: [{ ...SPEC, secret: "refresh", oauth }] });
  const status = () => retrieval.status();
  await retrieval.update();
  await until(status, settled("waiting"));
  good = "second";
  data.mails.push({ uid: 2, text: letter("b") });
  retrieval.now();
  await until(status, (one) => one.fetched === 2 && one.nextAt !== null);
  assert.deepEqual(tokens, ["third"]);
  good = "none of them";
  await clock.advance(3_600_000);
  const refused = await until(status, settled("refused"));
  assert.match(refused.problem!, /refuses the log-in of me: The token has expired/);
  assert.deepEqual(tokens, []);
  await retrieval.stop();
  const said = JSON.stringify([world.log.entries, refused]);
  for (const secret of ['refresh"', "first", "second", "third"]) assert.ok(!said.includes(secret), secret);
});

Deno.test("retrieval: a server that ends every IDLE at once is not logged in to again and again", async () => {
  const data = imapData([{ uid: 1, text: letter("a") }]);
  data.answers.set(/^IDLE/, (peer) => peer.write("+ idling\r\n* BYE Enough\r\n"));
  const spec = { ...SPEC, idle: true };
  const { clock, retrieval, visits } = start(imapServer(data), { current: [spec] });
  await retrieval.update();
  const one = await until(() => retrieval.status(), settled("failing"));
  assert.ok(one.nextAt! - clock.now() >= 60_000);
  assert.match(one.problem!, /It says goodbye: Enough/);
  assert.equal(one.fetched, 1);
  // There is nothing to wait in, and no reason to hurry.
  const nothing = start(imapServer(imapData()), { current: [{ ...spec, folders: ["Lists/*"] }] });
  await nothing.retrieval.update();
  const waiting = await until(() => nothing.retrieval.status(), settled("waiting"));
  assert.ok(waiting.nextAt! - nothing.clock.now() >= 60_000);
  assert.deepEqual([visits(), nothing.visits()], [1, 1]);
  await Promise.all([retrieval.stop(), nothing.retrieval.stop()]);
});

Deno.test("retrieval: between two rounds of one that listens, others have their turn", async () => {
  const mine = imapData([{ uid: 1, text: letter("a") }]);
  const others = imapData();
  const current = [{ ...SPEC, idle: true }, {
    ...SPEC,
    account: "bob@example.test",
    name: "other",
    port: 994,
  }];
  const servers = new Map([[993, imapServer(mine)], [994, imapServer(others)]]);
  const { world, retrieval } = start((peer, port) => servers.get(port)!(peer, port), { current });
  world.settings = { ...world.settings, concurrency: 1, messagesPerRound: 1 };
  const IDLE = /^IDLE/;
  mine.answers.set(IDLE, async (peer, tag) => {
    mine.answers.delete(IDLE);
    await until(() => retrieval.status("bob@example.test"), settled("waiting"));
    for (const uid of [2, 3, 4]) mine.mails.push({ uid, text: letter(`a${uid}`) });
    others.mails.push({ uid: 1, text: letter("b") });
    peer.write("+ idling\r\n* 4 EXISTS\r\n");
    await peer.readLine();
    peer.write(`${tag} OK done\r\n`);
  });
  // The other's mail comes while these are fetched.
  mine.answers.set(/^UID FETCH 2 /, async (peer, tag) => {
    retrieval.now("bob@example.test");
    await new Promise((resolve) => setTimeout(resolve, 5));
    await peer.write(
      `* 1 FETCH (UID 2 BODY[] {${letter("a2").length}}\r\n${letter("a2")})\r\n${tag} OK done\r\n`,
    );
  });
  await retrieval.update();
  await until(() => retrieval.status(), () => world.taken.length === 5);
  await retrieval.stop();
  const order = world.taken.map(({ context }) => context.place!.account.replace(/@.*/, ""));
  assert.ok(order.indexOf("bob") < 4, order.join());
});

Deno.test("retrieval: pop3: ids that are new at every look bring what is new, and an end", async () => {
  const data = pop3Data([]);
  const server = pop3Server(data);
  let looks = 0;
  const world = start((peer, port) => {
    looks++;
    data.mails = ["a", "b", "c"].map((name) => ({ uid: `${name}${looks}`, text: letter(name) }));
    return server(peer, port);
  }, { current: [{ ...SPEC, protocol: "pop3" }] });
  world.world.settings = { ...world.world.settings, messagesPerRound: 2 };
  await world.retrieval.update();
  await until(() => world.retrieval.status(), ({ nextAt }) => nextAt !== null);
  assert.deepEqual(world.world.taken.length, 3);
  assert.ok(looks <= 4, `${looks} looks`);
  await world.retrieval.stop();
});

Deno.test("retrieval: a store that fails at the start does not end a source for good", async () => {
  const { world, clock, specs } = start(imapServer(imapData([{ uid: 1, text: letter("a") }])));
  const { facts } = world.deps;
  let fails = 1;
  const flaky = Object.assign(Object.create(facts) as typeof facts, {
    get: (space: string, key: string) =>
      key === "refused" && fails-- > 0 ? Promise.reject(new Error("Disk trouble")) : facts.get(space, key),
    list: facts.list.bind(facts),
    put: facts.put.bind(facts),
    remove: facts.remove.bind(facts),
  });
  const retrieval = makeRetrieval({ ...world.deps, facts: flaky, sources: specs, clock });
  await retrieval.update();
  await until(() => retrieval.status(), settled("waiting"));
  assert.equal(world.taken.length, 1);
  await retrieval.stop();
});

Deno.test("retrieval: of a source that was taken out of the configuration nothing is left a month later", async () => {
  const DAY = 86_400_000;
  const spec = { ...SPEC, secret: null };
  const data = imapData([{ uid: 1, text: letter("a") }]);
  const { clock, world, retrieval, specs } = start(imapServer(data), { current: [spec] });
  const { facts } = world.deps;
  const key = sourceKey(spec);
  await keepSecret(facts, key, "s3cret");
  await retrieval.update();
  await until(() => retrieval.status(), settled("waiting"));
  const left = async () =>
    (await Promise.all([`retrieval ${key}`, `retrieval ${key} seen`, "retrieval-secret", "retrieval-sources"]
      .map((space) => facts.list(space)))).flat().length;
  const all = await left();
  assert.equal(all, 4);
  const during = async (days: number, sources: readonly SourceSpec[]) => {
    specs.current = sources;
    await clock.advance(days * DAY);
    await retrieval.update();
  };
  await during(0, []);
  await during(29, []);
  assert.equal(await left(), all);
  // Back again, and nothing is fetched twice.
  await during(0, [spec]);
  await until(() => retrieval.status(), settled("waiting"));
  await during(0, []);
  await during(30, []);
  for (let tries = 0; await left() > 0; tries++) assert.ok(tries < 500, "something is left");
  assert.equal(world.taken.length, 1);
  await retrieval.stop();
});

Deno.test("retrieval: a server that repeats what it was shown does not bring the password into a log or a status", async () => {
  const echo = (line: string) => `I do not know ${line}`;
  const secret = 'p"ss-w0rd';
  const data = imapData();
  data.answers.set(/^LOGIN/, (peer, tag) => peer.write(`${tag} BAD ${echo(data.asked.at(-1)!)}\r\n`));
  const plain = imapData();
  plain.answers.set(/^CAPABILITY/, (peer, tag) => peer.write(`* CAPABILITY AUTH=PLAIN\r\n${tag} OK x\r\n`));
  plain.answers.set(/^AUTHENTICATE/, async (peer, tag) => {
    peer.write("+ \r\n");
    await peer.write(`${tag} NO ${echo((await peer.readLine())!)}\r\n`);
  });
  const mails = pop3Data();
  mails.answers.set(/^PASS/, (peer) => peer.write(`-ERR ${echo(mails.asked.at(-1)!)}\r\n`));
  for (
    const [protocol, script] of [
      ["imap", imapServer(data)],
      ["imap", imapServer(plain)],
      ["pop3", pop3Server(mails)],
    ] as const
  ) {
    const { world, retrieval } = start(script, { current: [{ ...SPEC, secret, protocol }] });
    await retrieval.update();
    const { problem } = await until(() => retrieval.status(), settled("refused"));
    await retrieval.stop();
    assert.match(problem!, /I do not know .*\[\.\.\.\]/);
    const said = JSON.stringify([world.log.entries, problem]);
    for (const form of ["ss-w0rd", btoa(`\0me\0${secret}`)]) assert.ok(!said.includes(form), said);
  }
});
