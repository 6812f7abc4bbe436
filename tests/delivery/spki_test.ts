import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { verifyDane } from "../../src/delivery/remote/policy/dane_verify.ts";
import { publicKeyInfo } from "../../src/delivery/remote/policy/spki.ts";
import { makeCertificate } from "../support/certificate.ts";

const certificate = await makeCertificate({ names: ["a.test"] });
const der = new Uint8Array(certificate.parsed.rawData);

Deno.test("spki: the public key is cut out of a certificate as it stands there", () => {
  const key = publicKeyInfo(der);
  assert.deepEqual(Buffer.from(key!), Buffer.from(certificate.parsed.publicKey.rawData));
});

Deno.test("spki: bytes that are no certificate, or a broken one, give null or something, and never throw", () => {
  const broken = fc.tuple(fc.nat(der.length - 1), fc.nat(255)).map(([at, byte]) => {
    const copy = der.slice();
    copy[at] = byte;
    return copy;
  });
  const cut = fc.nat(der.length).map((length) => der.subarray(0, length));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), broken, cut), (bytes) => {
      publicKeyInfo(bytes);
      const records = [{ usage: 2, selector: 1, matching: 0, data: "00" }];
      assert.notEqual(verifyDane([bytes], { records, names: ["a.test"], now: Date.now() }), null);
    }),
    { numRuns: 300 },
  );
});
