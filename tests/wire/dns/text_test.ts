import assert from "node:assert/strict";
import { parseResolvConf, parseServerAddress, reverseName } from "../../../src/wire/dns/mod.ts";

Deno.test("wire/dns: server addresses", () => {
  const cases: [string, string | null][] = [
    ["192.0.2.1", "192.0.2.1 53"],
    ["192.0.2.1:5353", "192.0.2.1 5353"],
    ["::1", "::1 53"],
    ["2001:db8::53", "2001:db8::53 53"],
    ["[2001:db8::53]", "2001:db8::53 53"],
    ["[2001:db8::53]:5353", "2001:db8::53 5353"],
    ["", null],
    ["dns.example.com", null],
    ["192.0.2.1:0", null],
    ["192.0.2.1:65536", null],
    ["192.0.2.1:", null],
    ["192.0.2", null],
    ["127.1", null],
    ["192.0.2.256", null],
    ["[192.0.2.1]:53", null],
    ["[::1", null],
    ["[::1]:x", null],
    [":53", null],
  ];
  for (const [text, expected] of cases) {
    const server = parseServerAddress(text);
    assert.equal(server === null ? null : `${server.host} ${server.port}`, expected, text);
  }
});

Deno.test("wire/dns: resolv.conf", () => {
  const text = [
    "# made by hand",
    "; another comment",
    "search example.com",
    "nameserver 192.0.2.1",
    "  nameserver\t2001:db8::53  ",
    "nameserver not-an-address",
    "nameserver",
    "options timeout:1",
    "nameserver 192.0.2.2\r",
  ].join("\n");
  assert.deepEqual(parseResolvConf(text).map(({ host }) => host), ["192.0.2.1", "2001:db8::53", "192.0.2.2"]);
  assert.deepEqual(parseResolvConf(""), []);
  assert.equal(parseResolvConf("nameserver 192.0.2.1\n".repeat(100)).length, 8);
});

Deno.test("wire/dns: the names under which addresses are found", () => {
  const nibbles = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
  const cases: [string, string | null][] = [
    ["192.0.2.5", "5.2.0.192.in-addr.arpa"],
    ["::ffff:192.0.2.5", "5.2.0.192.in-addr.arpa"],
    ["2001:db8::1", nibbles],
    ["2001:DB8:0::1", nibbles],
    ["example.com", null],
    ["", null],
  ];
  for (const [address, expected] of cases) assert.equal(reverseName(address), expected, address);
});
