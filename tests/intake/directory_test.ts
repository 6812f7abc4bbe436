import assert from "node:assert/strict";
import fc from "fast-check";
import { type Address, formatAddress } from "../../src/core/address.ts";
import { DirectoryError, type DirectorySpec, makeDirectory } from "../../src/intake/directory.ts";
import { followForwards } from "../../src/intake/follow_forwards.ts";
import { matchesPattern } from "../../src/intake/local_pattern.ts";

const SPEC: DirectorySpec = {
  domains: {
    "example.com": {
      accounts: {
        Alice: { name: "Alice A.", quota: 1000, aliases: ["sales", "al@second.example"] },
        bob: {},
      },
      aliases: {
        info: ["alice"],
        all: ["info", "bob", "carol@elsewhere.org", "Bob@example.com", "everyone@second.example"],
        out: ["Dave@Elsewhere.ORG"],
      },
      catchAll: "bob",
    },
    "second.example": {
      accounts: { zoe: {} },
      aliases: { everyone: ["zoe", "all2"], all2: ["carol@elsewhere.org", "alice@example.com"] },
    },
    "Bücher.example": { accounts: {}, aliases: { abuse: ["zoe@second.example"] } },
  },
};

function at(text: string): Address {
  const split = text.lastIndexOf("@");
  return { local: text.slice(0, split), domain: text.slice(split + 1) };
}

const RESOLVE:
  readonly (readonly [string, readonly string[], readonly string[]] | readonly [string, string])[] = [
    ["alice@example.com", ["alice@example.com"], []],
    ["ALICE@Example.Com", ["alice@example.com"], []],
    ["sales@example.com", ["alice@example.com"], []],
    ["al@second.example", ["alice@example.com"], []],
    ["info@example.com", ["alice@example.com"], []],
    [
      "all@example.com",
      ["alice@example.com", "bob@example.com", "zoe@second.example"],
      ["carol@elsewhere.org"],
    ],
    ["out@example.com", [], ["Dave@elsewhere.org"]],
    ["nobody@example.com", ["bob@example.com"], []],
    ["postmaster@example.com", ["bob@example.com"], []],
    ["nobody@second.example", "unknown-user"],
    ["PostMaster@second.example", ["zoe@second.example"], []],
    ["abuse@second.example", ["zoe@second.example"], []],
    // A domain without accounts: the first account of all takes it.
    ["postmaster@xn--bcher-kva.example", ["alice@example.com"], []],
    ["abuse@xn--bcher-kva.example", ["zoe@second.example"], []],
    ["webmaster@xn--bcher-kva.example", "unknown-user"],
    // RFC 5321 section 4.5.1
    ["Postmaster@", ["bob@example.com"], []],
    ["alice@", "not-ours"],
    ["alice@elsewhere.org", "not-ours"],
    ["alice@[127.0.0.1]", "not-ours"],
  ];

Deno.test("directory: where each address leads", () => {
  const directory = makeDirectory(SPEC);
  for (const [address, accounts, remote] of RESOLVE) {
    const result = directory.resolve(at(address));
    if (result.kind !== "found") {
      assert.equal(result.kind, accounts, address);
      continue;
    }
    assert.deepEqual(result.accounts, accounts, address);
    assert.deepEqual(result.remote.map(formatAddress), remote, address);
  }
});

Deno.test("directory: an account is found by its login name in any case", () => {
  const directory = makeDirectory(SPEC);
  assert.deepEqual(directory.account("aLiCe@EXAMPLE.com"), {
    name: "alice@example.com",
    address: { local: "alice", domain: "example.com" },
    displayName: "Alice A.",
    quota: 1000,
  });
  assert.equal(directory.account("sales@example.com"), null);
  assert.equal(directory.account("alice"), null);
  assert.deepEqual(directory.accounts().map((account) => account.name), [
    "alice@example.com",
    "bob@example.com",
    "zoe@second.example",
  ]);
  assert.ok(directory.ownsDomain("EXAMPLE.com"));
  assert.ok(!directory.ownsDomain("elsewhere.org"));
});

Deno.test("directory: an account may send as what leads to it by name, not by catch-all", () => {
  const directory = makeDirectory(SPEC);
  const table: readonly [string, string, boolean][] = [
    ["alice@example.com", "alice@example.com", true],
    ["ALICE@example.com", "Sales@example.com", true],
    ["alice@example.com", "al@second.example", true],
    ["alice@example.com", "info@example.com", true],
    ["alice@example.com", "all@example.com", true],
    ["zoe@second.example", "all@example.com", true],
    ["bob@example.com", "info@example.com", false],
    ["bob@example.com", "anything@example.com", false],
    ["bob@example.com", "alice@example.com", false],
    ["alice@example.com", "alice@elsewhere.org", false],
    ["nobody@example.com", "alice@example.com", false],
  ];
  for (const [account, address, may] of table) {
    assert.equal(directory.maySendAs(account, at(address)), may, `${account} as ${address}`);
  }
});

const BAD: readonly [DirectorySpec["domains"], RegExp][] = [
  [{ "a.example": { accounts: {}, aliases: { x: ["x"] } } }, /x@a\.example -> x@a\.example goes round/],
  [
    {
      "a.example": { accounts: {}, aliases: { x: ["y@b.example"] } },
      "b.example": {
        accounts: {},
        aliases: { y: ["z"], z: ["x@a.example"] },
      },
    },
    /x@a\.example -> y@b\.example -> z@b\.example -> x@a\.example goes round/,
  ],
  [{ "a.example": { accounts: { al: {} }, aliases: { x: ["la"] } } }, /x@a\.example names la@a\.example/],
  [{ "a.example": { accounts: { al: {} }, catchAll: "la" } }, /catch_all of a\.example names la@a\.example/],
  [{ "a.example": { accounts: { al: {}, AL: {} } } }, /al@a\.example is defined twice/],
  [
    { "a.example": { accounts: { al: { aliases: ["x"] } }, aliases: { X: ["al"] } } },
    /x@a\.example is defined twice/,
  ],
  [{ "a.example": { accounts: { al: { aliases: ["x@b.example"] } } } }, /not ours/],
  [{ "a.example": { accounts: {}, aliases: { x: [] } } }, /leads nowhere/],
  [{ "a.example": { accounts: { "a b": {} } } }, /not a plain local part/],
  [{ "a.example": { accounts: { "a\r\nb": {} } } }, /not a plain local part/],
  [{ "a.example": { accounts: {}, aliases: { x: ["me@no domain"] } } }, /no valid domain/],
  [{ "a..example": { accounts: {} } }, /not a domain name/],
  [{ "a.example": { accounts: {} }, "A.Example.": { accounts: {} } }, /is there twice/],
];

Deno.test("directory: a specification that contradicts itself is refused, and the message says where", () => {
  for (const [domains, message] of BAD) {
    assert.throws(() => makeDirectory({ domains }), (error) => {
      assert.ok(error instanceof DirectoryError);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("directory: any alias graph either is refused or resolves to ends only, fast", () => {
  const name = fc.constantFrom("a", "b", "c", "d", "e", "f");
  const aliases = fc.dictionary(
    name,
    fc.array(fc.oneof(name, fc.constant("me"), fc.constant("x@out.example")), {
      minLength: 1,
      maxLength: 4,
    }),
  );
  fc.assert(
    fc.property(aliases, (aliases) => {
      let directory;
      try {
        directory = makeDirectory({ domains: { "a.example": { accounts: { me: {} }, aliases } } });
      } catch (error) {
        assert.ok(error instanceof DirectoryError, String(error));
        return;
      }
      for (const alias of Object.keys(aliases)) {
        const result = directory.resolve({ local: alias, domain: "a.example" });
        assert.ok(result.kind === "found" && result.accounts.length + result.remote.length > 0);
        assert.ok(result.accounts.length <= 1 && result.remote.length <= 1);
      }
    }),
    { numRuns: 300 },
  );
});

const SHARED: DirectorySpec = {
  plusSeparator: "+",
  domains: {
    "example.com": {
      accounts: { alice: {}, "bob+x": {}, zoe: { forward: ["alice+in"], keepCopy: true } },
      aliases: { info: ["alice+Info", "zoe"], out: ["carol@elsewhere.org"] },
      catchAll: { to: ["alice", "zoe"], except: ["old", "spam-*", "*.bak"] },
    },
    "example.net": { accounts: {}, sameAs: "Example.com" },
    "minus.example": { accounts: { al: {}, "mary-ann": {} }, plusSeparator: "-" },
    "off.example": { accounts: { al: {} }, plusSeparator: null },
  },
};

// RFC 5233 section 4: what stands behind the name and the separator is the detail.
const DETAILS: readonly (readonly [string, string])[] = [
  ["alice@example.com", "alice@example.com"],
  ["Alice+Work@example.com", "alice@example.com Work"],
  ["alice+a+b@example.net", "alice@example.com a+b"],
  ["alice+@example.com", "alice@example.com"],
  ["+alice@example.com", "alice@example.com, zoe@example.com"],
  ["bob+x@example.com", "bob+x@example.com"],
  ["bob@example.com", "alice@example.com, zoe@example.com"],
  ["info@example.net", "alice@example.com info, zoe@example.com"],
  ["info+q@example.com", "alice@example.com info, zoe@example.com q"],
  ["out+q@example.com", "carol@elsewhere.org"],
  ["OLD@example.com", "unknown-user"],
  ["spam-1@example.net", "unknown-user"],
  ["a.bak@example.com", "unknown-user"],
  ["a.bakery@example.com", "alice@example.com, zoe@example.com"],
  ["al-x@minus.example", "al@minus.example x"],
  ["al-x-y@minus.example", "al@minus.example x-y"],
  ["mary-ann@minus.example", "mary-ann@minus.example"],
  ["Mary-Ann-Work@minus.example", "mary-ann@minus.example Work"],
  ["mary-work@minus.example", "unknown-user"],
  ["-al@minus.example", "unknown-user"],
  ["--@minus.example", "unknown-user"],
  ["al+x@minus.example", "unknown-user"],
  ["al+x@off.example", "unknown-user"],
];

Deno.test("directory: details, shared names and what a catch-all does not take", () => {
  const directory = makeDirectory(SHARED);
  for (const [address, expected] of DETAILS) {
    const found = directory.resolve(at(address));
    const ends = found.kind !== "found" ? [found.kind] : [
      ...found.accounts.map((name) => `${name} ${found.details?.get(name) ?? ""}`.trim()),
      ...found.remote.map(formatAddress),
    ];
    assert.equal(ends.join(", "), expected, address);
  }
  assert.ok(directory.ownsDomain("EXAMPLE.net"));
  assert.ok(directory.maySendAs("alice@example.com", at("alice+x@example.net")));
  assert.ok(!directory.maySendAs("zoe@example.com", at("alice+x@example.net")));
  assert.ok(directory.hasManyNames("alice@example.com"));
  assert.ok(!directory.hasManyNames("al@off.example"));
});

const MISTAKES: readonly [DirectorySpec["domains"], RegExp][] = [
  [{ "a.example": { accounts: { x: { forward: ["y"] } } } }, /forward of x@a\.example names y@a\.example/],
  [
    { "a.example": { accounts: { x: { forward: ["x"] } } } },
    /forward of x@a\.example goes round in a circle/,
  ],
  [
    { "a.example": { accounts: { x: { forward: ["l"] }, y: { forward: ["x"] } }, aliases: { l: ["y"] } } },
    /goes round in a circle, so that its mail would be nowhere/,
  ],
  [
    { "a.example": { accounts: {}, sameAs: "b.example" } },
    /same_as of a\.example: "b\.example" is not another/,
  ],
  [{ "a.example": { accounts: {}, sameAs: "a.example" } }, /same_as of a\.example/],
  [
    { "a.example": { accounts: { x: {} }, sameAs: "b.example" }, "b.example": { accounts: {} } },
    /same_as of a\.example: it has the names of b\.example, .* and can have none of its own/,
  ],
  [
    { "a.example": { accounts: {}, sameAs: "b.example", plusSeparator: "-" }, "b.example": { accounts: {} } },
    /same_as of a\.example: it has the names of b\.example, with its plus_separator/,
  ],
  [
    {
      "a.example": { accounts: {}, sameAs: "b.example" },
      "b.example": { accounts: {}, sameAs: "c.example" },
      "c.example": { accounts: {} },
    },
    /must be a domain with names of its own/,
  ],
  [{ "a.example": { accounts: {}, plusSeparator: "ab" } }, /plus_separator of a\.example/],
];

Deno.test("directory: mistakes in forwards and shared names are refused", () => {
  for (const [domains, message] of MISTAKES) {
    assert.throws(() => makeDirectory({ domains }), (error) => {
      assert.ok(error instanceof DirectoryError);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("directory: a circle of forwards in which one keeps a copy ends there", () => {
  const directory = makeDirectory({
    domains: { "a.example": { accounts: { x: { forward: ["y"] }, y: { forward: ["x"], keepCopy: true } } } },
  });
  const ends = followForwards({ accounts: ["x@a.example"], remote: [] }, { directory });
  assert.deepEqual(ends.accounts, ["y@a.example"]);
});

Deno.test("directory: a pattern is as good as its regular expression, and never slow", () => {
  const letters = (unit: string, most: number) =>
    fc.string({ unit: fc.constantFrom(...unit), maxLength: most });
  fc.assert(
    fc.property(letters("ab*", 12), letters("ab", 12), (pattern, text) => {
      const expression = new RegExp(`^${pattern.replaceAll(/\*+/g, ".*")}$`);
      assert.equal(matchesPattern(pattern, text), expression.test(text), `${pattern} ${text}`);
    }),
    { numRuns: 1000 },
  );
  assert.equal(matchesPattern("*a".repeat(500), `${"a".repeat(1000)}b`), false);
});
