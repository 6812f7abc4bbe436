/** The examples of the RFCs, from the files of `examples/`. */
import assert from "node:assert/strict";
import { compileSieve } from "../../../src/delivery/sieve/mod.ts";
import { SieveError } from "../../../src/wire/sieve/mod.ts";
import { readExamples } from "./examples.ts";
import { outcome } from "./support.ts";

for (const { name, script, message, expected, input } of readExamples()) {
  Deno.test(`sieve example: ${name}`, async () => {
    const refusal = /^refused: (.*)$/.exec(expected)?.[1];
    if (refusal !== undefined) {
      assert.throws(() => compileSieve(script), (error) => {
        assert.ok(error instanceof SieveError && error.message.includes(refusal), String(error));
        return true;
      });
      return;
    }
    const result = (await outcome(script, message, { input })).replaceAll("\r\n", "\\n");
    const failure = /^error: (.*)$/.exec(expected)?.[1];
    if (failure === undefined) assert.equal(result, expected);
    else assert.ok(result.startsWith("error: ") && result.includes(failure), result);
  });
}
