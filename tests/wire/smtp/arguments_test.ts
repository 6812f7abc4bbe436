import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeUtf8 } from "../../../src/core/bytes.ts";
import { ProtocolError, Refusal } from "../../../src/core/errors.ts";
import {
  BareLineFeedError,
  parseCommandLine,
  parseHello,
  parseMailArguments,
  parseRcptArguments,
} from "../../../src/wire/smtp/mod.ts";

const A = { local: "a", domain: "c.example" };

Deno.test("command lines", () => {
  const table: readonly [line: string, verb: string, argument: string][] = [
    ["NOOP\r\n", "NOOP", ""],
    ["noop \r\n", "NOOP", ""],
    ["Mail From:<a@b> \r\n", "MAIL", "From:<a@b>"],
    ["VRFY  a  b  \r\n", "VRFY", "a  b"],
    ["X-Y9 ü\r\n", "X-Y9", "ü"],
  ];
  for (const [line, verb, argument] of table) {
    assert.deepEqual(parseCommandLine(encodeUtf8(line)), { verb, argument }, line);
  }
});

Deno.test("lines that are no commands", () => {
  const bad = [
    "\r\n",
    " NOOP\r\n",
    "1\r\n",
    "NOOP\t\r\n",
    "NO\rOP\r\n",
    "NOOP\0\r\n",
    "\u{feff}NOOP\r\n",
    "<\r\n",
  ];
  bad.push("V".repeat(33) + "\r\n");
  for (const line of bad) assert.throws(() => parseCommandLine(encodeUtf8(line)), ProtocolError, line);
  assert.throws(() => parseCommandLine(Uint8Array.of(0x4e, 0x20, 0xff, 13, 10)), /UTF-8/);
  for (const line of ["NOOP\n", "\n", "NOOP\r\r"]) {
    assert.throws(() => parseCommandLine(encodeUtf8(line)), BareLineFeedError, line);
  }
});

Deno.test("any line is a command or a ProtocolError", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        const { verb, argument } = parseCommandLine(Uint8Array.of(...bytes, 13, 10));
        assert.match(verb, /^[A-Z][A-Z0-9-]*$/);
        assert.doesNotMatch(argument, /[\x00-\x1f\x7f]/);
      } catch (error) {
        assert.ok(error instanceof ProtocolError);
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("MAIL arguments", () => {
  const plain = {
    sender: A,
    size: null,
    eightBit: false,
    binary: false,
    smtputf8: false,
    returns: null,
    envelopeId: null,
    requireTls: false,
    hold: null,
  };
  const table: readonly [argument: string, expected: typeof plain | Record<string, unknown>][] = [
    ["FROM:<a@c.example>", plain],
    ["from:  <a@c.example>", plain],
    ["FROM:<>", { ...plain, sender: null }],
    ["FROM:<a@c.example> SIZE=0", { ...plain, size: 0 }],
    ["FROM:<a@c.example>  size=100   body=8bitmime smtputf8", {
      ...plain,
      size: 100,
      eightBit: true,
      smtputf8: true,
    }],
    ["FROM:<a@c.example> BODY=7BIT", plain],
    ["FROM:<a@c.example> BODY=BinaryMIME", { ...plain, eightBit: true, binary: true }],
    ["FROM:<a@c.example> RET=full ENVID=a+20b REQUIRETLS", {
      ...plain,
      returns: "full",
      envelopeId: "a b",
      requireTls: true,
    }],
    ["FROM:<a@c.example> HOLDFOR=5", { ...plain, hold: { kind: "for", ms: 5000 } }],
    ["FROM:<a@c.example> HOLDUNTIL=2030-01-31T08:00:00.5-01:30", {
      ...plain,
      hold: { kind: "until", at: Date.UTC(2030, 0, 31, 9, 30) },
    }],
    ["FROM:<a@c.example> AUTH=<>", plain],
    ["FROM:<a@c.example> AUTH=e+3Dmc2@example.com", plain],
    ["FROM:<ü@c.example> SMTPUTF8", {
      ...plain,
      sender: { local: "ü", domain: "c.example" },
      smtputf8: true,
    }],
  ];
  for (const [argument, expected] of table) {
    assert.deepEqual(parseMailArguments(argument, { auth: true, hold: true }), expected, argument);
  }
});

Deno.test("MAIL arguments that are wrong, and the reply each one gets", () => {
  const table: readonly [argument: string, reply: string][] = [
    ["", "501"],
    ["FROM", "501"],
    ["FROM <a@c.example>", "501"],
    ["FROM :<a@c.example>", "501"],
    ["FROM:", "501 5.1.7"],
    ["FROM:a@c.example", "501 5.1.7"],
    ["FROM:<a@c.example", "501 5.1.7"],
    ["FROM:<Postmaster>", "501 5.1.7"],
    ["FROM:<a@c.example>x", "501"],
    ["FROM:<a@c.example> SIZE", "501"],
    ["FROM:<a@c.example> SIZE=", "501"],
    ["FROM:<a@c.example> SIZE=-1", "501"],
    ["FROM:<a@c.example> SIZE=1=2", "501"],
    ["FROM:<a@c.example> SIZE=123456789012345678901", "501"],
    ["FROM:<a@c.example> SIZE=1 size=2", "501"],
    ["FROM:<a@c.example> BODY", "501"],
    ["FROM:<a@c.example> BODY=BINARY", "501"],
    ["FROM:<a@c.example> HOLDFOR=5", "555 5.5.4"],
    ["FROM:<a@c.example> SMTPUTF8=", "501"],
    ["FROM:<a@c.example> SMTPUTF8=1", "501"],
    ["FROM:<a@c.example> =1", "501"],
    ["FROM:<a@c.example> -X", "501"],
    ["FROM:<a@c.example> NOTIFY=NEVER", "555 5.5.4"],
    ["FROM:<a@c.example> AUTH=a+", "501"],
    ["FROM:<a@c.example> AUTH=a+3d", "501"],
    ["FROM:<ü@c.example>", "553 5.6.7"],
    ["FROM:<a@bücher.example>", "553 5.6.7"],
  ];
  for (const [argument, expected] of table) {
    assert.throws(
      () => parseMailArguments(argument, { auth: true }),
      (error) => replyFor(error).startsWith(expected),
      argument,
    );
  }
  assert.throws(() => parseMailArguments("FROM:<> AUTH=<>", { auth: false }), /555 5\.5\.4/);
});

function replyFor(error: unknown): string {
  if (error instanceof Refusal) return error.reply.toString();
  return error instanceof ProtocolError ? "501" : `not expected: ${error}`;
}

Deno.test("RCPT arguments", () => {
  const options = { postmasterDomain: "mx.example.com" };
  assert.deepEqual(parseRcptArguments("TO:<a@c.example>", options), {
    recipient: A,
    utf8: false,
    routed: false,
    dsn: { notify: null, originalRecipient: null },
  });
  assert.deepEqual(parseRcptArguments("to: <POSTmaster>", options).recipient, {
    local: "POSTmaster",
    domain: "mx.example.com",
  });
  assert.equal(parseRcptArguments("TO:<ü@c.example>", options).utf8, true);
  assert.equal(parseRcptArguments("TO:<@x.example,@y.example:a@c.example>", options).routed, true);
  for (
    const argument of ["TO:<>", "TO:<a>", "TO:a@b", "FROM:<a@b>", "TO:<a@b> RRVS=1", "TO:<a@b>,<c@d>"]
  ) {
    assert.throws(() => parseRcptArguments(argument, options), argument);
  }
});

Deno.test("HELO and EHLO arguments", () => {
  const table: readonly [argument: string, strict: string | null, lenient: string | null][] = [
    ["Client.Example", "client.example", "client.example"],
    ["localhost", "localhost", "localhost"],
    ["my_pc", "my_pc", "my_pc"],
    ["bücher.example", "xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["[192.0.2.1]", "[192.0.2.1]", "[192.0.2.1]"],
    ["[IPv6:2001:DB8::1]", "[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"],
    ["[::1]", null, "[::1]"],
    ["-odd-name-", null, "-odd-name-"],
    ["", null, null],
    ["two words", null, null],
    ["a(comment)", null, null],
    ['a"b', null, null],
    ["a;b", null, null],
    ["x".repeat(256), null, null],
  ];
  for (const [argument, strict, lenient] of table) {
    for (const [expected, isLenient] of [[strict, false], [lenient, true]] as const) {
      if (expected !== null) assert.equal(parseHello(argument, { lenient: isLenient }), expected, argument);
      else assert.throws(() => parseHello(argument, { lenient: isLenient }), ProtocolError, argument);
    }
  }
});
