import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { decodeUtf8, encodeUtf8 } from "../../../src/core/bytes.ts";
import { ProtocolError } from "../../../src/core/errors.ts";
import {
  parseClientFinal,
  parseClientFirst,
  saslPrep,
  type ScramChannel,
  ScramExchange,
  type ScramStep,
} from "../../../src/wire/sasl/mod.ts";

/** RFC 7677 section 3: user `user`, password `pencil`. */
const RFC7677 = {
  clientFirst: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
  serverNonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
  salt: Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64"),
  serverFirst: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
  clientFinal: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0," +
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
  serverSignature: Buffer.from("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "base64"),
  serverFinal: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
};

const NO_BINDING: ScramChannel = { nonce: "server", binding: null };
const BINDING = encodeUtf8("thirty-two octets of the channel");

function challengeOf(step: ScramStep): string {
  assert.equal(step.kind, "challenge");
  return step.kind === "challenge" ? decodeUtf8(step.challenge) : "";
}

Deno.test("SCRAM: the exchange of RFC 7677 section 3", () => {
  for (const initial of [true, false]) {
    const exchange = new ScramExchange("SCRAM-SHA-256", { nonce: RFC7677.serverNonce, binding: null });
    const first = encodeUtf8(RFC7677.clientFirst);
    if (!initial) assert.equal(challengeOf(exchange.start(null)), "");
    const wanted = initial ? exchange.start(first) : exchange.next(first);
    assert.deepEqual(wanted, { kind: "salt-wanted", authzid: "", user: "user" });
    const serverFirst = exchange.useSalt({ salt: RFC7677.salt, iterations: 4096 });
    assert.equal(challengeOf(serverFirst), RFC7677.serverFirst);
    const proof = exchange.next(encodeUtf8(RFC7677.clientFinal));
    assert.ok(proof.kind === "proof");
    assert.equal(
      proof.authMessage,
      `${RFC7677.clientFirst.slice(3)},${RFC7677.serverFirst},${RFC7677.clientFinal.split(",p=")[0]}`,
    );
    assert.equal(challengeOf(exchange.accept(RFC7677.serverSignature)), RFC7677.serverFinal);
    assert.deepEqual(exchange.next(new Uint8Array(0)), { kind: "done" });
    assert.throws(() => exchange.next(new Uint8Array(0)), ProtocolError);
  }
});

Deno.test("SCRAM: names (RFC 5802 section 5.1)", () => {
  const table: readonly [string, string, string][] = [
    ["n,,n=alice,r=x", "", "alice"],
    ["y,,n=a=2Cb=3Dc,r=x", "", "a,b=c"],
    ["n,a=boss=2Cinc,n=alice,r=x", "boss,inc", "alice"],
    ["n,,n=I\u00adX,r=x,ext=1", "", "IX"],
    ["n,,n=\u2168,r=x", "", "IX"],
  ];
  for (const [message, authzid, user] of table) {
    const first = parseClientFirst(encodeUtf8(message));
    assert.deepEqual([first.authzid, first.user], [authzid, user], message);
  }
});

Deno.test("SCRAM: first messages that are wrong", () => {
  const wrong = [
    "",
    ",,",
    "n",
    "n,n=a,r=x",
    "x,,n=a,r=x",
    "n,alice,n=a,r=x",
    "n,,n=,r=x",
    "n,,n=a",
    "n,,n=a,r=",
    "n,,r=x,n=a",
    "n,,m=ext,n=a,r=x",
    "n,,n=a=2Xb,r=x",
    "n,,n=a=,r=x",
    "n,,n=a,r=\u00e9",
    "n,,n=a,r=a b",
    "p=,,n=a,r=x",
    "p=a b,,n=a,r=x",
    "n,,n=a\u0007,r=x",
    "n,,n=a\0,r=x",
    `n,,n=a,r=${"x".repeat(1001)}`,
  ];
  for (const text of wrong) {
    assert.throws(() => parseClientFirst(encodeUtf8(text)), ProtocolError, JSON.stringify(text));
  }
  assert.throws(() => parseClientFirst(Uint8Array.of(0x6e, 0x2c, 0xff)), ProtocolError);
});

/** The proof is not looked at here. */
const PROOF = Buffer.alloc(32).toString("base64");

function atFinal(mechanism: ScramExchange["mechanism"], channel: ScramChannel, flag: string): ScramExchange {
  const exchange = new ScramExchange(mechanism, channel);
  exchange.start(encodeUtf8(`${flag},,n=alice,r=client`));
  exchange.useSalt({ salt: Uint8Array.of(1), iterations: 4096 });
  return exchange;
}

Deno.test("SCRAM: final messages that are wrong", () => {
  const c = Buffer.from("n,,").toString("base64");
  const wrong = [
    "",
    `c=${c},r=clientserver`,
    `c=${c},p=${PROOF}`,
    `r=clientserver,c=${c},p=${PROOF}`,
    `c=${c},r=client,p=${PROOF}`,
    `c=${c},r=clientserverx,p=${PROOF}`,
    `c=${Buffer.from("y,,").toString("base64")},r=clientserver,p=${PROOF}`,
    `c=${Buffer.from("n,a=bob,").toString("base64")},r=clientserver,p=${PROOF}`,
    `c=!,r=clientserver,p=${PROOF}`,
    `c=${c},r=clientserver,p=AAAA`,
    `c=${c},r=clientserver,p=${PROOF},more`,
  ];
  for (const text of wrong) {
    const exchange = atFinal("SCRAM-SHA-256", NO_BINDING, "n");
    assert.throws(() => exchange.next(encodeUtf8(text)), ProtocolError, JSON.stringify(text));
    assert.throws(() => exchange.next(encodeUtf8(text)), ProtocolError, "over is over");
  }
  const extended = parseClientFinal(encodeUtf8(`c=${c},r=clientserver,ext=1,p=${PROOF}`));
  assert.equal(extended.withoutProof, `c=${c},r=clientserver,ext=1`);
});

Deno.test("SCRAM: channel binding (RFC 5802 section 6, RFC 9266)", () => {
  const bound = { nonce: "server", binding: BINDING };
  const first = (mechanism: ScramExchange["mechanism"], channel: ScramChannel, flag: string) => () =>
    new ScramExchange(mechanism, channel).start(encodeUtf8(`${flag},,n=alice,r=client`));
  // A client that could, and believes that we cannot, while we can: somebody took -PLUS out of the list.
  assert.throws(first("SCRAM-SHA-256", bound, "y"), ProtocolError);
  assert.equal(first("SCRAM-SHA-256", bound, "n")().kind, "salt-wanted");
  assert.equal(first("SCRAM-SHA-256", NO_BINDING, "y")().kind, "salt-wanted");
  assert.throws(first("SCRAM-SHA-256", bound, "p=tls-exporter"), ProtocolError);
  assert.throws(first("SCRAM-SHA-256-PLUS", bound, "n"), ProtocolError);
  assert.throws(first("SCRAM-SHA-256-PLUS", bound, "y"), ProtocolError);
  assert.throws(first("SCRAM-SHA-256-PLUS", bound, "p=tls-unique"), ProtocolError);

  const final = (data: Uint8Array) => {
    const c = Buffer.concat([Buffer.from("p=tls-exporter,,"), data]).toString("base64");
    return encodeUtf8(`c=${c},r=clientserver,p=${PROOF}`);
  };
  const begun = () => atFinal("SCRAM-SHA-256-PLUS", bound, "p=tls-exporter");
  assert.equal(begun().next(final(BINDING)).kind, "proof");
  // Another TLS connection ends at somebody in between.
  assert.throws(() => begun().next(final(encodeUtf8("somebody else's channel........."))), ProtocolError);
  assert.throws(() => begun().next(final(new Uint8Array(0))), ProtocolError);
});

Deno.test("SCRAM: any bytes give a step or a ProtocolError", () => {
  const response = fc.oneof(
    fc.uint8Array(),
    fc.string().map(encodeUtf8),
    fc.constantFrom("n,,n=a,r=b", "c=biws,r=bserver,p=" + PROOF, "").map(encodeUtf8),
  );
  fc.assert(fc.property(fc.array(response, { maxLength: 4 }), (all) => {
    const exchange = new ScramExchange("SCRAM-SHA-256", NO_BINDING);
    try {
      for (const bytes of all) {
        const step = exchange.next(bytes);
        if (step.kind === "salt-wanted") exchange.useSalt({ salt: Uint8Array.of(1), iterations: 4096 });
        else if (step.kind === "proof") exchange.accept(Uint8Array.of(1));
      }
    } catch (error) {
      assert.ok(error instanceof ProtocolError, String(error));
    }
  }));
});

Deno.test("SASLprep (RFC 4013)", () => {
  const table: readonly [string, string | null][] = [
    // Section 3.
    ["I\u00adX", "IX"],
    ["user", "user"],
    ["USER", "USER"],
    ["\u00aa", "a"],
    ["\u2168", "IX"],
    ["\u0007", null],
    ["\u06271", null],
    // Section 2.1: spaces become one kind.
    ["a\u00a0b\u3000c", "a b c"],
    // Section 2.3.
    ["\ue000", null],
    ["a\ufffd", null],
    ["\u200e", null],
    // Section 2.4.
    ["\u0627\u0628", "\u0627\u0628"],
    ["\u0627b\u0628", null],
    // Nothing is left.
    ["", null],
    ["\u00ad", null],
    ["correct horse 7", "correct horse 7"],
    ["p\u00e4ss", "p\u00e4ss"],
    ["pa\u0308ss", "p\u00e4ss"],
    ["\u{1fae0}", "\u{1fae0}"],
  ];
  for (const [text, expected] of table) assert.equal(saslPrep(text), expected, JSON.stringify(text));
});

Deno.test("saslprep: what is too long to be a name or a password is not even looked at", () => {
  assert.equal(saslPrep("a".repeat(1000))?.length, 1000);
  assert.equal(saslPrep("\u0315\u0316".repeat(1000)), null);
});
