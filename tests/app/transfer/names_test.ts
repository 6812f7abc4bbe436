import assert from "node:assert/strict";
import fc from "fast-check";
import {
  compareFileNames,
  flagsOfName,
  folderOfMaildir,
  infoOfFlags,
  maildirOfFolder,
  parseKeywords,
} from "../../../src/app/transfer/maildir_names.ts";
import { folderOfFile, pathOfFolder } from "../../../src/app/transfer/mbox_names.ts";

const MAILDIRS: readonly (readonly [folder: string, directory: string])[] = [
  ["INBOX", ""],
  ["Sent", ".Sent"],
  ["Work/2026", ".Work.2026"],
  ["INBOX/Below", ".INBOX.Below"],
  ["Entwürfe", ".Entw&APw-rfe"],
  ["R&D", ".R&-D"],
  ["a.b/c", ".a&AC4-b.c"],
];

Deno.test("maildir: folders as directories (Maildir++)", () => {
  for (const [folder, directory] of MAILDIRS) {
    assert.equal(maildirOfFolder(folder), directory);
    if (directory !== "") assert.equal(folderOfMaildir(directory), folder);
  }
  assert.equal(folderOfMaildir(".Entwürfe"), "Entwürfe", "UTF-8, as some write it");
});

const level = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .filter((text) => !/[/\x00-\x1f\x7f-\x9f]/.test(text) && text.isWellFormed());
const folder = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join("/"));

Deno.test("folders: any name becomes a path that stays in its place, and comes back", () => {
  fc.assert(fc.property(folder.filter((name) => name !== "INBOX"), (name) => {
    const directory = maildirOfFolder(name);
    assert.ok(
      !directory.includes("/") && directory.startsWith(".") && directory !== "." && directory !== "..",
    );
    assert.equal(folderOfMaildir(directory), name);
    const path = pathOfFolder(name);
    for (const part of path) assert.ok(!part.startsWith(".") && !/[/\\\x00]/.test(part), part);
    const back = path.map((part, i) => folderOfFile(i < path.length - 1 ? part.replace(/\.sbd$/, "") : part));
    assert.equal(back.join("/"), name);
  }));
});

Deno.test("maildir: flags and keywords in a file's name", () => {
  const keywords = parseKeywords("0 $Work\n2 later\nnonsense\n99 far\n");
  assert.deepEqual(keywords, ["$Work", undefined, "later"]);
  assert.deepEqual(flagsOfName("1.a.host:2,FSac", keywords), {
    flags: ["\\Flagged", "\\Seen", "$Work", "later"],
    unknown: "",
  });
  assert.deepEqual(flagsOfName("1.a.host:2,Sbz", keywords), { flags: ["\\Seen"], unknown: "bz" });
  assert.deepEqual(flagsOfName("1.a.host", keywords), { flags: [], unknown: "" });
  assert.deepEqual(flagsOfName("1.a.host;2,T", []).flags, ["\\Deleted"]);
  assert.deepEqual(infoOfFlags(["\\Seen", "$Forwarded", "later", "other", "\\Draft"], ["$Work", "later"]), {
    info: "DPSb",
    left: ["other"],
  });
  assert.deepEqual(["10.z", "9.b", "9.a"].sort(compareFileNames), ["9.a", "9.b", "10.z"]);
});
