import assert from "node:assert/strict";
import fc from "fast-check";
import { ALL_RIGHTS } from "../../../src/wire/imap/mod.ts";
import { identifiersOf, rightsFrom } from "../../../src/session/imap/rights.ts";

const BOB = "bob@example.com";

Deno.test("what an ACL gives an account (RFC 4314 section 2)", () => {
  const cases: [entries: [string, string][], rights: string][] = [
    [[], ""],
    [[[BOB, "lr"]], "lr"],
    [[["anyone", "lr"], [BOB, "ws"]], "lrsw"],
    [[["anyone", "lrw"], [`-${BOB}`, "w"]], "lr"],
    [[[BOB, "lrw"], ["-anyone", "w"]], "lr"],
    [[["carol@example.com", "lr"], ["-carol@example.com", "lr"]], ""],
    [[[`-${BOB}`, "lr"]], ""],
  ];
  for (const [entries, rights] of cases) {
    const acl = entries.map(([identifier, rights]) => ({ identifier, rights }));
    assert.equal(rightsFrom(acl, BOB), rights, JSON.stringify(entries));
  }
});

// An account's name may begin with "-"; what takes rights away from somebody else must not give them to it.
Deno.test("a negative entry is nobody's positive one", () => {
  assert.equal(rightsFrom([{ identifier: `-${BOB}`, rights: "lr" }], `-${BOB}`), "");
});

Deno.test("a right is there when it is given and not taken, in the order of the standard", () => {
  const entry = fc.record({
    identifier: fc.constantFrom(...identifiersOf(BOB), "carol@example.com", "-carol@example.com"),
    rights: fc.stringMatching(new RegExp(`^[${ALL_RIGHTS}]{0,11}$`)),
  });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 6 }), (acl) => {
      const says = (who: string[], right: string) => {
        return acl.some(({ identifier, rights }) => who.includes(identifier) && rights.includes(right));
      };
      const expected = [...ALL_RIGHTS].filter((right) => {
        return says([BOB, "anyone"], right) && !says([`-${BOB}`, "-anyone"], right);
      });
      assert.equal(rightsFrom(acl, BOB), expected.join(""));
    }),
    { numRuns: 500 },
  );
});
