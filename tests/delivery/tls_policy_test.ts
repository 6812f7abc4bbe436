import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import type { RemoteSettings } from "../../src/delivery/remote/mod.ts";
import { makeCertificate, type TestCertificate } from "../support/certificate.ts";
import { type SinkBehaviour, SmtpSink } from "../support/smtp_sink.ts";
import { type CourierWorld, makeAttempt, makeWorld, summary, type Zone } from "./support.ts";

const TO = ["bob@there.test"];
const HOST = "mx.there.test";
const RELAYED = "relayed 250 2.0.0";

const root = await makeCertificate({ names: ["Root"], authority: true });
const middle = await makeCertificate({ names: ["Middle"], authority: true, issuer: root });
const good = await makeCertificate({ names: [HOST], issuer: middle });
const otherName = await makeCertificate({ names: ["other.test"], issuer: middle });
const domainName = await makeCertificate({ names: ["there.test"], issuer: middle });
const expired = await makeCertificate({ names: [HOST], issuer: middle, validFromDays: -9, validToDays: -1 });
const selfSigned = await makeCertificate({ names: ["nobody.test"] });

/** With the certificates above it, as a server sends them. */
function chain(own: TestCertificate, ...above: TestCertificate[]) {
  return { certificate: [own, ...above].map(({ certificate }) => certificate).join("\n"), key: own.key };
}

function tlsa(usage: number, selector: number, matching: number, certificate: TestCertificate): string {
  const bytes = Buffer.from(
    selector === 0 ? certificate.parsed.rawData : certificate.parsed.publicKey.rawData,
  );
  const data = matching === 0
    ? bytes.toString("hex")
    : createHash(matching === 1 ? "sha256" : "sha512").update(bytes).digest("hex");
  return `${usage} ${selector} ${matching} ${data}`;
}

interface PolicyWorld {
  readonly sink: SmtpSink;
  readonly world: CourierWorld;
  [Symbol.asyncDispose](): Promise<void>;
}

interface PolicyWorldOptions {
  readonly certificate?: { readonly certificate: string; readonly key: string };
  readonly behaviour?: SinkBehaviour;
  readonly tlsa?: readonly string[] | "error";
  readonly zones?: Readonly<Record<string, Zone>>;
  readonly settings?: Partial<RemoteSettings>;
  readonly policies?: Readonly<Record<string, string>>;
}

async function start(options: PolicyWorldOptions): Promise<PolicyWorld> {
  const { certificate, behaviour = {}, policies = {} } = options;
  const sink = await SmtpSink.start({
    behaviour,
    ...(certificate === undefined ? {} : { certificate }),
  });
  const authentic = true;
  const world = makeWorld({
    zones: {
      "there.test": { mx: [[1, HOST]], authentic },
      [HOST]: { a: ["127.0.0.1"], authentic },
      ...(options.tlsa === undefined ? {} : {
        [`_${sink.port}._tcp.${HOST}`]: { tlsa: options.tlsa, authentic },
      }),
      ...options.zones,
    },
    settings: { port: sink.port, ...options.settings },
    policies,
  });
  return {
    sink,
    world,
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      await sink.close();
    },
  };
}

async function deliver(world: CourierWorld, options: Parameters<typeof makeAttempt>[1] = {}) {
  return summary(await world.deliver(makeAttempt(TO, options)))[0];
}

function tlsCount(world: CourierWorld): string[] {
  const prefix = "mailden_outbound_tls_total{";
  return [...world.metrics.counters.keys()].filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length, -1));
}

// ---- DANE ----

const full = chain(good, middle, root);
const DANE: readonly [
  string,
  readonly string[] | "error",
  ReturnType<typeof chain> | undefined,
  string,
  string,
][] = [
  ["DANE-EE, key, SHA-256", [tlsa(3, 1, 1, selfSigned)], chain(selfSigned), RELAYED, "dane"],
  ["DANE-EE, certificate, SHA-512", [tlsa(3, 0, 2, selfSigned)], chain(selfSigned), RELAYED, "dane"],
  ["DANE-EE, whole key", [tlsa(3, 1, 0, selfSigned)], chain(selfSigned), RELAYED, "dane"],
  ["DANE-EE of an expired certificate", [tlsa(3, 1, 1, expired)], chain(expired), RELAYED, "dane"],
  ["one of several", [tlsa(3, 1, 1, root), tlsa(3, 1, 1, good)], full, RELAYED, "dane"],
  ["DANE-EE of another", [tlsa(3, 1, 1, root)], full, "deferred 451 4.7.5", "validation-failure"],
  ["DANE-TA, the root sent along", [tlsa(2, 0, 1, root)], full, RELAYED, "dane"],
  ["DANE-TA, the one between", [tlsa(2, 1, 2, middle)], chain(good, middle), RELAYED, "dane"],
  ["DANE-TA, whole and not sent", [tlsa(2, 0, 0, root)], chain(good, middle), RELAYED, "dane"],
  ["DANE-TA, whole key and not sent", [tlsa(2, 1, 0, middle)], chain(good), RELAYED, "dane"],
  [
    "DANE-TA, the name is the domain's",
    [tlsa(2, 0, 1, root)],
    chain(domainName, middle, root),
    RELAYED,
    "dane",
  ],
  [
    "DANE-TA, the name is another",
    [tlsa(2, 0, 1, root)],
    chain(otherName, middle, root),
    "deferred 451 4.7.5",
    "certificate-host-mismatch",
  ],
  [
    "DANE-TA, expired",
    [tlsa(2, 0, 1, root)],
    chain(expired, middle, root),
    "deferred 451 4.7.5",
    "certificate-expired",
  ],
  // The authority's certificate stands in the chain, but did not sign.
  [
    "DANE-TA, a chain that is none",
    [tlsa(2, 0, 1, root)],
    chain(selfSigned, root),
    "deferred 451 4.7.5",
    "validation-failure",
  ],
  [
    "DANE-TA, not sent",
    [tlsa(2, 0, 1, root)],
    chain(good, middle),
    "deferred 451 4.7.5",
    "validation-failure",
  ],
  ["usage 1 only: any TLS will do", [tlsa(1, 1, 1, root)], chain(selfSigned), RELAYED, "encrypted"],
  ["a digest of the wrong length: any TLS will do", ["3 1 1 abcd"], chain(selfSigned), RELAYED, "encrypted"],
  ["unusable, and no TLS", ["3 1 1 abcd"], undefined, "deferred 451 4.7.0", "starttls-not-supported"],
  ["no TLS", [tlsa(3, 1, 1, good)], undefined, "deferred 451 4.7.0", "starttls-not-supported"],
  ["a look-up that fails", "error", full, "deferred 451 4.7.5", "dnssec-invalid"],
];

for (const [what, records, certificate, outcome, result] of DANE) {
  Deno.test(`dane: ${what}`, async () => {
    await using parts = await start({
      tlsa: records,
      ...(certificate === undefined ? {} : { certificate }),
    });
    assert.equal(await deliver(parts.world), outcome);
    assert.deepEqual(tlsCount(parts.world), [`policy=dane,result=${result}`]);
    assert.equal(parts.sink.accepted.length, outcome === RELAYED ? 1 : 0);
  });
}

Deno.test("dane: what is not proved by DNSSEC, or is switched off, counts for nothing", async () => {
  const wrong = [tlsa(3, 1, 1, root)];
  const notProved: readonly Partial<PolicyWorldOptions>[] = [
    { zones: { "there.test": { mx: [[1, HOST]] } } },
    { zones: { [HOST]: { a: ["127.0.0.1"] } } },
    { settings: { dane: false } },
  ];
  for (const options of notProved) {
    await using parts = await start({ tlsa: wrong, certificate: chain(selfSigned), ...options });
    const port = parts.sink.port;
    await using world = makeWorld({
      zones: {
        "there.test": { mx: [[1, HOST]], authentic: true },
        [HOST]: { a: ["127.0.0.1"], authentic: true },
        [`_${port}._tcp.${HOST}`]: { tlsa: wrong, authentic: true },
        ...options.zones,
      },
      settings: { port, ...options.settings },
    });
    assert.equal(await deliver(world), RELAYED);
    assert.deepEqual(tlsCount(world), ["policy=none,result=encrypted"]);
  }
});

// ---- MTA-STS ----

const STS_URL = "https://mta-sts.there.test/.well-known/mta-sts.txt";

function stsPolicy(mode: string, mx = HOST): string {
  return `version: STSv1\r\nmode: ${mode}\r\nmx: ${mx}\r\nmax_age: 86400\r\n`;
}

const STS_RECORD: Record<string, Zone> = { "_mta-sts.there.test": { txt: ["v=STSv1; id=1;"] } };
const TRUSTED = { authorities: root.certificate };

const STS: readonly [string, string, Partial<PolicyWorldOptions>, string, string][] = [
  ["enforce", stsPolicy("enforce"), { certificate: full }, RELAYED, "policy=sts,result=pkix"],
  [
    "a pattern",
    stsPolicy("enforce", "*.there.test"),
    { certificate: full },
    RELAYED,
    "policy=sts,result=pkix",
  ],
  [
    "a host that is not listed",
    stsPolicy("enforce", "mx2.there.test"),
    { certificate: full },
    "deferred 451 4.7.5",
    "policy=sts,result=validation-failure",
  ],
  [
    "a certificate of nobody",
    stsPolicy("enforce"),
    { certificate: chain(selfSigned) },
    "deferred 451 4.7.5",
    "policy=sts,result=certificate-not-trusted",
  ],
  [
    "a certificate for another name",
    stsPolicy("enforce"),
    { certificate: chain(otherName, middle, root) },
    "deferred 451 4.7.5",
    "policy=sts,result=certificate-host-mismatch",
  ],
  [
    "an expired certificate",
    stsPolicy("enforce"),
    { certificate: chain(expired, middle, root) },
    "deferred 451 4.7.5",
    "policy=sts,result=certificate-expired",
  ],
  ["no TLS", stsPolicy("enforce"), {}, "deferred 451 4.7.0", "policy=sts,result=starttls-not-supported"],
  ["testing, and no TLS", stsPolicy("testing"), {}, RELAYED, "policy=sts-testing,result=clear"],
  [
    "testing, and a certificate of nobody",
    stsPolicy("testing"),
    { certificate: chain(selfSigned) },
    RELAYED,
    "policy=sts-testing,result=encrypted",
  ],
  ["none", stsPolicy("none"), {}, RELAYED, "policy=none,result=clear"],
  ["a policy that is none", "version: STSv2\n", {}, RELAYED, "policy=none,result=clear"],
  [
    "DANE has the last word",
    stsPolicy("enforce"),
    { certificate: chain(selfSigned), tlsa: [tlsa(3, 1, 1, selfSigned)] },
    RELAYED,
    "policy=dane,result=dane",
  ],
];

for (const [what, policy, options, outcome, counted] of STS) {
  Deno.test(`mta-sts: ${what}`, async () => {
    await using parts = await start({
      zones: STS_RECORD,
      settings: TRUSTED,
      policies: { [STS_URL]: policy },
      ...options,
    });
    assert.equal(await deliver(parts.world), outcome);
    assert.deepEqual(tlsCount(parts.world), [counted]);
  });
}

Deno.test("mta-sts: results are counted by day and domain, for a report (RFC 8460)", async () => {
  await using parts = await start({
    zones: STS_RECORD,
    settings: TRUSTED,
    policies: { [STS_URL]: stsPolicy("testing") },
    certificate: chain(selfSigned),
  });
  const day = new Date().toISOString().slice(0, 10);
  await deliver(parts.world);
  parts.world.courier.close();
  await new Promise((resolve) => setTimeout(resolve, 0));
  const counted = await parts.world.facts.list("tls-rpt");
  assert.deepEqual(counted.map(({ key, value }) => `${key}: ${value}`), [
    `${day} there.test sts certificate-not-trusted ${HOST} 127.0.0.1: 1`,
  ]);
  const [policy] = await parts.world.facts.list("tls-rpt-policy");
  assert.deepEqual(JSON.parse(policy!.value), [
    "version: STSv1",
    "mode: testing",
    `mx: ${HOST}`,
    "max_age: 86400",
  ]);
});

// ---- TLS memory, REQUIRETLS ----

Deno.test("memory: a domain that had TLS gets nothing without it", async () => {
  await using parts = await start({
    certificate: chain(selfSigned),
    settings: { tlsMemory: true, idleMs: 0 },
  });
  assert.equal(await deliver(parts.world), RELAYED);
  assert.equal((await parts.world.facts.get("tls-level", "there.test"))?.value, "encrypted");
  // The next connection is offered no TLS: somebody on the way took it out, perhaps.
  await using stripped = await SmtpSink.start({ host: "127.0.0.2", port: parts.sink.port });
  await parts.sink.close();
  await using world = makeWorld({
    zones: { "there.test": { a: ["127.0.0.2"] } },
    settings: { port: stripped.port, tlsMemory: true },
    facts: parts.world.facts,
  });
  assert.equal(await deliver(world), "deferred 451 4.7.0");
  assert.equal(stripped.accepted.length, 0);
});

const REQUIRE: readonly [string, Partial<PolicyWorldOptions>, string][] = [
  ["verified and offered", { certificate: full, behaviour: { extensions: ["REQUIRETLS"] } }, RELAYED],
  ["not offered", { certificate: full }, "failed 550 5.7.30"],
  [
    "not verified",
    { certificate: chain(selfSigned), behaviour: { extensions: ["REQUIRETLS"] } },
    "failed 550 5.7.10",
  ],
  ["no TLS", { behaviour: { extensions: ["REQUIRETLS"] } }, "failed 550 5.7.10"],
  [
    "verified by DANE",
    {
      certificate: chain(selfSigned),
      tlsa: [tlsa(3, 1, 1, selfSigned)],
      behaviour: { extensions: ["REQUIRETLS"] },
    },
    RELAYED,
  ],
  [
    "the host's name is not proved, though its certificate is good",
    {
      certificate: full,
      behaviour: { extensions: ["REQUIRETLS"] },
      zones: { "there.test": { mx: [[1, HOST]] } },
    },
    "failed 550 5.7.10",
  ],
  [
    "the host's name is proved by MTA-STS",
    {
      certificate: full,
      behaviour: { extensions: ["REQUIRETLS"] },
      zones: { "there.test": { mx: [[1, HOST]] }, ...STS_RECORD },
      policies: { [STS_URL]: stsPolicy("testing") },
    },
    RELAYED,
  ],
  [
    "the MTA-STS policy names another host",
    {
      certificate: full,
      behaviour: { extensions: ["REQUIRETLS"] },
      zones: { "there.test": { mx: [[1, HOST]] }, ...STS_RECORD },
      policies: { [STS_URL]: stsPolicy("testing", "mx.elsewhere.test") },
    },
    "failed 550 5.7.10",
  ],
  [
    "no MX: the domain's own name needs no proof",
    {
      certificate: chain(domainName, middle, root),
      behaviour: { extensions: ["REQUIRETLS"] },
      zones: { "there.test": { a: ["127.0.0.1"] } },
    },
    RELAYED,
  ],
];

for (const [what, options, outcome] of REQUIRE) {
  Deno.test(`requiretls: ${what} (RFC 8689 section 4.2.1)`, async () => {
    await using parts = await start({ settings: TRUSTED, ...options });
    assert.equal(await deliver(parts.world, { requireTls: true }), outcome);
    if (outcome === RELAYED) assert.match(parts.sink.accepted[0]!.mailParams, /\bREQUIRETLS\b/);
  });
}

Deno.test("pool: a kept connection that is not good enough is not used", async () => {
  await using parts = await start({
    certificate: chain(selfSigned),
    behaviour: { extensions: ["REQUIRETLS"] },
    settings: TRUSTED,
  });
  assert.equal(await deliver(parts.world), RELAYED);
  assert.equal(await deliver(parts.world, { requireTls: true }), "failed 550 5.7.10");
  assert.equal(parts.sink.accepted.length, 1);
});
