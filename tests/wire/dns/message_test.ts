import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import packet from "dns-packet";
import fc from "fast-check";
import { DnsError } from "../../../src/core/errors.ts";
import { decodeMessage, encodeQuery, RCODE, TYPE } from "../../../src/wire/dns/mod.ts";

/** What an independent implementation makes of the parts. */
function encodeResponse(parts: Record<string, unknown>): Uint8Array {
  return packet.encode(
    {
      type: "response",
      id: 7,
      flags: packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE,
      questions: [{ type: "A", name: "a.test", class: "IN" }],
      ...parts,
    } as unknown as Parameters<typeof packet.encode>[0],
  );
}

function answersOf(...answers: object[]) {
  return decodeMessage(encodeResponse({ answers })).answers;
}

Deno.test("wire/dns: a query is what another implementation reads", () => {
  const query = packet.decode(
    Buffer.from(encodeQuery(0xbeef, { name: "mx.example.com", type: TYPE.MX }, { edns: true })),
  );
  assert.equal(query.id, 0xbeef);
  assert.equal(query.type, "query");
  assert.deepEqual([query.flag_rd, query.flag_ad, query.flag_cd, query.flag_tc], [true, true, false, false]);
  assert.deepEqual(query.questions, [{ name: "mx.example.com", type: "MX", class: "IN" }]);
  assert.equal(query.additionals.length, 1);
  assert.equal(query.additionals[0].type, "OPT");
  assert.equal(query.additionals[0].udpPayloadSize, 1232);
  const plain = packet.decode(Buffer.from(encodeQuery(1, { name: "a.test", type: TYPE.A }, { edns: false })));
  assert.equal(plain.additionals.length, 0);
});

Deno.test("wire/dns: names that cannot be asked for are refused", () => {
  for (const name of ["", "a..b", `${"x".repeat(64)}.test`, `${"abcdefg.".repeat(40)}test`, "a\\046b.test"]) {
    assert.throws(() => encodeQuery(1, { name, type: TYPE.A }, { edns: true }), DnsError, name);
  }
});

Deno.test("wire/dns: every record type we use is decoded", () => {
  const soa = {
    mname: "ns.test",
    rname: "root.test",
    serial: 1,
    refresh: 2,
    retry: 3,
    expire: 4,
    minimum: 555,
  };
  const cases: [object, object][] = [
    [{ type: "A", data: "192.0.2.1" }, { type: TYPE.A, address: "192.0.2.1" }],
    [{ type: "AAAA", data: "2001:db8:0:0:1:0:0:1" }, { type: TYPE.AAAA, address: "2001:db8::1:0:0:1" }],
    [{ type: "AAAA", data: "::ffff:192.0.2.1" }, { type: TYPE.AAAA, address: "::ffff:c000:201" }],
    [{ type: "CNAME", data: "Other.Test" }, { type: TYPE.CNAME, target: "other.test" }],
    [{ type: "PTR", data: "host.test" }, { type: TYPE.PTR, target: "host.test" }],
    [{ type: "NS", data: "ns.test" }, { type: TYPE.NS, target: "ns.test" }],
    [{ type: "MX", data: { preference: 300, exchange: "mx.test" } }, {
      type: TYPE.MX,
      preference: 300,
      exchange: "mx.test",
    }],
    [{ type: "MX", data: { preference: 0, exchange: "." } }, { type: TYPE.MX, preference: 0, exchange: "" }],
    [{ type: "TXT", data: ["v=spf1 ", "-all"] }, { type: TYPE.TXT, text: "v=spf1 -all" }],
    [{ type: "TXT", data: ["gr\u00fc\u00df"] }, { type: TYPE.TXT, text: "gr\u00fc\u00df" }],
    [{ type: "SOA", data: soa }, { type: TYPE.SOA, minimum: 555 }],
  ];
  for (const [given, expected] of cases) {
    assert.deepEqual(answersOf({ name: "A.test", ttl: 99, ...given }), [{
      name: "a.test",
      ttl: 99,
      ...expected,
    }]);
  }
});

Deno.test("wire/dns: unknown types and other classes are stepped over", () => {
  const answers = answersOf(
    { type: "CAA", name: "a.test", ttl: 1, data: { flags: 0, tag: "issue", value: "ca.test" } },
    { type: "TXT", name: "a.test", ttl: 1, class: "CH", data: ["chaos"] },
    { type: "A", name: "a.test", ttl: 1, data: "192.0.2.1" },
  );
  assert.deepEqual(answers, [{ name: "a.test", ttl: 1, type: TYPE.A, address: "192.0.2.1" }]);
});

Deno.test("wire/dns: header fields, and the response code's upper bits from EDNS", () => {
  const message = decodeMessage(encodeResponse({
    flags: packet.AUTHENTIC_DATA | 3,
    additionals: [{ type: "OPT", name: ".", udpPayloadSize: 512, extendedRcode: 1, flags: 0, options: [] }],
  }));
  assert.deepEqual(
    [message.id, message.isResponse, message.authentic, message.truncated, message.rcode, message.hasEdns],
    [7, true, true, false, 16 + RCODE.NXDOMAIN, true],
  );
  assert.deepEqual(message.question, { name: "a.test", type: TYPE.A });
});

Deno.test("wire/dns: of a truncated message only the question counts", () => {
  const whole = encodeResponse({
    flags: packet.TRUNCATED_RESPONSE,
    answers: [{ type: "A", name: "a.test", ttl: 1, data: "192.0.2.1" }],
  });
  const message = decodeMessage(whole.subarray(0, whole.length - 5));
  assert.equal(message.truncated, true);
  assert.deepEqual(message.answers, []);
});

Deno.test("wire/dns: a TTL with the top bit set counts as zero", () => {
  const [record] = answersOf({ type: "A", name: "a.test", ttl: 0x80000001, data: "192.0.2.1" });
  assert.equal(record?.ttl, 0);
});

Deno.test("wire/dns: a dot or a control character inside a label cannot pass for something else", () => {
  // 3 "a.b", 2 CR LF, 4 "test"
  const name = [3, 0x61, 0x2e, 0x62, 2, 13, 10, 4, 0x74, 0x65, 0x73, 0x74, 0];
  const bytes = Uint8Array.of(0, 7, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 1, 0, 1);
  assert.equal(decodeMessage(bytes).question?.name, "a\\046b.\\013\\010.test");
});

/** A header for one answer, and that answer's bytes from offset 12 on. */
function oneAnswer(...bytes: number[]): Uint8Array {
  return Uint8Array.of(0, 7, 0x81, 0x80, 0, 0, 0, 1, 0, 0, 0, 0, ...bytes);
}

const A_RECORD = [0, TYPE.A, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1];

Deno.test("wire/dns: broken messages are refused", () => {
  const cases: [string, Uint8Array][] = [
    ["nothing", new Uint8Array(0)],
    ["half a header", new Uint8Array(11)],
    ["no answer where one is promised", oneAnswer()],
    ["two questions", Uint8Array.of(0, 7, 0x81, 0x80, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1)],
    ["a pointer to itself", oneAnswer(0xc0, 12, ...A_RECORD)],
    ["a pointer forward", oneAnswer(0xc0, 20, ...A_RECORD)],
    ["a pointer past the end", oneAnswer(0xff, 0xff, ...A_RECORD)],
    ["half a pointer", oneAnswer(0xc0)],
    ["an unknown label type", oneAnswer(0x41, 0, ...A_RECORD)],
    ["a name without end", oneAnswer(1, 0x61)],
    ["a label past the end", oneAnswer(63, 0x61)],
    ["an address of five bytes", oneAnswer(0, 0, TYPE.A, 0, 1, 0, 0, 0, 9, 0, 5, 1, 2, 3, 4, 5)],
    ["an MX without a name", oneAnswer(0, 0, TYPE.MX, 0, 1, 0, 0, 0, 9, 0, 2, 0, 5)],
    ["a CNAME longer than its data", oneAnswer(0, 0, TYPE.CNAME, 0, 1, 0, 0, 0, 9, 0, 1, 1, 0x61, 0)],
    ["a CNAME shorter than its data", oneAnswer(0, 0, TYPE.CNAME, 0, 1, 0, 0, 0, 9, 0, 3, 0, 0, 0)],
    ["a TXT string past its data", oneAnswer(0, 0, TYPE.TXT, 0, 1, 0, 0, 0, 9, 0, 2, 9, 0x61)],
    ["data past the end", oneAnswer(0, 0, TYPE.A, 0, 1, 0, 0, 0, 9, 0, 40, 1, 2, 3, 4)],
    ["a short SOA", oneAnswer(0, 0, TYPE.SOA, 0, 1, 0, 0, 0, 9, 0, 4, 0, 0, 0, 0)],
  ];
  for (const [what, bytes] of cases) assert.throws(() => decodeMessage(bytes), DnsError, what);
});

Deno.test("wire/dns: a name of more than 255 bytes is refused", () => {
  const label = [63, ...Array<number>(63).fill(0x61)];
  assert.doesNotThrow(() => decodeMessage(oneAnswer(...label, ...label, ...label, 0, ...A_RECORD)));
  assert.throws(
    () => decodeMessage(oneAnswer(...label, ...label, ...label, ...label, 0, ...A_RECORD)),
    DnsError,
  );
});

/** A message whose first record holds a chain of pointers to pointers, and whose other records are named by its end. */
function pointerChain(pointers: number, records: number): Uint8Array {
  const data: number[] = [];
  for (let i = 0; i < pointers; i++) {
    const target = i === 0 ? 12 : 12 + 11 + (i - 1) * 2;
    data.push(0xc0 | target >> 8, target & 255);
  }
  const end = 12 + 11 + (pointers - 1) * 2;
  const bytes = [0, 0, 10, 0, 1, 0, 0, 0, 9, data.length >> 8, data.length & 255, ...data];
  for (let i = 1; i < records; i++) bytes.push(0xc0 | end >> 8, end & 255, ...A_RECORD);
  const message = oneAnswer(...bytes);
  new DataView(message.buffer).setUint16(6, records);
  return message;
}

Deno.test("wire/dns: the work on pointers to pointers is bounded", () => {
  assert.equal(decodeMessage(pointerChain(60, 900)).answers.length, 899);
  assert.throws(() => decodeMessage(pointerChain(70, 900)), /Bad compression pointer/);
  assert.throws(() => decodeMessage(pointerChain(60, 3000)), /too many records/);
});

Deno.test("wire/dns: any bytes whatever give a message or a DnsError", () => {
  const header = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)).map(([questions, answers, additionals]) => {
    return [0, 7, 0x81, 0x80, 0, questions, 0, answers, 0, 0, 0, additionals];
  });
  const body = fc.array(fc.oneof(fc.constantFrom(0, 1, 5, 0xc0, 12), fc.nat(255)), { maxLength: 200 });
  fc.assert(
    fc.property(header, body, (head, tail) => {
      try {
        decodeMessage(Uint8Array.from([...head, ...tail]));
      } catch (error) {
        assert.ok(error instanceof DnsError, String(error));
      }
    }),
    { numRuns: 3000 },
  );
});

Deno.test("wire/dns: cut anywhere, a message gives a DnsError", () => {
  const whole = encodeResponse({
    answers: [
      { type: "CNAME", name: "a.test", ttl: 1, data: "b.test" },
      { type: "MX", name: "b.test", ttl: 1, data: { preference: 1, exchange: "mx.b.test" } },
      { type: "TXT", name: "b.test", ttl: 1, data: ["text"] },
    ],
  });
  for (let end = 0; end < whole.length; end++) {
    assert.throws(() => decodeMessage(whole.subarray(0, end)), DnsError, `cut at ${end}`);
  }
});

Deno.test("wire/dns: what another implementation writes we read back", () => {
  const label = fc.stringMatching(/^[a-z0-9_]([a-z0-9_-]{0,20}[a-z0-9_])?$/);
  const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join("."));
  const record = fc.oneof(
    fc.tuple(name, fc.ipV4()).map(([name, data]) => ({ type: "A", name, ttl: 5, data })),
    fc.tuple(name, name).map(([name, data]) => ({ type: "CNAME", name, ttl: 5, data })),
    fc.tuple(name, fc.nat(65535), name).map(([name, preference, exchange]) => {
      return { type: "MX", name, ttl: 5, data: { preference, exchange } };
    }),
  );
  fc.assert(
    fc.property(fc.array(record, { maxLength: 12 }), (records) => {
      const expected = records.map(({ type, name, ttl, data }) => {
        if (type === "A") return { name, ttl, type: TYPE.A, address: data };
        if (type === "CNAME") return { name, ttl, type: TYPE.CNAME, target: data };
        return { name, ttl, type: TYPE.MX, ...(data as object) };
      });
      assert.deepEqual(answersOf(...records), expected);
    }),
    { numRuns: 300 },
  );
});
