import assert from "node:assert/strict";
import { hashPassword, verifyPassword } from "../../src/store/passwords.ts";
import { seededRandom } from "../support/fakes.ts";

Deno.test("a password fits its hash and no other", async () => {
  const random = seededRandom();
  const [first, second] = await Promise.all([hashPassword("s3cret", random), hashPassword("s3cret", random)]);
  assert.match(first, /^\$scrypt\$ln=15,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.notEqual(first, second, "each has its own salt");
  assert.equal(await verifyPassword("s3cret", first), true);
  assert.equal(await verifyPassword("s3cret", second), true);
  for (const wrong of ["", "S3cret", "s3cret ", "s3cre"]) {
    assert.equal(await verifyPassword(wrong, first), false);
  }
});

Deno.test("the same text in two normal forms is the same password", async () => {
  const hash = await hashPassword("caf\u00e9", seededRandom());
  assert.equal(await verifyPassword("cafe\u0301", hash), true);
});

Deno.test("other parameters, as another program may have chosen them", async () => {
  // RFC 7914 section 12: N = 1024, r = 8, p = 16 and N = 16384, r = 8, p = 1.
  const salt = (text: string) => btoa(text).replace(/=+$/, "");
  const hash = (hex: string) => Uint8Array.fromHex(hex).toBase64().replace(/=+$/, "");
  const known = `$scrypt$ln=14,r=8,p=1$${salt("SodiumChloride")}$` + hash(
    "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2" +
      "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
  );
  assert.equal(await verifyPassword("pleaseletmein", known), true);
  assert.equal(await verifyPassword("pleaseletmeout", known), false);
});

Deno.test("hashes that are malformed or ask for too much fit nothing, and at once", async () => {
  const salt = "A".repeat(22);
  const hash = "A".repeat(43);
  const hostile = [
    "",
    "plain",
    "$1$abc$def",
    `$scrypt$ln=15,r=8,p=1$${salt}`,
    `$scrypt$ln=15,r=8,p=1$${salt}$`,
    `$scrypt$ln=15,r=8,p=1$$${hash}`,
    `$scrypt$ln=0,r=8,p=1$${salt}$${hash}`,
    `$scrypt$ln=15,r=0,p=1$${salt}$${hash}`,
    `$scrypt$ln=15,r=8,p=0$${salt}$${hash}`,
    `$scrypt$ln=99,r=8,p=1$${salt}$${hash}`,
    `$scrypt$ln=20,r=99,p=1$${salt}$${hash}`,
    `$scrypt$ln=18,r=8,p=99$${salt}$${hash}`,
    `$scrypt$ln=15,r=8,p=1$${salt}$${hash}${"A".repeat(1_000_000)}`,
    `$scrypt$ln=15,r=8,p=1$${salt}$!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!`,
    `$scrypt$ln=1e9,r=8,p=1$${salt}$${hash}`,
  ];
  for (const text of hostile) assert.equal(await verifyPassword("x", text), false, text.slice(0, 60));
});
