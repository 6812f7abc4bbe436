import assert from "node:assert/strict";
import { DnsError } from "../../../src/core/errors.ts";
import {
  type ChainStep,
  type DnsMessage,
  type DnsRecord,
  RCODE,
  selectAnswer,
  TYPE,
} from "../../../src/wire/dns/mod.ts";

const question = { name: "a.test", type: TYPE.A };

function message(answers: DnsRecord[], parts: Partial<DnsMessage> = {}): DnsMessage {
  return {
    id: 1,
    isResponse: true,
    opcode: 0,
    truncated: false,
    authentic: false,
    rcode: RCODE.NOERROR,
    hasEdns: true,
    question,
    answers,
    authorities: [],
    ...parts,
  };
}

const a = (name: string, address: string, ttl = 60): DnsRecord => ({ name, ttl, type: TYPE.A, address });
const cname = (name: string, target: string, ttl = 60): DnsRecord => ({
  name,
  ttl,
  type: TYPE.CNAME,
  target,
});
const soa = (name: string, minimum: number, ttl = 3600): DnsRecord => ({
  name,
  ttl,
  type: TYPE.SOA,
  minimum,
});
const ns = (name: string): DnsRecord => ({ name, ttl: 60, type: TYPE.NS, target: "ns.test" });

function brief(step: ChainStep): [string, string, number | null, string[]] {
  return [
    step.kind,
    step.name,
    step.ttl,
    step.records.map((record) => "address" in record ? record.address : "?"),
  ];
}

Deno.test("wire/dns: the answer to the question is picked out of a message", () => {
  const cases: [string, DnsMessage, [string, string, number | null, string[]]][] = [
    ["two records, smallest TTL", message([a("a.test", "192.0.2.1", 9), a("a.test", "192.0.2.2", 5)]), [
      "found",
      "a.test",
      5,
      ["192.0.2.1", "192.0.2.2"],
    ]],
    ["an alias, in whatever order", message([a("b.test", "192.0.2.1", 60), cname("a.test", "b.test", 7)]), [
      "found",
      "b.test",
      7,
      ["192.0.2.1"],
    ]],
    [
      "records beside the chain are ignored",
      message([a("victim.test", "192.0.2.66"), a("a.test", "192.0.2.1")]),
      [
        "found",
        "a.test",
        60,
        ["192.0.2.1"],
      ],
    ],
    ["other types are ignored", message([{ name: "a.test", ttl: 1, type: TYPE.TXT, text: "x" }]), [
      "nodata",
      "a.test",
      null,
      [],
    ]],
    ["an alias about which no more is said", message([cname("a.test", "b.test", 7)]), [
      "alias",
      "b.test",
      7,
      [],
    ]],
    ["no such name", message([], { rcode: RCODE.NXDOMAIN, authorities: [soa("test", 300)] }), [
      "nxdomain",
      "a.test",
      300,
      [],
    ]],
    [
      "the SOA's own TTL is smaller",
      message([], { rcode: RCODE.NXDOMAIN, authorities: [soa("test", 300, 20)] }),
      [
        "nxdomain",
        "a.test",
        20,
        [],
      ],
    ],
    ["no such name, and no SOA: not to be cached", message([], { rcode: RCODE.NXDOMAIN }), [
      "nxdomain",
      "a.test",
      null,
      [],
    ]],
    ["nothing of this type", message([], { authorities: [soa("a.test", 30)] }), ["nodata", "a.test", 30, []]],
    ["the root's SOA", message([], { authorities: [soa("", 30)] }), ["nodata", "a.test", 30, []]],
    ["an SOA of a stranger", message([], { authorities: [soa("other", 99999)] }), [
      "nodata",
      "a.test",
      null,
      [],
    ]],
    ["an SOA of a name that only ends alike", message([], { authorities: [soa("st", 9)] }), [
      "nodata",
      "a.test",
      null,
      [],
    ]],
    ["an alias to nothing", message([cname("a.test", "b.test", 7)], { authorities: [soa("test", 30)] }), [
      "nodata",
      "b.test",
      7,
      [],
    ]],
    [
      "an alias to no name",
      message([cname("a.test", "b.test", 99)], {
        rcode: RCODE.NXDOMAIN,
        authorities: [soa("test", 30)],
      }),
      ["nxdomain", "b.test", 30, []],
    ],
  ];
  for (const [what, given, expected] of cases) {
    assert.deepEqual(brief(selectAnswer(given, question)), expected, what);
  }
});

Deno.test("wire/dns: loops of aliases and referrals are refused", () => {
  const loop = message([cname("a.test", "b.test"), cname("b.test", "a.test")]);
  assert.throws(() => selectAnswer(loop, question), DnsError);
  const long = Array.from(
    { length: 20 },
    (_, i) => cname(i === 0 ? "a.test" : `n${i}.test`, `n${i + 1}.test`),
  );
  assert.throws(() => selectAnswer(message(long), question), DnsError);
  assert.throws(() => selectAnswer(message([], { authorities: [ns("test")] }), question), DnsError);
});
