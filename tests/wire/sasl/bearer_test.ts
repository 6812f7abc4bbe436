import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeUtf8, encodeUtf8 } from "../../../src/core/bytes.ts";
import { ProtocolError } from "../../../src/core/errors.ts";
import { BearerExchange, type BearerMechanism } from "../../../src/wire/sasl/mod.ts";

const TOKEN = "vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg==";

function first(mechanism: BearerMechanism, text: string) {
  return new BearerExchange(mechanism).start(encodeUtf8(text));
}

Deno.test("OAUTHBEARER: the message of RFC 7628 section 4.1", () => {
  const message =
    `n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer ${TOKEN}\x01\x01`;
  assert.deepEqual(first("OAUTHBEARER", message), {
    kind: "token",
    claim: { user: "user@example.com", token: TOKEN },
  });
  // Without an identity the token says who it is; a comma in one is written =2C (section 3.1).
  assert.deepEqual(first("OAUTHBEARER", `y,,\x01auth=bearer abc\x01\x01`), {
    kind: "token",
    claim: { user: "", token: "abc" },
  });
  assert.deepEqual(first("OAUTHBEARER", `n,a=a=2Cb,\x01auth=Bearer abc\x01\x01`), {
    kind: "token",
    claim: { user: "a,b", token: "abc" },
  });
});

Deno.test("XOAUTH2", () => {
  assert.deepEqual(first("XOAUTH2", `user=alice@example.com\x01auth=Bearer ${TOKEN}\x01\x01`), {
    kind: "token",
    claim: { user: "alice@example.com", token: TOKEN },
  });
});

Deno.test("without an initial response the client is asked", () => {
  const exchange = new BearerExchange("OAUTHBEARER");
  assert.deepEqual(exchange.start(null), { kind: "challenge", challenge: new Uint8Array(0) });
  assert.equal(exchange.next(encodeUtf8("n,,\x01auth=Bearer abc\x01\x01")).kind, "token");
});

Deno.test("a token that is refused: a word about it, and the client's empty answer (RFC 7628 section 3.2.3)", () => {
  for (
    const [mechanism, message, farewell] of [
      ["OAUTHBEARER", "n,,\x01auth=Bearer abc\x01\x01", "\x01"],
      ["XOAUTH2", "user=a\x01auth=Bearer abc\x01\x01", ""],
    ] as const
  ) {
    const exchange = new BearerExchange(mechanism);
    exchange.start(encodeUtf8(message));
    const step = exchange.refuse();
    assert.ok(step.kind === "challenge");
    assert.ok("status" in JSON.parse(decodeUtf8(step.challenge)));
    assert.deepEqual(exchange.next(encodeUtf8(farewell)), { kind: "refused" });
    assert.throws(() => exchange.next(encodeUtf8(farewell)), ProtocolError);
  }
});

Deno.test("what the mechanisms do not allow", () => {
  const bad: [BearerMechanism, string][] = [
    ["OAUTHBEARER", ""],
    ["OAUTHBEARER", "n,,\x01auth=Bearer abc\x01"],
    ["OAUTHBEARER", "n,,\x01auth=Bearer abc"],
    ["OAUTHBEARER", "n,,\x01\x01"],
    ["OAUTHBEARER", "n,,\x01auth=Basic abc\x01\x01"],
    ["OAUTHBEARER", "n,,\x01auth=Bearer a b\x01\x01".replace(" b", "\x02b")],
    ["OAUTHBEARER", "p=tls-exporter,,\x01auth=Bearer abc\x01\x01"],
    ["OAUTHBEARER", "n,alice,\x01auth=Bearer abc\x01\x01"],
    ["OAUTHBEARER", "n,a=a=3,\x01auth=Bearer abc\x01\x01"],
    ["OAUTHBEARER", `n,,${"\x01x=1".repeat(30)}\x01auth=Bearer abc\x01\x01`],
    ["OAUTHBEARER", `n,,\x01auth=Bearer ${"a".repeat(9000)}\x01\x01`],
    ["XOAUTH2", "auth=Bearer abc\x01\x01"],
    ["XOAUTH2", "user=\x01auth=Bearer abc\x01\x01"],
    ["XOAUTH2", "user=a\0\x01auth=Bearer abc\x01\x01"],
  ];
  for (const [mechanism, text] of bad) {
    assert.throws(() => first(mechanism, text), ProtocolError, JSON.stringify(text));
  }
  const exchange = new BearerExchange("XOAUTH2");
  exchange.start(encodeUtf8("user=a\x01auth=Bearer abc\x01\x01"));
  exchange.refuse();
  assert.throws(() => exchange.next(encodeUtf8("more")), ProtocolError);
});

Deno.test("whatever comes, it is a claim or a ProtocolError, and no error repeats the token", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (noise) => {
    for (const mechanism of ["OAUTHBEARER", "XOAUTH2"] as const) {
      try {
        first(mechanism, `n,,\x01user=u\x01auth=Bearer secret ${noise}`);
      } catch (error) {
        assert.ok(error instanceof ProtocolError);
        assert.ok(!error.message.includes("secret"));
      }
    }
  }));
});
