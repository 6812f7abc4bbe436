import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeUtf8, encodeUtf8 } from "../../../src/core/bytes.ts";
import { ProtocolError } from "../../../src/core/errors.ts";
import {
  actsForItself,
  decodeBase64,
  decodePlain,
  encodeBase64,
  SASL_MECHANISMS,
  type SaslStep,
  startSasl,
} from "../../../src/wire/sasl/mod.ts";

Deno.test("base64 is strict", () => {
  assert.equal(decodeUtf8(decodeBase64("aGVsbG8=")), "hello");
  assert.equal(decodeBase64("").length, 0);
  for (
    const text of ["a", "ab", "abc", "=", "====", "a===", "ab=c", "ab==ab==", "ab c", "ab\n=", "ab-_", "é==="]
  ) {
    assert.throws(() => decodeBase64(text), ProtocolError, text);
  }
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    assert.deepEqual(decodeBase64(encodeBase64(bytes)), bytes);
  }));
});

Deno.test("PLAIN messages (RFC 4616)", () => {
  assert.deepEqual(decodePlain(encodeUtf8("\0tim\0tanstaaftanstaaf")), {
    authzid: "",
    user: "tim",
    password: "tanstaaftanstaaf",
  });
  assert.deepEqual(decodePlain(encodeUtf8("Ursel\0Kurt\0xipj3plmq ü")), {
    authzid: "Ursel",
    user: "Kurt",
    password: "xipj3plmq ü",
  });
  for (const text of ["", "\0", "\0\0", "\0a\0", "\0\0b", "a\0b", "\0a\0b\0", "\0a\0b\0c"]) {
    assert.throws(() => decodePlain(encodeUtf8(text)), ProtocolError, JSON.stringify(text));
  }
  assert.throws(() => decodePlain(Uint8Array.of(0, 255, 0, 65)), ProtocolError);
});

Deno.test("nobody acts for somebody else", () => {
  const user = { user: "Alice@example.com", password: "x" };
  assert.ok(actsForItself({ ...user, authzid: "" }));
  assert.ok(actsForItself({ ...user, authzid: "alice@EXAMPLE.com" }));
  assert.ok(!actsForItself({ ...user, authzid: "bob@example.com" }));
});

function challengeText(step: SaslStep): string {
  assert.equal(step.kind, "challenge");
  return step.kind === "challenge" ? decodeUtf8(step.challenge) : "";
}

Deno.test("the exchanges, with and without an initial response", () => {
  const credentials = { authzid: "", user: "alice", password: "pass word" };
  const plain = encodeUtf8("\0alice\0pass word");
  assert.deepEqual(startSasl("plain")?.start(plain), { kind: "credentials", credentials });
  const waiting = startSasl("PLAIN")!;
  assert.equal(challengeText(waiting.start(null)), "");
  assert.deepEqual(waiting.next(plain), { kind: "credentials", credentials });

  const login = startSasl("LOGIN")!;
  assert.equal(challengeText(login.start(null)), "Username:");
  assert.equal(challengeText(login.next(encodeUtf8("alice"))), "Password:");
  assert.deepEqual(login.next(encodeUtf8("pass word")), { kind: "credentials", credentials });
  const quick = startSasl("Login")!;
  assert.equal(challengeText(quick.start(encodeUtf8("alice"))), "Password:");
});

Deno.test("responses that no mechanism allows", () => {
  for (const response of ["", "a\0b"]) {
    assert.throws(() => startSasl("LOGIN")!.start(encodeUtf8(response)), ProtocolError);
    assert.throws(() => startSasl("PLAIN")!.start(encodeUtf8(response)), ProtocolError);
  }
  assert.throws(() => startSasl("LOGIN")!.start(Uint8Array.of(255)), ProtocolError);
  for (const name of ["", "CRAM-MD5", "PLAIN "]) assert.equal(startSasl(name), null);
  assert.ok(SASL_MECHANISMS.every((name) => startSasl(name)?.mechanism === name));
});

Deno.test("any bytes give credentials, a challenge or a ProtocolError", () => {
  const response = fc.oneof(fc.uint8Array(), fc.string().map(encodeUtf8));
  fc.assert(
    fc.property(fc.constantFrom(...SASL_MECHANISMS), fc.array(response, { maxLength: 3 }), (name, all) => {
      const exchange = startSasl(name)!;
      try {
        for (const [index, bytes] of all.entries()) {
          const step = index === 0 ? exchange.start(bytes) : exchange.next(bytes);
          if (step.kind === "credentials") {
            assert.ok(step.credentials.user !== "" && step.credentials.password !== "");
          }
        }
      } catch (error) {
        assert.ok(error instanceof ProtocolError);
      }
    }),
  );
});
