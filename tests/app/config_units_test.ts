import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatDuration,
  formatEndpoint,
  formatSize,
  parseDuration,
  parseEndpoint,
  parseSize,
} from "../../src/app/config/units.ts";

const SIZES: readonly (readonly [string, number | null])[] = [
  ["0B", 0],
  ["512B", 512],
  ["500KiB", 512_000],
  ["50MiB", 52_428_800],
  ["50 MiB", 52_428_800],
  ["10GiB", 10_737_418_240],
  ["1.5gib", 1_610_612_736],
  ["1MB", 1_000_000],
  ["50XiB", null],
  ["MiB", null],
  ["-1MiB", null],
  ["50", null],
  ["1e3MiB", null],
  ["50MiB ", null],
  ["999999999999TiB", null],
  ["1".repeat(5000) + "B", null],
];

const DURATIONS: readonly (readonly [string, number | null])[] = [
  ["0s", 0],
  ["250ms", 250],
  ["30s", 30_000],
  ["5m", 300_000],
  ["4h", 14_400_000],
  ["5d", 432_000_000],
  ["1w", 604_800_000],
  ["1h30m", 5_400_000],
  ["30m1h", null],
  ["5m5m", null],
  ["5", null],
  ["5 m", null],
  ["-5m", null],
  ["1.5h", null],
  ["5y", null],
  ["", null],
  ["1d".repeat(50), null],
];

const ENDPOINTS: readonly (readonly [string, { host: string; port: number } | null])[] = [
  [":25", { host: "", port: 25 }],
  [":0", { host: "", port: 0 }],
  ["127.0.0.1:25", { host: "127.0.0.1", port: 25 }],
  ["[::1]:25", { host: "::1", port: 25 }],
  ["[2001:DB8:0:0::1]:65535", { host: "2001:db8::1", port: 65535 }],
  [":65536", null],
  ["25", null],
  ["127.1:25", null],
  ["256.0.0.1:25", null],
  ["::1:25", null],
  ["[::1]", null],
  ["[fe80::1%eth0]:25", null],
  ["localhost:25", null],
  ["", null],
];

Deno.test("config units: sizes", () => {
  for (const [text, expected] of SIZES) assert.equal(parseSize(text), expected, text.slice(0, 40));
});

Deno.test("config units: durations", () => {
  for (const [text, expected] of DURATIONS) assert.equal(parseDuration(text), expected, text.slice(0, 40));
});

Deno.test("config units: endpoints", () => {
  for (const [text, expected] of ENDPOINTS) assert.deepEqual(parseEndpoint(text), expected, text);
});

Deno.test("config units: what is written out is read back", () => {
  fc.assert(
    fc.property(fc.nat(2_000_000_000), (ms) => {
      assert.equal(parseDuration(formatDuration(ms)), ms);
    }),
    { numRuns: 300 },
  );
  const v4 = fc.ipV4().map((host) => ({ host, port: 25 }));
  const v6 = fc.ipV6().map((host) => parseEndpoint(`[${host}]:993`));
  fc.assert(
    fc.property(fc.oneof(v4, v6), (endpoint) => {
      if (endpoint !== null) assert.deepEqual(parseEndpoint(formatEndpoint(endpoint)), endpoint);
    }),
    { numRuns: 300 },
  );
});

Deno.test("config units: sizes for people", () => {
  assert.deepEqual([0, 1023, 1024, 1536, 52_428_800].map(formatSize), [
    "0 B",
    "1023 B",
    "1 KiB",
    "1.5 KiB",
    "50 MiB",
  ]);
});
