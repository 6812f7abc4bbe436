import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import packet from "dns-packet";
import { DnsError } from "../../src/core/errors.ts";
import type { Resolver } from "../../src/core/ports.ts";
import { makeResolver, type ResolverOptions } from "../../src/net/dns/mod.ts";
import { ServerList } from "../../src/net/dns/servers.ts";
import { systemRandom } from "../../src/net/system.ts";
import { type DnsAuthority, type DnsEntry, startDnsAuthority } from "../support/dns_authority.ts";
import { FixedClock, live, RecordingLog } from "../support/fakes.ts";
import { PATIENCE_MS } from "../support/patience.ts";

interface Setup extends AsyncDisposable {
  readonly dns: DnsAuthority;
  readonly resolver: Resolver & { close(): void };
  readonly clock: FixedClock;
  readonly log: RecordingLog;
}

type Settings = Partial<ResolverOptions> & { readonly negativeTtl?: number | null };

async function setUp(zones: Record<string, DnsEntry>, settings: Settings = {}): Promise<Setup> {
  const { negativeTtl, ...options } = settings;
  const dns = await startDnsAuthority({ zones, ...(negativeTtl === undefined ? {} : { negativeTtl }) });
  const clock = new FixedClock();
  const log = new RecordingLog();
  const resolver = makeResolver({
    servers: live([dns.address]),
    timeoutMs: PATIENCE_MS,
    tries: 1,
    cacheSize: 100,
    clock,
    random: systemRandom,
    log,
    ...options,
  });
  return {
    dns,
    resolver,
    clock,
    log,
    async [Symbol.asyncDispose]() {
      resolver.close();
      await dns.close();
    },
  };
}

const asked = (dns: DnsAuthority) =>
  dns.queries.map(({ name, type, transport }) => `${transport} ${type} ${name}`);

Deno.test("net/dns: every kind of question", async () => {
  await using it = await setUp({
    "a.test": {
      MX: [{ preference: 20, exchange: "MX2.a.test" }, { preference: 10, exchange: "mx1.a.test" }],
      TXT: ["v=spf1 -all", "y".repeat(600)],
    },
    "null.test": { MX: [{ preference: 0, exchange: "" }] },
    "mx1.a.test": { A: ["127.0.0.1", "127.0.0.2"], AAAA: ["::1"] },
    "1.0.0.127.in-addr.arpa": { PTR: ["mx1.a.test"] },
    "_25._tcp.mx1.a.test": { TLSA: ["3 1 1 00ff"], authentic: true },
  });
  const { resolver } = it;
  assert.deepEqual(await resolver.tlsa("_25._tcp.mx1.a.test"), {
    kind: "found",
    records: [{ usage: 3, selector: 1, matching: 1, data: "00ff" }],
    ttl: 60,
    authentic: true,
  });
  assert.deepEqual(await resolver.mx("A.Test."), {
    kind: "found",
    records: [{ preference: 20, host: "mx2.a.test" }, { preference: 10, host: "mx1.a.test" }],
    ttl: 60,
    authentic: false,
  });
  assert.deepEqual((await resolver.mx("null.test")).records, [{ preference: 0, host: "" }]);
  assert.deepEqual((await resolver.a("mx1.a.test")).records, ["127.0.0.1", "127.0.0.2"]);
  assert.deepEqual((await resolver.aaaa("mx1.a.test")).records, ["::1"]);
  assert.deepEqual((await resolver.txt("a.test")).records, ["v=spf1 -all", "y".repeat(600)]);
  assert.deepEqual((await resolver.ptr("127.0.0.1")).records, ["mx1.a.test"]);
  assert.equal((await resolver.mx("mx1.a.test")).kind, "nodata");
  assert.equal((await resolver.a("nobody.test")).kind, "nxdomain");
});

Deno.test("net/dns: what is no name is not asked for", async () => {
  await using it = await setUp({});
  for (const name of ["", "a..test", "-a.test", "a b.test", "x".repeat(64), "a.test\r\nQUIT"]) {
    assert.equal((await it.resolver.a(name)).kind, "nxdomain", name);
  }
  assert.equal((await it.resolver.ptr("not an address")).kind, "nxdomain");
  assert.deepEqual(it.dns.queries, []);
});

Deno.test("net/dns: answers are kept for their TTL and count down", async () => {
  await using it = await setUp({ "a.test": { A: ["127.0.0.1"], ttl: 100 } });
  assert.equal((await it.resolver.a("a.test")).ttl, 100);
  it.clock.set(it.clock.now() + 40_000);
  assert.equal((await it.resolver.a("a.test")).ttl, 60);
  assert.equal(it.dns.queries.length, 1);
  it.dns.set("a.test", { A: ["127.0.0.9"], ttl: 100 });
  it.clock.set(it.clock.now() + 60_000);
  assert.deepEqual((await it.resolver.a("a.test")).records, ["127.0.0.9"]);
  assert.equal(it.dns.queries.length, 2);
});

Deno.test("net/dns: how long an answer is kept has a floor and a ceiling", async () => {
  await using it = await setUp({
    "short.test": { A: ["127.0.0.1"], ttl: 0 },
    "long.test": { A: ["127.0.0.1"], ttl: 10 * 365 * 86_400 },
  });
  await it.resolver.a("short.test");
  await it.resolver.a("short.test");
  assert.equal(it.dns.queries.length, 1);
  it.clock.set(it.clock.now() + 1000);
  await it.resolver.a("short.test");
  assert.equal(it.dns.queries.length, 2);
  await it.resolver.a("long.test");
  assert.equal((await it.resolver.a("long.test")).ttl, 86_400);
});

Deno.test("net/dns: negative answers are kept for the SOA's minimum (RFC 2308)", async () => {
  await using it = await setUp({ "a.test": { A: ["127.0.0.1"] } }, { negativeTtl: 50 });
  for (let i = 0; i < 3; i++) {
    assert.equal((await it.resolver.a("new.test")).kind, "nxdomain");
    assert.equal((await it.resolver.aaaa("a.test")).kind, "nodata");
  }
  assert.equal(it.dns.queries.length, 2);
  it.dns.set("new.test", { A: ["127.0.0.5"] });
  it.clock.set(it.clock.now() + 49_000);
  assert.equal((await it.resolver.a("new.test")).kind, "nxdomain");
  it.clock.set(it.clock.now() + 1000);
  assert.deepEqual((await it.resolver.a("new.test")).records, ["127.0.0.5"]);
});

Deno.test("net/dns: a negative answer without SOA is not kept (RFC 2308 section 5)", async () => {
  await using it = await setUp({}, { negativeTtl: null });
  await it.resolver.a("none.test");
  await it.resolver.a("none.test");
  assert.equal(it.dns.queries.length, 2);
});

Deno.test("net/dns: the cache has a bounded size, and the least asked for goes first", async () => {
  const zones = Object.fromEntries(["a", "b", "c"].map((name) => [`${name}.test`, { A: ["127.0.0.1"] }]));
  await using it = await setUp(zones, { cacheSize: 2 });
  for (const name of ["a", "b", "a", "c", "a", "b"]) await it.resolver.a(`${name}.test`);
  assert.deepEqual(it.dns.queries.map(({ name }) => name), ["a.test", "b.test", "c.test", "b.test"]);
});

Deno.test("net/dns: one question that is asked many times at once goes out once", async () => {
  await using it = await setUp({ "a.test": { A: ["127.0.0.1"], delay: 20 } }, { cacheSize: 0 });
  const answers = await Promise.all(Array.from({ length: 50 }, () => it.resolver.a("a.test")));
  assert.equal(it.dns.queries.length, 1);
  assert.ok(answers.every((answer) => answer.records[0] === "127.0.0.1"));
  await it.resolver.a("a.test");
  assert.equal(it.dns.queries.length, 2);
});

Deno.test("net/dns: many different questions at once are all answered", async () => {
  const names = Array.from({ length: 400 }, (_, i) => `n${i}.test`);
  await using it = await setUp(Object.fromEntries(names.map((name) => [name, { TXT: [name] }])), {
    cacheSize: 1000,
  });
  const answers = await Promise.all(names.map((name) => it.resolver.txt(name)));
  assert.deepEqual(answers.map((answer) => answer.records[0]), names);
});

Deno.test("net/dns: ids and source ports differ from query to query", async () => {
  await using it = await setUp({ "a.test": { A: ["127.0.0.1"] } }, { cacheSize: 0 });
  for (let i = 0; i < 30; i++) await it.resolver.a("a.test");
  assert.ok(new Set(it.dns.queries.map(({ id }) => id)).size > 25, "ids");
  assert.ok(new Set(it.dns.queries.map(({ port }) => port)).size > 20, "ports");
});

Deno.test("net/dns: aliases are followed, within one answer and across answers", async () => {
  await using it = await setUp({
    "one.test": { CNAME: "two.test", ttl: 50 },
    "two.test": { CNAME: "three.test", ttl: 9 },
    "three.test": { A: ["127.0.0.3"], ttl: 70 },
    "bare.test": { CNAME: "bare2.test", bareAlias: true, ttl: 8 },
    "bare2.test": { CNAME: "three.test", bareAlias: true },
  });
  const answer = await it.resolver.a("one.test");
  assert.deepEqual([answer.records, answer.ttl], [["127.0.0.3"], 9]);
  assert.equal(it.dns.queries.length, 1);
  const bare = await it.resolver.a("bare.test");
  assert.deepEqual([bare.records, bare.ttl], [["127.0.0.3"], 8]);
  assert.deepEqual(asked(it.dns).slice(1), ["udp A bare.test", "udp A bare2.test", "udp A three.test"]);
  assert.deepEqual([answer.canonical, bare.canonical], ["three.test", "three.test"]);
  assert.equal((await it.resolver.a("three.test")).canonical, undefined);
});

Deno.test("net/dns: loops of aliases end as a DnsError", async () => {
  await using it = await setUp({
    "a.test": { CNAME: "b.test" },
    "b.test": { CNAME: "a.test" },
    "x.test": { CNAME: "y.test", bareAlias: true },
    "y.test": { CNAME: "x.test", bareAlias: true },
  });
  await assert.rejects(it.resolver.a("a.test"), DnsError);
  await assert.rejects(it.resolver.a("x.test"), DnsError);
  assert.ok(it.dns.queries.length < 20);
});

Deno.test("net/dns: what does not fit into UDP is asked for again by TCP", async () => {
  await using it = await setUp({
    "big.test": { TXT: Array.from({ length: 40 }, (_, i) => `${i}:${"z".repeat(200)}`) },
    "cut.test": { A: ["127.0.0.1"], fault: "truncated" },
  });
  assert.equal((await it.resolver.txt("big.test")).records.length, 40);
  assert.deepEqual((await it.resolver.a("cut.test")).records, ["127.0.0.1"]);
  assert.deepEqual(asked(it.dns), [
    "udp TXT big.test",
    "tcp TXT big.test",
    "udp A cut.test",
    "tcp A cut.test",
  ]);
});

Deno.test("net/dns: the AD bit is handed on", async () => {
  await using it = await setUp({
    "signed.test": { A: ["127.0.0.1"], authentic: true },
    "plain.test": { A: ["127.0.0.1"] },
  });
  assert.equal((await it.resolver.a("signed.test")).authentic, true);
  assert.equal((await it.resolver.a("signed.test")).authentic, true);
  assert.equal((await it.resolver.a("plain.test")).authentic, false);
});

Deno.test("net/dns: a server that knows no EDNS is asked without", async () => {
  await using it = await setUp({ "old.test": { A: ["127.0.0.1"], fault: "formerr-edns" } });
  assert.deepEqual((await it.resolver.a("old.test")).records, ["127.0.0.1"]);
  assert.equal(it.dns.queries.length, 2);
});

Deno.test("net/dns: failures are errors, never 'does not exist', and are not kept", async () => {
  for (const fault of ["servfail", "refused", "referral"] as const) {
    await using it = await setUp({ "a.test": { A: ["127.0.0.1"], fault } }, { tries: 3 });
    await assert.rejects(it.resolver.a("a.test"), DnsError, fault);
    assert.equal(it.dns.queries.length, 1, "the same server is not asked again at once");
    it.dns.set("a.test", { A: ["127.0.0.1"] });
    assert.equal((await it.resolver.a("a.test")).kind, "found", fault);
  }
});

Deno.test("net/dns: silence and forged answers end in a time-out, after so many tries", async () => {
  for (const fault of ["silent", "wrong-id", "wrong-question", "garbage"] as const) {
    await using it = await setUp({ "a.test": { A: ["127.0.0.1"], fault } }, { timeoutMs: 30, tries: 2 });
    await assert.rejects(it.resolver.a("a.test"), DnsError, fault);
    assert.equal(it.dns.queries.length, 2, fault);
  }
});

Deno.test("net/dns: an answer with a forged id is passed over, the right one counts", async () => {
  await using it = await setUp({
    "a.test": {
      A: ["127.0.0.1"],
      mangle: (answer) => {
        const forged = answer.slice();
        forged[1]! ^= 0x55;
        forged[forged.length - 12]! ^= 1;
        return [forged, answer];
      },
    },
  });
  assert.deepEqual((await it.resolver.a("a.test")).records, ["127.0.0.1"]);
});

Deno.test("net/dns: a flood of forged answers ends the try", async () => {
  await using it = await setUp({
    "a.test": {
      A: ["127.0.0.1"],
      mangle: (answer) => {
        const forge = (i: number) => {
          const forged = answer.slice();
          forged[0] = answer[0]! ^ 1;
          forged[1] = i;
          return forged;
        };
        return [...Array.from({ length: 64 }, (_, i) => forge(i)), answer];
      },
    },
  });
  await assert.rejects(it.resolver.a("a.test"), /answer no question/);
});

/** Puts an address of a name that nobody asked for into every section of an answer. */
function poison(answer: Uint8Array): Uint8Array[] {
  const message = packet.decode(Buffer.from(answer));
  const extra = { type: "A", name: "victim.test", ttl: 9999, class: "IN", data: "192.0.2.66" };
  message.answers.unshift(extra);
  message.authorities.push(extra);
  message.additionals.push(extra);
  return [Uint8Array.from(packet.encode(message))];
}

Deno.test("net/dns: what an answer says about other names is not believed", async () => {
  await using it = await setUp({
    "evil.test": { CNAME: "evil2.test", mangle: poison },
    "evil2.test": { A: ["127.0.0.1"] },
    "victim.test": { A: ["127.0.0.7"] },
  });
  assert.deepEqual((await it.resolver.a("evil.test")).records, ["127.0.0.1"]);
  // Not even about a name on the way is anything kept.
  await it.resolver.a("evil2.test");
  assert.deepEqual((await it.resolver.a("victim.test")).records, ["127.0.0.7"]);
  assert.equal(it.dns.queries.length, 3);
});

Deno.test("net/dns: MX hosts that are no host names are left out; if all are, that is an error", async () => {
  await using it = await setUp({
    "some.test": {
      MX: [{ preference: 1, exchange: "bad host.test" }, { preference: 2, exchange: "mx.test" }],
    },
    "none.test": { MX: [{ preference: 1, exchange: "bad\r\nhost.test" }] },
  });
  assert.deepEqual((await it.resolver.mx("some.test")).records, [{ preference: 2, host: "mx.test" }]);
  await assert.rejects(it.resolver.mx("none.test"), DnsError);
});

Deno.test("net/dns: fail-over, and silent servers are remembered for a while", async () => {
  await using silent = await startDnsAuthority({
    zones: { "a.test": { fault: "silent" }, "b.test": { fault: "silent" } },
  });
  await using good = await startDnsAuthority({
    zones: Object.fromEntries(["a", "b", "c"].map((name) => [`${name}.test`, { A: ["127.0.0.1"] }])),
  });
  await using it = await setUp({}, { servers: live([silent.address, good.address]), timeoutMs: 1500 });
  assert.equal((await it.resolver.a("a.test")).kind, "found");
  assert.deepEqual([silent.queries.length, good.queries.length], [1, 1]);
  assert.equal(it.log.of("dns-server-silent").length, 1);
  assert.equal((await it.resolver.a("b.test")).kind, "found");
  assert.deepEqual([silent.queries.length, good.queries.length], [1, 2]);
  // Later it is tried again, and is back.
  it.clock.set(it.clock.now() + 3_600_000);
  silent.set("c.test", { A: ["127.0.0.3"] });
  assert.deepEqual((await it.resolver.a("c.test")).records, ["127.0.0.3"]);
  assert.equal(it.log.of("dns-server-back").length, 1);
});

Deno.test("net/dns: a server that is not there, and one that fails, lead to the next", async () => {
  const gone = await startDnsAuthority();
  await gone.close();
  await using sick = await startDnsAuthority({ zones: { "a.test": { fault: "servfail" } } });
  await using it = await setUp({ "a.test": { A: ["127.0.0.1"] } });
  const { address } = it.dns;
  const resolver = makeResolver({
    servers: live([gone.address, sick.address, address]),
    timeoutMs: 1500,
    tries: 1,
    cacheSize: 10,
    clock: it.clock,
    random: systemRandom,
    log: it.log,
  });
  assert.deepEqual((await resolver.a("a.test")).records, ["127.0.0.1"]);
  assert.equal(sick.queries.length, 1);
  resolver.close();
});

Deno.test("net/dns: other servers after a reload", async () => {
  await using other = await startDnsAuthority({ zones: { "b.test": { A: ["127.0.0.2"] } } });
  await using first = await startDnsAuthority({ zones: { "a.test": { A: ["127.0.0.1"] } } });
  const servers = { current: [first.address] as readonly string[] };
  await using it = await setUp({}, { servers });
  assert.equal((await it.resolver.a("a.test")).kind, "found");
  servers.current = [other.address, "nonsense"];
  assert.equal((await it.resolver.a("b.test")).kind, "found");
  assert.equal(it.log.of("dns-server-not-understood").length, 1);
});

Deno.test("net/dns: who gives up leaves the others their answer", async () => {
  await using it = await setUp({ "a.test": { A: ["127.0.0.1"], delay: 50 } });
  const giveUp = new AbortController();
  const impatient = it.resolver.a("a.test", giveUp.signal);
  const patient = it.resolver.a("a.test");
  giveUp.abort();
  await assert.rejects(impatient, DnsError);
  assert.equal((await patient).kind, "found");
  assert.equal(it.dns.queries.length, 1);
  await assert.rejects(it.resolver.aaaa("a.test", AbortSignal.abort()), DnsError);
});

Deno.test("net/dns: close ends what is under way", async () => {
  await using it = await setUp({
    "a.test": { fault: "silent" },
    "b.test": { fault: "truncated", delay: 30 },
  });
  const waiting = [it.resolver.a("a.test"), it.resolver.a("b.test")].map((asking) =>
    assert.rejects(asking, DnsError)
  );
  it.resolver.close();
  await Promise.all(waiting);
  await assert.rejects(it.resolver.a("c.test"), DnsError);
});

Deno.test("net/dns: with no servers configured, those of resolv.conf, also when it changes", async () => {
  const log = new RecordingLog();
  const clock = new FixedClock();
  const directory = await Deno.makeTempDir();
  const resolvConf = `${directory}/resolv.conf`;
  const list = new ServerList({ servers: live([]), resolvConf, clock, log });
  assert.deepEqual(await list.inOrder(), [{ host: "127.0.0.1", port: 53 }]);
  assert.equal(log.of("resolv-conf-not-readable").length, 1);
  await Deno.writeTextFile(resolvConf, "nameserver 192.0.2.1\nnameserver 192.0.2.2\n");
  clock.set(clock.now() + 10_000);
  assert.deepEqual((await list.inOrder()).map(({ host }) => host), ["192.0.2.1", "192.0.2.2"]);
  list.failed({ host: "192.0.2.1", port: 53 }, "silence");
  assert.deepEqual((await list.inOrder()).map(({ host }) => host), ["192.0.2.2", "192.0.2.1"]);
  await Deno.writeTextFile(resolvConf, "nameserver 192.0.2.99\n");
  clock.set(clock.now() + 10_000);
  assert.deepEqual((await list.inOrder()).map(({ host }) => host), ["192.0.2.99"]);
  await Deno.writeTextFile(resolvConf, "# nothing\n");
  clock.set(clock.now() + 10_000);
  assert.deepEqual(await list.inOrder(), [{ host: "127.0.0.1", port: 53 }]);
  await Deno.remove(directory, { recursive: true });
});
