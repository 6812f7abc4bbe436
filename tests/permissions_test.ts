/** The tasks that run the program give it what `support/permissions.ts` says, and never more than that. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { permissionFlags } from "./support/permissions.ts";

const ROOT = join(import.meta.dirname!, "..");

/** The flags of a task without the paths, which are each task's own. */
function flagsOf(task: string): string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json")));
  return withoutPaths(tasks[task].split(" ").filter((word: string) => word.startsWith("-")));
}

function withoutPaths(flags: readonly string[]): string[] {
  return flags.map((flag) => flag.replace(/^(--allow-(?:read|write))=.*/, "$1")).sort();
}

Deno.test("permissions: the program runs with the net, files and nothing else, the same everywhere", () => {
  const wanted = withoutPaths(permissionFlags({ data: ["x"], read: [] }));
  assert.deepEqual(flagsOf("start"), wanted);
  assert.deepEqual(flagsOf("mailden"), wanted);
  const forbidden = /^(-A|--allow-all|--allow-run|--allow-ffi|--allow-import)/;
  assert.deepEqual(wanted.filter((flag) => forbidden.test(flag)), []);
});

Deno.test("permissions: the build gives the executable the same", () => {
  const source = Deno.readTextFileSync(join(ROOT, ".ci", "build.ts"));
  assert.match(source, /programFlags\(/);
  assert.doesNotMatch(source, /"--allow-/);
});
