//   Knot (signed zones) <--DNS-- Unbound (validates) <--DNS-- Mailden --25 + TLS--> a sink for each domain
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { makeCertificate, type TestCertificate } from "../support/certificate.ts";
import { Mailden } from "../support/mailden.ts";
import { freePort, loopbackAddress } from "../support/ports.ts";
import { type LogLine, Program } from "../support/program.ts";
import { sampleMessage } from "../support/smtp_client.ts";
import { SmtpSink } from "../support/smtp_sink.ts";
import { run, writeFile } from "./peer.ts";

const KNOTD = "/usr/sbin/knotd";
const KEYMGR = "/usr/sbin/keymgr";
const UNBOUND = "/usr/sbin/unbound";
const UNBOUND_CHECKCONF = "/usr/sbin/unbound-checkconf";
const START_TIMEOUT_MS = 20_000;

interface Zone {
  readonly name: string;
  /** What stands in it besides SOA and NS, in the words of a zone file. */
  readonly records: readonly string[];
  /** `bogus`: signed, but by another key than the one that the resolver trusts. */
  readonly signed: "yes" | "no" | "bogus";
}

/** Knot and Unbound on addresses of their own; all that they write is in the folder. */
interface SignedDns extends AsyncDisposable {
  /** Of Unbound, as Mailden's `dns.servers` wants it. */
  readonly address: string;
  /** Everything that Unbound has written so far. */
  said(): string;
}

async function startSignedDns(zones: readonly Zone[]): Promise<SignedDns> {
  const folder = await Deno.makeTempDir({ prefix: "mailden-dane-" });
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => Deno.remove(folder, { recursive: true }));
  const [authority, resolver] = [loopbackAddress(), loopbackAddress()];
  const [authorityPort, resolverPort] = [freePort(authority), freePort(resolver)];

  const knotConfig = await writeKnotFiles(folder, `${authority}@${authorityPort}`, zones);
  const anchors: string[] = [];
  for (const { name, signed } of zones) {
    if (signed !== "no") anchors.push(await makeKey(knotConfig, name, signed === "bogus"));
  }
  const knot = new Program({ command: KNOTD, args: ["-c", knotConfig] }, { cwd: folder });
  cleanup.defer(async () => void await knot.kill("SIGKILL"));
  for (const { name } of zones) {
    await untilReady(knot, () => answersFor(name, { ipAddr: authority, port: authorityPort }));
  }

  const unboundConfig = await writeFile(
    folder,
    "unbound.conf",
    [
      ...unboundServer(folder, `${resolver}@${resolverPort}`),
      ...anchors.map((anchor) => `  trust-anchor: "${anchor}"`),
      ...zones.flatMap(({ name }) => [
        "stub-zone:",
        `  name: "${name}"`,
        `  stub-addr: ${authority}@${authorityPort}`,
      ]),
      "",
    ].join("\n"),
  );
  await run(UNBOUND_CHECKCONF, [unboundConfig]);
  const unbound = new Program({ command: UNBOUND, args: ["-d", "-c", unboundConfig] }, { cwd: folder });
  cleanup.defer(async () => void await unbound.kill("SIGKILL"));
  await untilReady(unbound, () => Promise.resolve(unbound.output.includes("start of service")));

  const running = cleanup.move();
  return {
    address: `${resolver}:${resolverPort}`,
    said: () => unbound.output,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** The configuration and the zone files; returns the path of the configuration. */
async function writeKnotFiles(folder: string, listen: string, zones: readonly Zone[]): Promise<string> {
  await Deno.mkdir(`${folder}/db`);
  for (const { name, records } of zones) {
    const own = [
      `$ORIGIN ${name}.`,
      "$TTL 60",
      "@ SOA ns admin 1 3600 600 86400 60",
      "@ NS ns",
      "ns A 127.0.0.1",
    ];
    await writeFile(folder, `${name}.zone`, [...own, ...records, ""].join("\n"));
  }
  return await writeFile(
    folder,
    "knot.conf",
    [
      "server:",
      `  rundir: "${folder}"`,
      `  listen: ${listen}`,
      "database:",
      `  storage: "${folder}/db"`,
      "log:",
      "  - target: stderr",
      "    any: info",
      // The keys are made before the start, so that Unbound can be told of them.
      "policy:",
      "  - id: ours",
      "    manual: on",
      "    single-type-signing: on",
      "zone:",
      ...zones.flatMap(({ name, signed }) => [
        `  - domain: ${name}`,
        `    file: "${folder}/${name}.zone"`,
        "    zonefile-sync: -1",
        "    zonefile-load: difference-no-serial",
        "    journal-content: all",
        ...(signed === "no" ? [] : ["    dnssec-signing: on", "    dnssec-policy: ours"]),
      ]),
      "",
    ].join("\n"),
  );
}

/** Makes the key of a zone and returns the DS record that trusts it, or with `wrong` one that trusts no key. */
async function makeKey(config: string, zone: string, wrong: boolean): Promise<string> {
  const keymgr = (...args: string[]) => run(KEYMGR, ["-c", config, zone, ...args]);
  await keymgr("generate", "algorithm=ECDSAP256SHA256", "ksk=yes", "zsk=yes");
  const { stdout } = await keymgr("ds");
  const ds = stdout.split("\n").find((line) => / DS \d+ 13 2 [0-9a-f]{64}$/i.test(line));
  assert.ok(ds !== undefined, `keymgr gave no DS record with SHA-256: ${stdout}`);
  return wrong ? ds.replace(/[0-9a-f]{64}$/i, "0".repeat(64)) : ds;
}

function unboundServer(folder: string, listen: string): string[] {
  return [
    "server:",
    `  directory: "${folder}"`,
    '  chroot: ""',
    '  username: ""',
    '  pidfile: ""',
    "  use-syslog: no",
    "  verbosity: 1",
    "  num-threads: 1",
    `  interface: ${listen}`,
    "  access-control: 127.0.0.0/8 allow",
    "  do-ip6: no",
    "  do-not-query-localhost: no",
    '  module-config: "validator iterator"',
    // Unbound says by itself that nothing is below `test.` (RFC 6761 section 6.2).
    '  local-zone: "test." nodefault',
    "  val-log-level: 2",
  ];
}

async function answersFor(zone: string, nameServer: { ipAddr: string; port: number }): Promise<boolean> {
  const signal = AbortSignal.timeout(2000);
  return await Deno.resolveDns(zone, "SOA", { nameServer, signal }).then(() => true, () => false);
}

async function untilReady(program: Program, isReady: () => Promise<boolean>): Promise<void> {
  let ended = false;
  void program.exited.then(() => ended = true);
  const until = Date.now() + START_TIMEOUT_MS;
  while (!await isReady()) {
    if (ended || Date.now() > until) throw new Error(`A name server did not get ready:\n${program.output}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function tlsaOf(certificate: TestCertificate): string {
  const key = new Uint8Array(certificate.parsed.publicKey.rawData);
  return `TLSA 3 1 1 ${createHash("sha256").update(key).digest("hex")}`;
}

Deno.test("peer: DANE by Unbound and Knot: a right key, a wrong one, broken signatures, and none", async () => {
  const names = ["right", "wrong", "bogus", "half", "plain", "alias"] as const;
  const hosts = names.map(() => loopbackAddress());
  const smtpPort = freePort(...hosts);
  const [good, other] = await Promise.all([
    makeCertificate({ names: ["mx.test"] }),
    makeCertificate({ names: ["other.test"] }),
  ]);
  const mail = (label: string, host: string) => [`${label} MX 10 mx.${label}`, `mx.${label} A ${host}`];
  const tlsa = (owner: string, certificate: TestCertificate) =>
    `_${smtpPort}._tcp${owner} ${tlsaOf(certificate)}`;
  const [right, wrong, bogus, half, plain, alias] = hosts as [string, string, string, string, string, string];
  await using dns = await startSignedDns([
    {
      name: "dane.test",
      signed: "yes",
      records: [
        ...mail("right", right),
        tlsa(".mx.right", good),
        ...mail("wrong", wrong),
        tlsa(".mx.wrong", other),
        ...mail("half", half),
        "_tcp.mx.half NS ns",
        // RFC 7672 section 2.2.2: of an alias the records of the name at its end count.
        "alias MX 10 mx.alias",
        "mx.alias CNAME end.alias",
        `end.alias A ${alias}`,
        tlsa(".end.alias", good),
      ],
    },
    // Of this host only the TLSA record is bogus: who took that for "no record" would deliver (RFC 7672 section 2.1.1).
    { name: "_tcp.mx.half.dane.test", signed: "bogus", records: [`_${smtpPort} ${tlsaOf(good)}`] },
    { name: "bogus.test", signed: "bogus", records: ["@ MX 10 mx", `mx A ${bogus}`, tlsa(".mx", good)] },
    { name: "plain.test", signed: "no", records: ["@ MX 10 mx", `mx A ${plain}`, tlsa(".mx", other)] },
  ]);
  await using sinks = new AsyncDisposableStack();
  const [rightSink, wrongSink, bogusSink, halfSink, plainSink, aliasSink] = await Promise.all(
    hosts.map(async (host) => sinks.use(await SmtpSink.start({ host, port: smtpPort, certificate: good }))),
  ) as [SmtpSink, SmtpSink, SmtpSink, SmtpSink, SmtpSink, SmtpSink];

  await using one = await Mailden.start({
    hostname: "mx.one.test",
    accounts: { "alice@one.test": "a" },
    config: { dns: { servers: [dns.address] }, outbound: { port: smtpPort } },
  });
  await using submission = await one.submission("alice@one.test");
  const domains = [
    "right.dane.test",
    "wrong.dane.test",
    "half.dane.test",
    "bogus.test",
    "plain.test",
    "alias.dane.test",
  ];
  for (const domain of domains) {
    const reply = await submission.send({
      from: "alice@one.test",
      to: [`bob@${domain}`],
      message: sampleMessage({ from: "alice@one.test" }),
    });
    assert.equal(reply.code, 250);
  }
  const results = new Map<string, LogLine>();
  for (const domain of domains) {
    const isResult = (line: LogLine) =>
      line.event === "delivery-result" && line["recipient"] === `bob@${domain}`;
    results.set(domain, await one.waitForLog(isResult, { timeoutMs: 30_000 }));
  }

  for (
    const [sink, domain, policy, verified] of [
      [rightSink, "right.dane.test", "dane", "dane"],
      [plainSink, "plain.test", "none", null],
      [aliasSink, "alias.dane.test", "dane", "dane"],
    ] as const
  ) {
    assert.equal(results.get(domain)!["result"], "relayed", one.output);
    assert.deepEqual(sink.accepted.map((message) => message.tls), [true], domain);
    const attempt = await one.waitForLog((line) =>
      line.event === "delivery-attempt" && line["host"] === `mx.${domain}`
    );
    assert.deepEqual([attempt["policy"], attempt["verified"]], [policy, verified], domain);
  }
  for (
    const [sink, domain, reply] of [
      [wrongSink, "wrong.dane.test", /^451 4\.7\.5 .*\(dane\).*TLSA/],
      [halfSink, "half.dane.test", /^451 4\.7\.5 .*TLSA.*SERVFAIL/],
      [bogusSink, "bogus.test", /^451 4\.4\.3 .*SERVFAIL/],
    ] as const
  ) {
    const result = results.get(domain)!;
    assert.equal(result["result"], "deferred", one.output);
    assert.match(String(result["reply"]), reply);
    assert.equal(sink.messages.length, 0, domain);
  }
  // It was the signatures that Unbound disliked, and not the way to Knot.
  for (const question of ["bogus.test. MX IN", `_${smtpPort}._tcp.mx.half.dane.test. TLSA IN`]) {
    assert.ok(dns.said().includes(`validation failure <${question}>`), dns.said());
  }

  const metrics = await one.metrics();
  for (
    const [policy, result, count] of [
      ["dane", "dane", 2],
      ["dane", "validation-failure", 1],
      ["dane", "dnssec-invalid", 1],
      ["none", "encrypted", 1],
    ]
  ) {
    const sample = `mailden_outbound_tls_total{policy="${policy}",result="${result}"} ${count}\n`;
    assert.ok(metrics.includes(sample), `${sample} is missing in:\n${metrics}`);
  }
  const trace = async (domain: string) => {
    const id = String(results.get(domain)!["message"]);
    const { code, stdout, stderr } = await one.command(["trace", id]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  assert.match(
    await trace("right.dane.test"),
    /encrypted with TLSv1\.3 and its certificate proved by DANE\./,
  );
  assert.match(await trace("wrong.dane.test"), /TLSA/);
});
