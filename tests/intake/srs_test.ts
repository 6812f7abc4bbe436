// The Sender Rewriting Scheme (SRS draft): https://www.libsrs2.org/srs/srs.pdf
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Address } from "../../src/core/address.ts";
import { makeSrs } from "../../src/intake/srs.ts";
import { FixedClock, TEST_NOW } from "../support/fakes.ts";

const DAY_MS = 86_400_000;
const DAYS = 21;
const SECRET = new Uint8Array(32).fill(7);

const at = (now = TEST_NOW, secret = SECRET) =>
  makeSrs({ secret, clock: { ...new FixedClock(), now: () => now, sleep: () => Promise.resolve() } });

const address = (local: string, domain: string): Address => ({ local, domain });
const CAROL = address("Carol", "away.test");

Deno.test("srs: a sender is packed up and comes back", () => {
  const packed = at().forward(CAROL, "one.test");
  assert.match(packed.local, /^SRS0=[a-z2-7]{8}=[a-z2-7]{2}=away\.test=Carol$/);
  assert.equal(packed.domain, "one.test");
  assert.deepEqual(at().reverse(packed, DAYS), { kind: "valid", address: CAROL });
});

Deno.test("srs: it expires, also for a second forwarder, and the count of days may begin anew", () => {
  for (const start of [TEST_NOW, 1023 * DAY_MS, 1024 * DAY_MS * 20 - 1]) {
    for (const sender of [CAROL, address("SRS0=hhhh=tt=away.test=carol", "first.test")]) {
      const packed = at(start).forward(sender, "one.test");
      for (const age of [0, 1, DAYS]) {
        assert.equal(at(start + age * DAY_MS).reverse(packed, DAYS)!.kind, "valid");
      }
      for (const age of [DAYS + 1, 500, 1023]) {
        assert.equal(at(start + age * DAY_MS).reverse(packed, DAYS)!.kind, "expired");
      }
    }
  }
});

Deno.test("srs: nobody makes an address young again, or one of the second kind from one of the first", () => {
  const carol = at().forward(CAROL, "one.test").local;
  const other = at().forward(address("SRS0=hhhh=tt=away.test=carol", "first.test"), "one.test").local;
  const later = at(TEST_NOW + 100 * DAY_MS);
  const [hash = "", day = ""] = carol.slice("SRS0=".length).split("=");
  const today = later.forward(CAROL, "one.test").local.split("=")[2]!;
  const [hashAndDay = ""] = other.slice("SRS1=".length).split("=");
  for (
    const local of [
      carol.replace(`=${day}=`, `=${today}=`),
      other.replace(hashAndDay, hashAndDay.slice(0, 8) + today),
      other.replace(hashAndDay, hashAndDay.slice(0, 8)),
      other.replace(hashAndDay, `${hashAndDay}${today}`),
      `SRS1=${hash}${day}=away.test==Carol`,
      `SRS1=${hash}${today}=away.test==Carol`,
      `SRS0=${hashAndDay.slice(0, 8)}=${today}=first.test==hhhh=tt=away.test=carol`,
    ]
  ) {
    assert.equal(later.reverse(address(local, "one.test"), DAYS)?.kind, "forged", local);
  }
});

Deno.test("srs: a second and a third forwarder send back to the first", () => {
  const [one, two, three] = [1, 2, 3].map((byte) => at(TEST_NOW, new Uint8Array(32).fill(byte)));
  const first = one!.forward(CAROL, "one.test");
  const second = two!.forward(first, "two.test");
  const third = three!.forward(second, "three.test");
  assert.match(second.local, /^SRS1=[a-z2-7]{10}=one\.test==/);
  assert.ok(third.local.length <= second.local.length, third.local);
  for (const [srs, packed] of [[two!, second], [three!, third]] as const) {
    const back = srs.reverse(packed, DAYS);
    assert.deepEqual(back, { kind: "valid", address: first });
  }
  assert.deepEqual(one!.reverse(first, DAYS), { kind: "valid", address: CAROL });
});

Deno.test("srs: other addresses are none, and those that we did not make are forged", () => {
  const table: readonly (readonly [string, string | null])[] = [
    ["alice", null],
    ["srs", null],
    ["SRS0", null],
    ["SRS2=a=b=c=d", null],
    ["SRS0=", "forged"],
    ["SRS0==", "forged"],
    ["SRS0=a=b=c=d", "forged"],
    ["SRS0=a=b=c=", "forged"],
    ["SRS1=a=one.test==b", "forged"],
    ["SRS1=a==", "forged"],
    ["srs0+a=b=c=d", "forged"],
    ["SRS0=aaaaaaaa=aa==postmaster", "forged"],
    ["SRS1=aaaaaaaaaa=victim.test==x", "forged"],
  ];
  for (const [local, expected] of table) {
    assert.equal(at().reverse(address(local, "one.test"), DAYS)?.kind ?? null, expected, local);
  }
});

Deno.test("srs: a path that would be too long is left as it is", () => {
  const long = address("x".repeat(200), `${"y".repeat(40)}.test`);
  assert.equal(at().forward(long, "one.test"), long);
});

const local = fc.string({ unit: fc.constantFrom(...'aZ09=+-._"@ ü'), minLength: 1, maxLength: 60 });
const domain = fc.constantFrom("away.test", "a-b.example", "[192.0.2.1]", "xn--bcher-kva.example");

Deno.test("srs: whatever was packed comes back, also in capitals, and no other change is believed", () => {
  fc.assert(
    fc.property(local, domain, fc.nat(), fc.constantFrom(..."abc=1"), (name, host, place, letter) => {
      const sender = address(name, host);
      const packed = at().forward(sender, "one.test");
      const back = at().reverse(packed, DAYS);
      assert.equal(back?.kind, "valid");
      if (back?.kind !== "valid") return;
      // A sender that was packed up already comes back under the one spelling of its prefix.
      assert.equal(back.address.local.toLowerCase(), sender.local.toLowerCase());
      assert.equal(back.address.domain, sender.domain.toLowerCase());
      assert.equal(at().reverse({ ...packed, local: packed.local.toUpperCase() }, DAYS)?.kind, "valid");

      const cut = "SRS0=".length + place % (packed.local.length - "SRS0=".length);
      const changed = packed.local.slice(0, cut) + letter + packed.local.slice(cut + 1);
      if (changed.toLowerCase() === packed.local.toLowerCase()) return;
      assert.equal(at().reverse({ ...packed, local: changed }, DAYS)?.kind, "forged", changed);
      const stranger = at(TEST_NOW, new Uint8Array(32).fill(8));
      assert.equal(stranger.reverse(packed, DAYS)?.kind, "forged");
    }),
    { numRuns: 500 },
  );
});
