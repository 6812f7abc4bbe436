import assert from "node:assert/strict";
import fc from "fast-check";
import {
  canonicalName,
  joinSharedName,
  type SharedName,
  splitSharedName,
} from "../../../src/session/imap/mailbox_names.ts";

Deno.test("names of others' mailboxes", () => {
  const cases: [name: string, shared: SharedName | null][] = [
    ["Shared/bob@example.com/INBOX", { owner: "bob@example.com", name: "INBOX" }],
    ["Shared/BOB@example.com/inbox/x", { owner: "bob@example.com", name: "INBOX/x" }],
    // A local part may hold the delimiter.
    ["Shared/a/b@example.com/x@y/z", { owner: "a/b@example.com", name: "x@y/z" }],
    ["Shared", null],
    ["Shared/", null],
    ["Shared/bob", null],
    ["Shared/bob/x", null],
    ["Shared/bob@example.com", null],
    ["Shared/bob@example.com/", null],
    ["shared/bob@example.com/x", null],
    ["Work/bob@example.com/x", null],
  ];
  for (const [name, shared] of cases) assert.deepEqual(splitSharedName(name), shared, name);
});

Deno.test("every name has one spelling", () => {
  const cases = [
    ["inbox", "INBOX"],
    ["inBox/Inbox", "INBOX/Inbox"],
    ["Inboxes", "Inboxes"],
    ["fu\u0308", "f\u00fc"],
    ["Shared/Bob@Example.COM/inbox", "Shared/bob@example.com/INBOX"],
  ];
  for (const [name, canonical] of cases) assert.equal(canonicalName(name!), canonical);
});

Deno.test("a canonical name is its own, and a shared one comes apart as it was put together", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "B", "@", "/", "\u00fc", "Shared", "inbox"),
    maxLength: 8,
  });
  fc.assert(
    fc.property(text, (name) => {
      const canonical = canonicalName(name);
      assert.equal(canonicalName(canonical), canonical);
      const shared = splitSharedName(canonical);
      if (shared !== null) assert.equal(joinSharedName(shared), canonical);
    }),
    { numRuns: 1000 },
  );
});
