import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeLatin1 } from "../../src/core/bytes.ts";
import { ProtocolError } from "../../src/core/errors.ts";
import { Networks } from "../../src/net/networks.ts";
import { parseProxyHeader } from "../../src/net/proxy_header.ts";

const SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";

function v2(options: { first?: number; family?: number; body?: number[]; size?: number }): Uint8Array {
  const { first = 0x21, family = 0x11, body = [], size = body.length } = options;
  return Uint8Array.of(...encodeLatin1(SIGNATURE), first, family, size >> 8, size & 255, ...body);
}

const IPV4 = [198, 51, 100, 7, 192, 0, 2, 1, 0x9c, 0x40, 0, 25];
const IPV6 = [
  ...[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1],
  ...[1, 0, 0, 25],
];
const ENDS4 = { source: { host: "198.51.100.7", port: 40000 }, destination: { host: "192.0.2.1", port: 25 } };

const GOOD: readonly (readonly [name: string, bytes: Uint8Array, ends: unknown])[] = [
  ["v1, IPv4", encodeLatin1("PROXY TCP4 198.51.100.7 192.0.2.1 40000 25\r\n"), ENDS4],
  ["v1, IPv6", encodeLatin1("PROXY TCP6 2001:DB8:0::1 ::ffff:192.0.2.1 1 65535\r\n"), {
    source: { host: "2001:db8::1", port: 1 },
    destination: { host: "192.0.2.1", port: 65535 },
  }],
  ["v1, unknown", encodeLatin1("PROXY UNKNOWN\r\n"), null],
  ["v1, unknown with more", encodeLatin1("PROXY UNKNOWN what ever 1 2 3\r\n"), null],
  ["v2, IPv4", v2({ body: IPV4 }), ENDS4],
  ["v2, with extensions", v2({ body: [...IPV4, 3, 0, 4, 1, 2, 3, 4] }), ENDS4],
  ["v2, IPv6", v2({ family: 0x21, body: IPV6 }), {
    source: { host: "2001:db8::1", port: 256 },
    destination: { host: "192.0.2.1", port: 25 },
  }],
  ["v2, LOCAL", v2({ first: 0x20, family: 0, body: [] }), null],
  ["v2, LOCAL with addresses", v2({ first: 0x20, body: IPV4 }), null],
  ["v2, a unix socket", v2({ family: 0x31, body: new Array(216).fill(0) }), null],
];

Deno.test("PROXY headers, whole and byte by byte, whatever follows", () => {
  for (const [name, bytes, ends] of GOOD) {
    const more = Uint8Array.of(...bytes, ...encodeLatin1("EHLO x\r\n"));
    assert.deepEqual(parseProxyHeader(more), { ends, length: bytes.length }, name);
    for (let length = 0; length < bytes.length; length++) {
      assert.equal(parseProxyHeader(more.subarray(0, length)), null, `${name}: ${length}`);
    }
  }
});

Deno.test("what is no PROXY header is refused as soon as that can be known", () => {
  const bad: readonly (Uint8Array | string)[] = [
    "E",
    "PROXX",
    "PROXY\tTCP4",
    "PROXY TCP4 198.51.100.7 192.0.2.1 40000 25\n",
    "PROXY TCP5 198.51.100.7 192.0.2.1 40000 25\r\n",
    "PROXY TCP4 198.51.100.7 192.0.2.1 40000 25 7\r\n",
    "PROXY TCP4 198.51.100.7 192.0.2.1 40000\r\n",
    "PROXY TCP4 198.51.100.7 192.0.2.1 40000 65536\r\n",
    "PROXY TCP4 198.51.100.7 192.0.2.1 040000 25\r\n",
    "PROXY TCP4 198.51.100 192.0.2.1 40000 25\r\n",
    "PROXY TCP4 ::1 ::1 40000 25\r\n",
    "PROXY TCP6 198.51.100.7%eth0 ::1 40000 25\r\n",
    "PROXY \r\n",
    `PROXY UNKNOWN ${"x".repeat(200)}`,
    "\r\n\r\nX",
    v2({ first: 0x11, body: IPV4 }),
    v2({ first: 0x22, body: IPV4 }),
    v2({ body: IPV4.slice(1) }),
    v2({ family: 0x21, body: IPV4 }),
    v2({ size: 4097 }),
  ];
  for (const text of bad) {
    const bytes = typeof text === "string" ? encodeLatin1(text) : text;
    assert.throws(() => parseProxyHeader(bytes), ProtocolError, JSON.stringify(text));
  }
});

Deno.test("any bytes are a header, a part of one, or an error; and never more than they are", () => {
  const start = fc.constantFrom(
    "",
    "PROXY ",
    "PROXY TCP4 ",
    "PROXY TCP6 1::1 ",
    SIGNATURE,
    `${SIGNATURE}\x21\x11\0`,
  );
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 150 }), (start, bytes) => {
      const whole = Uint8Array.of(...encodeLatin1(start), ...bytes);
      try {
        const header = parseProxyHeader(whole);
        if (header === null) return;
        assert.ok(header.length <= whole.length);
        assert.deepEqual(parseProxyHeader(whole.subarray(0, header.length)), header);
        assert.equal(parseProxyHeader(whole.subarray(0, header.length - 1)), null);
      } catch (error) {
        assert.ok(error instanceof ProtocolError);
      }
    }),
    { numRuns: 3000 },
  );
});

Deno.test("networks", () => {
  const networks = new Networks(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::ffff:198.51.100.0"]);
  for (const host of ["10.255.0.1", "::ffff:10.0.0.1", "192.0.2.7", "2001:db8:1::", "198.51.100.0"]) {
    assert.equal(networks.has(host), true, host);
  }
  for (const host of ["11.0.0.1", "192.0.2.8", "2001:db9::", "::1", "", "localhost", "198.51.100.1"]) {
    assert.equal(networks.has(host), false, host);
  }
  assert.equal(new Networks([]).has("127.0.0.1"), false);
});
