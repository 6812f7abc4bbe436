/** Which flags may be changed with which rights: RFC 4314 section 4. */
import assert from "node:assert/strict";
import { flagsWithin, permittedChanges } from "../../../src/session/imap/flag_rights.ts";
import { Rejection } from "../../../src/session/imap/errors.ts";

const keywords = ["$Work"];

Deno.test("each flag has its right", () => {
  const flags = ["\\Answered", "\\Seen", "\\Deleted", "$x", "\\*"];
  assert.deepEqual(flagsWithin("lrs", flags), ["\\Seen"]);
  assert.deepEqual(flagsWithin("lrt", flags), ["\\Deleted"]);
  assert.deepEqual(flagsWithin("lrw", flags), ["\\Answered", "$x", "\\*"]);
  assert.deepEqual(flagsWithin("lr", flags), []);
});

Deno.test("a change with all rights stays what it is", () => {
  for (const kind of ["add", "remove", "set"] as const) {
    const change = { kind, flags: ["\\Seen", "\\Deleted", "new"] };
    assert.deepEqual(permittedChanges(change, { rights: "swt", keywords }), [change]);
    const nothing = { kind, flags: [] };
    assert.deepEqual(permittedChanges(nothing, { rights: "swt", keywords }), [nothing]);
  }
});

Deno.test("what may not be changed is left as it is, and the rest is done", () => {
  const flags = ["\\Seen", "\\Deleted", "new"];
  for (const kind of ["add", "remove"] as const) {
    assert.deepEqual(permittedChanges({ kind, flags }, { rights: "s", keywords }), [
      { kind, flags: ["\\Seen"] },
    ]);
  }
  assert.deepEqual(permittedChanges({ kind: "set", flags }, { rights: "s", keywords }), [
    { kind: "add", flags: ["\\Seen"] },
    { kind: "remove", flags: [] },
  ]);
  assert.deepEqual(permittedChanges({ kind: "set", flags: [] }, { rights: "w", keywords }), [
    { kind: "add", flags: [] },
    { kind: "remove", flags: ["\\Answered", "\\Flagged", "\\Draft", "$Work"] },
  ]);
});

Deno.test("nothing that may be changed is NO", () => {
  const refused: [kind: "add" | "set", flags: string[], rights: string][] = [
    ["add", ["\\Seen"], "lrwt"],
    ["set", ["\\Seen"], "lrwt"],
    ["set", [], "lr"],
    ["add", ["x", "\\Draft"], "lrst"],
  ];
  for (const [kind, flags, rights] of refused) {
    assert.throws(() => permittedChanges({ kind, flags }, { rights, keywords }), Rejection);
  }
});
