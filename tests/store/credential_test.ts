import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { makeCredential, parseCredential } from "../../src/store/credential.ts";
import { hashPassword, verifyPassword } from "../../src/store/passwords.ts";
import {
  formatScramVerifier,
  isScramProof,
  makeScramVerifier,
  parseScramVerifier,
  scramServerSignature,
} from "../../src/store/scram.ts";
import { seededRandom } from "../support/fakes.ts";

Deno.test("credential: one password, two verifiers, one string", async () => {
  const text = await makeCredential("pencil", seededRandom());
  const { hash, scram } = parseCredential(text);
  assert.ok(await verifyPassword("pencil", hash));
  assert.ok(scram !== null && scram.iterations >= 4096 && scram.iterations <= 65_536);
  assert.equal(scram.salt.length, 16);
  assert.ok(text.length < 500 && !text.includes("pencil"));
});

Deno.test("credential: a hash from before SCRAM still works, and a password that SCRAM cannot carry has a hash", async () => {
  const old = await hashPassword("pencil", seededRandom());
  assert.deepEqual(parseCredential(old), { hash: old, scram: null });
  const odd = parseCredential(await makeCredential("private \ue000", seededRandom()));
  assert.equal(odd.scram, null);
  assert.ok(await verifyPassword("private \ue000", odd.hash));
});

Deno.test("scram verifier: the values of RFC 7677 section 3", async () => {
  const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
  const random = { bytes: () => Uint8Array.from(salt), fraction: () => 0 };
  const verifier = await makeScramVerifier("pencil", random, 4096);
  const server = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
  const authMessage =
    `n=user,r=rOprNGfwEbeRWgbNEkqO,${server},c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0`;
  const proof = Buffer.from("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", "base64");
  assert.ok(isScramProof(verifier!, { authMessage, proof }));
  assert.ok(!isScramProof(verifier!, { authMessage: `${authMessage}x`, proof }));
  assert.ok(!isScramProof(verifier!, { authMessage, proof: proof.subarray(1) }));
  assert.equal(
    Buffer.from(scramServerSignature(verifier!, authMessage)).toString("base64"),
    "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
  );
  const text = formatScramVerifier(verifier!);
  assert.deepEqual(
    formatScramVerifier(parseScramVerifier(text)!),
    text,
  );
  for (
    const bad of [
      "",
      "x",
      text.replace("i=4096", "i=4095"),
      text.slice(1),
      `${text} `,
      text.replace("$i", "$j"),
    ]
  ) {
    assert.equal(parseScramVerifier(bad), null, bad);
  }
});
