/** SCRAM-SHA-256 over the three protocols that have it, with the client of tests/support and the real authenticator. */
import assert from "node:assert/strict";
import type { TlsInfo } from "../../src/core/ports.ts";
import { defaultAuthLimits, makeAuthenticators, makeDirectory } from "../../src/intake/mod.ts";
import { defaultImapLimits, serveImap } from "../../src/session/imap/mod.ts";
import { defaultPop3Limits, makeMaildropLocks, servePop3 } from "../../src/session/pop3/mod.ts";
import { defaultSmtpLimits, serveSmtp } from "../../src/session/smtp/mod.ts";
import { makeCredential } from "../../src/store/credential.ts";
import { openMemoryStore } from "../../src/store/memory/mod.ts";
import { connPair, type FakeClient, TEST_TLS } from "../support/fake_conn.ts";
import {
  FixedClock,
  live,
  ManualClock,
  RecordingLog,
  seededRandom,
  silentMetrics,
} from "../support/fakes.ts";
import { ScramClient, type ScramClientOptions } from "../support/scram_client.ts";
import { ScriptedDoor } from "./smtp/scripted_door.ts";

const ALICE = "alice@example.com";
const PASSWORD = "p\u00e4ss, word=7";
const CREDENTIAL = await makeCredential(PASSWORD, seededRandom());
const BINDING = new Uint8Array(32).fill(7);

type Protocol = "smtp" | "imap" | "pop3";

interface Running {
  readonly client: FakeClient;
  readonly log: RecordingLog;
  finish(): Promise<void>;
}

async function start(protocol: Protocol, tls: TlsInfo | null): Promise<Running> {
  // IMAP and POP3 let a clock that runs away end the log-in; SMTP waits by it after a failure.
  const clock = protocol === "smtp" ? new FixedClock() : new ManualClock();
  const [random, log] = [seededRandom(), new RecordingLog()];
  const store = openMemoryStore({ clock, random });
  await store.accounts.setCredential(ALICE, CREDENTIAL);
  const common = { hostname: "mx.example.com", store, clock, random, log, metrics: silentMetrics };
  const directory = live(makeDirectory({ domains: { "example.com": { accounts: { alice: {} } } } }));
  const authenticators = makeAuthenticators({
    ...common,
    directory,
    limits: live(defaultAuthLimits),
    scramSecret: random.bytes(32),
  });
  const stop = new AbortController();
  const deps = { ...common, ...authenticators, shutdown: stop.signal, plaintextAuth: live(false) };
  const { server, client } = connPair({ tls });
  const ended = {
    smtp: () =>
      serveSmtp(server, "submission", { ...deps, door: new ScriptedDoor(), limits: live(defaultSmtpLimits) }),
    imap: () => serveImap(server, { ...deps, limits: live({ ...defaultImapLimits, loginDelayMs: 0 }) }),
    pop3: () => servePop3(server, { ...deps, limits: live(defaultPop3Limits), locks: makeMaildropLocks() }),
  }[protocol]();
  return {
    client,
    log,
    async finish() {
      client.close();
      await client.readAll();
      await ended;
      await store.close();
    },
  };
}

const BEGIN: Record<Protocol, string> = { smtp: "AUTH", imap: "a AUTHENTICATE", pop3: "AUTH" };
const CHALLENGE: Record<Protocol, string> = { smtp: "334 ", imap: "+ ", pop3: "+ " };
const WELCOME: Record<Protocol, RegExp> = { smtp: /^235 2\.7\.0/, imap: /^a OK/, pop3: /^\+OK Logged in/ };
const WRONG: Record<Protocol, RegExp> = {
  smtp: /^535 5\.7\.8/,
  imap: /^a NO \[AUTHENTICATIONFAILED\]/,
  pop3: /^-ERR \[AUTH\]/,
};
const SYNTAX: Record<Protocol, RegExp> = {
  smtp: /^501 5\.5\.2 SCRAM/,
  imap: /^a BAD SCRAM/,
  pop3: /^-ERR SCRAM/,
};

async function greet({ client }: Running, protocol: Protocol): Promise<void> {
  await client.readLine();
  if (protocol !== "smtp") return;
  client.write("EHLO laptop\r\n");
  while ((await client.readLine())?.[3] === "-");
}

/** The whole dialogue; what the server said last. */
async function logIn(
  running: Running,
  protocol: Protocol,
  options: ScramClientOptions & { readonly mechanism?: string; readonly initial?: boolean },
): Promise<string> {
  const { client } = running;
  const scram = new ScramClient(options);
  const say = (text: string) => client.write(`${text}\r\n`);
  const challenge = async () => {
    const line = await client.readLine() ?? "";
    if (!line.startsWith(CHALLENGE[protocol])) throw new NotAChallenge(line);
    return atob(line.slice(CHALLENGE[protocol].length));
  };
  try {
    const begin = `${BEGIN[protocol]} ${options.mechanism ?? "SCRAM-SHA-256"}`;
    if (options.initial ?? true) say(`${begin} ${encode(scram.first())}`);
    else {
      say(begin);
      assert.equal(await challenge(), "");
      say(encode(scram.first()));
    }
    say(encode(scram.final(await challenge())));
    assert.ok(scram.trusts(await challenge()), "the server knows the password too");
    say("");
    return await client.readLine() ?? "";
  } catch (error) {
    if (error instanceof NotAChallenge) return error.message;
    throw error;
  }
}

class NotAChallenge extends Error {}

function encode(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

for (const protocol of ["smtp", "imap", "pop3"] as const) {
  Deno.test(`scram over ${protocol}: with and without an initial response`, async () => {
    for (const initial of [true, false]) {
      const running = await start(protocol, TEST_TLS);
      await greet(running, protocol);
      assert.match(
        await logIn(running, protocol, { user: ALICE, password: PASSWORD, initial }),
        WELCOME[protocol],
      );
      await running.finish();
      assert.doesNotMatch(JSON.stringify(running.log.entries), /p\u00e4ss|word=7/);
    }
  });

  Deno.test(`scram over ${protocol}: a wrong password and an unknown user look alike; then it goes on`, async () => {
    const running = await start(protocol, TEST_TLS);
    await greet(running, protocol);
    for (const user of [ALICE, "nobody@example.com"]) {
      assert.match(await logIn(running, protocol, { user, password: "wrong" }), WRONG[protocol]);
    }
    assert.match(await logIn(running, protocol, { user: ALICE, password: PASSWORD }), WELCOME[protocol]);
    await running.finish();
  });

  Deno.test(`scram over ${protocol}: nobody acts for somebody else, and everybody for himself`, async () => {
    const running = await start(protocol, TEST_TLS);
    await greet(running, protocol);
    const alice = { user: ALICE, password: PASSWORD };
    const denied = await logIn(running, protocol, { ...alice, authzid: "bob@example.com" });
    assert.match(denied, protocol === "imap" ? /^a NO \[AUTHORIZATIONFAILED\]/ : WRONG[protocol]);
    assert.match(await logIn(running, protocol, { ...alice, authzid: ALICE }), WELCOME[protocol]);
    await running.finish();
  });

  Deno.test(`scram over ${protocol}: -PLUS where the connection has an exporter, and no way down from there`, async () => {
    const running = await start(protocol, { ...TEST_TLS, channelBinding: BINDING });
    await greet(running, protocol);
    const alice = { user: ALICE, password: PASSWORD };
    // A client that could bind, and was told by somebody in between that we cannot.
    assert.match(await logIn(running, protocol, { ...alice, flag: "y" }), SYNTAX[protocol]);
    const plus = { ...alice, mechanism: "SCRAM-SHA-256-PLUS", flag: "p=tls-exporter" };
    assert.match(await logIn(running, protocol, { ...plus, binding: new Uint8Array(32) }), SYNTAX[protocol]);
    assert.match(await logIn(running, protocol, { ...plus, binding: BINDING }), WELCOME[protocol]);
    await running.finish();
  });

  Deno.test(`scram over ${protocol}: what is offered`, async () => {
    const ask = { smtp: "EHLO laptop", imap: "a CAPABILITY", pop3: "CAPA" }[protocol];
    const table: readonly [TlsInfo | null, RegExp | null][] = [
      [null, null],
      [TEST_TLS, /(AUTH|SASL)[ =]SCRAM-SHA-256 (AUTH=)?PLAIN/],
      [
        { ...TEST_TLS, channelBinding: BINDING },
        /(AUTH|SASL)[ =]SCRAM-SHA-256-PLUS (AUTH=)?SCRAM-SHA-256 (AUTH=)?PLAIN/,
      ],
    ];
    for (const [tls, expected] of table) {
      const running = await start(protocol, tls);
      running.client.write(`${ask}\r\n`);
      running.client.close();
      const all = await running.client.readAll();
      await running.finish();
      if (expected === null) assert.doesNotMatch(all, /SCRAM|PLAIN/);
      else assert.match(all, expected);
    }
    const running = await start(protocol, null);
    await greet(running, protocol);
    const refused = { smtp: /^538/, imap: /PRIVACYREQUIRED/, pop3: /STLS/ }[protocol];
    assert.match(await logIn(running, protocol, { user: ALICE, password: PASSWORD }), refused);
    await running.finish();
  });
}
