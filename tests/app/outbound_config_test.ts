import assert from "node:assert/strict";
import { join } from "node:path";
import { ConfigError, parseConfig } from "../../src/app/config/mod.ts";
import { makeCertificate } from "../support/certificate.ts";

function parse(outbound: string, folder = "/etc/mailden") {
  return parseConfig(`hostname: mx.example.com\noutbound:\n${outbound}`, join(folder, "mailden.yaml"))
    .outbound;
}

Deno.test("outbound: routes, a fallback relay and sources become the courier's settings", () => {
  const settings = parse(`
  routes:
    - { to: "*.Example.org", via: direct }
    - { to: [a.test, "*"], from: b.test, via: { host: relay.test, tls: implicit, port: 465 } }
  fallback_relay: { host: 192.0.2.1 }
  fallback_time: 2h
  source: { ipv4: 192.0.2.9, ipv6: "2001:db8::9" }
`);
  const login = { user: null, password: null };
  assert.deepEqual(settings.routes, [
    { to: ["*.example.org"], from: null, via: "direct" },
    {
      to: ["a.test", "*"],
      from: ["b.test"],
      via: { host: "relay.test", port: 465, tls: "implicit", ...login },
    },
  ]);
  assert.deepEqual(settings.fallbackRelay, { host: "192.0.2.1", port: 587, tls: "required", ...login });
  assert.equal(settings.fallbackMs, 7_200_000);
  assert.deepEqual(settings.source, { ipv4: "192.0.2.9", ipv6: "2001:db8::9" });
});

const WRONG: readonly [string, RegExp][] = [
  ["  routes: [{ to: 'a b', via: direct }]", /outbound\.routes.*expected a domain/],
  ["  routes: [{ to: a.test, via: { port: 25 } }]", /outbound\.routes\S* ?.*expected/],
  ["  routes: [{ to: a.test, via: indirect }]", /outbound\.routes\S* ?.*expected/],
  ["  routes: [{ to: a.test, via: { host: x.test, user: me } }]", /via\.password_file: Missing/],
  ["  fallback_relay: { host: x.test, user: me }", /fallback_relay\.password_file: Missing/],
  ["  source: { ipv4: '2001:db8::1' }", /source\.ipv4.*expected an IPv4 address/],
  ["  ca_file: nowhere.pem", /ca_file: Found a file that cannot be used/],
];

for (const [text, words] of WRONG) {
  Deno.test(`outbound: ${text.trim()} is refused, with its place`, () => {
    assert.throws(() => parse(text), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, words);
      return true;
    });
  });
}

Deno.test("outbound: ca_file is read, from beside the configuration", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { certificate } = await makeCertificate({ names: ["Authority"], authority: true });
    await Deno.writeTextFile(join(folder, "own.pem"), certificate);
    assert.equal(parse("  ca_file: own.pem", folder).authorities, certificate);
    await Deno.writeTextFile(join(folder, "own.pem"), "none");
    assert.throws(() => parse("  ca_file: own.pem", folder), /no certificate/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
