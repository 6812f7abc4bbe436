/**
 * The corpus: `NN-name.eml` and the digest it must give, `NN-name.json`. Numbers from 50 on are broken messages. Each
 * is also fed in small pieces.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DigestBuilder, parseMessage } from "../../../src/wire/mime/mod.ts";

const FOLDER = join(import.meta.dirname!, "../../corpus/mime");
const names = readdirSync(FOLDER).filter((name) => name.endsWith(".eml")).sort();

Deno.test("the corpus is there", () => assert.ok(names.length >= 20));

for (const name of names) {
  const message = new Uint8Array(readFileSync(join(FOLDER, name)));
  const expected = JSON.parse(readFileSync(join(FOLDER, name.replace(/\.eml$/, ".json")), "utf8"));

  Deno.test(`corpus: ${name}`, () => {
    assert.deepEqual(JSON.parse(JSON.stringify(parseMessage(message))), expected);
  });

  for (const size of [1, 2, 7, 64]) {
    Deno.test(`corpus: ${name} in pieces of ${size}`, () => {
      const builder = new DigestBuilder();
      // One buffer for all pieces: the builder must not keep what it was lent.
      const piece = new Uint8Array(size);
      for (let at = 0; at < message.length; at += size) {
        const next = message.subarray(at, at + size);
        piece.set(next);
        builder.write(piece.subarray(0, next.length));
      }
      assert.deepEqual(JSON.parse(JSON.stringify(builder.finish())), expected);
    });
  }
}
