import assert from "node:assert/strict";
import fc from "fast-check";
import { findRoute } from "../../src/delivery/remote/mx.ts";
import { resolveHost } from "../../src/delivery/remote/addresses.ts";
import { seededRandom } from "../support/fakes.ts";
import { tableResolver, type Zone } from "./support.ts";

const signal = new AbortController().signal;

function route(domain: string, zones: Record<string, Zone>, seed = 1) {
  return findRoute(domain, { resolver: tableResolver(zones), random: seededRandom(seed), port: 25, signal });
}

async function groups(domain: string, zones: Record<string, Zone>): Promise<string[][]> {
  const found = await route(domain, zones);
  assert.equal(found.kind, "hosts");
  return found.kind === "hosts" ? found.groups.map((group) => group.map((host) => host.name).sort()) : [];
}

Deno.test("mx: hosts come by preference, each once, and equal ones together", async () => {
  const mx = [[20, "c.test"], [10, "b.test"], [10, "a.test"], [30, "a.test"], [30, ""]] as const;
  assert.deepEqual(await groups("x.test", { "x.test": { mx } }), [["a.test", "b.test"], ["c.test"]]);
});

Deno.test("mx: without MX the domain itself is the host (RFC 5321 section 5.1)", async () => {
  assert.deepEqual(await groups("x.test", { "x.test": {} }), [["x.test"]]);
});

Deno.test("mx: an address literal needs no DNS (RFC 5321 section 4.1.3)", async () => {
  for (
    const [domain, address] of [["[192.0.2.1]", "192.0.2.1"], ["[IPv6:2001:db8::1]", "2001:db8::1"]] as const
  ) {
    const found = await route(domain, {});
    assert.ok(found.kind === "hosts");
    assert.deepEqual(found.groups, [[{ name: domain, addresses: [address], port: 25 }]]);
  }
});

const ANSWERS: readonly [string, Zone | null, string][] = [
  ["NXDOMAIN is permanent", null, "550 5.1.2"],
  ["the null MX is permanent (RFC 7505)", { mx: [[0, ""]] }, "556 5.1.10"],
  ["trouble with DNS is temporary", { mx: "error" }, "451 4.4.3"],
];

for (const [what, zone, expected] of ANSWERS) {
  Deno.test(`mx: ${what}`, async () => {
    const found = await route("x.test", zone === null ? {} : { "x.test": zone });
    assert.ok(found.kind === "answer");
    assert.ok(found.reply.toString().startsWith(expected), found.reply.toString());
  });
}

Deno.test("mx: hosts of one preference are shuffled, and none is lost", async () => {
  const names = ["a.test", "b.test", "c.test", "d.test"];
  const zones = { "x.test": { mx: names.map((name) => [5, name] as const) } };
  const firsts = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const found = await route("x.test", zones, seed);
      assert.ok(found.kind === "hosts");
      const order = found.groups[0]!.map((host) => host.name);
      firsts.add(order[0]!);
      assert.deepEqual([...order].sort(), names);
    }),
    { numRuns: 60 },
  );
  assert.equal(firsts.size, names.length);
});

Deno.test("addresses: IPv6 and IPv4 in turn, and what one family cannot say is no loss", async () => {
  const table: readonly [Zone | null, unknown][] = [
    [{ a: ["192.0.2.1", "192.0.2.2"], aaaa: ["2001:db8::1"] }, ["2001:db8::1", "192.0.2.1", "192.0.2.2"]],
    [{ a: ["192.0.2.1"], aaaa: "error" }, ["192.0.2.1"]],
    [{ a: "error", aaaa: ["2001:db8::1"] }, ["2001:db8::1"]],
    [{ a: "error" }, "error"],
    [{}, "none"],
    [null, "none"],
  ];
  for (const [zone, expected] of table) {
    const resolver = tableResolver(zone === null ? {} : { "h.test": zone });
    const found = await resolveHost({ name: "h.test", addresses: null, port: 25 }, {
      resolver,
      ipv6: true,
      signal,
    });
    assert.deepEqual(found.kind === "found" ? found.addresses : found.kind, expected);
  }
  const resolver = tableResolver({ "h.test": { a: ["192.0.2.1"], aaaa: ["2001:db8::1"] } });
  const four = await resolveHost({ name: "h.test", addresses: null, port: 25 }, {
    resolver,
    ipv6: false,
    signal,
  });
  assert.deepEqual(four, { kind: "found", addresses: ["192.0.2.1"], authentic: false, canonical: null });
});
