import assert from "node:assert/strict";
import { makeRetrieval, type SourceSpec, type SourceStatus } from "../../src/retrieval/mod.ts";
import { keepSecret, sourceKey } from "../../src/retrieval/mod.ts";
import { ManualClock } from "../support/fakes.ts";
import { type Script, scripted, SPEC } from "./scripted.ts";
import { imapData, imapServer, letter } from "./servers.ts";

/** Waits until the status of the only source is as wanted; time stands still. */
async function until(
  status: () => SourceStatus[],
  wanted: (status: SourceStatus) => boolean,
): Promise<SourceStatus> {
  for (let tries = 0; tries < 500; tries++) {
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
    script: (peer) => {
      visits++;
      return script(peer);
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
