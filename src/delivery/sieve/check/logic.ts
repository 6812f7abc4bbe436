/** RFC 5228 sections 5.2, 5.3, 5.6, 5.8 and 5.10. */
import type { TestRow } from "../rows.ts";

export const allof: TestRow = {
  name: "allof",
  requires: null,
  tests: "list",
  compile: ({ tests }) => async (machine) => {
    for (const test of tests) if (!await machine.ask(test)) return false;
    return true;
  },
};

export const anyof: TestRow = {
  name: "anyof",
  requires: null,
  tests: "list",
  compile: ({ tests }) => async (machine) => {
    for (const test of tests) if (await machine.ask(test)) return true;
    return false;
  },
};

export const not: TestRow = {
  name: "not",
  requires: null,
  tests: "one",
  compile: ({ tests }) => async (machine) => !await machine.ask(tests[0]!),
};

export const yes: TestRow = { name: "true", requires: null, compile: () => () => true };

export const no: TestRow = { name: "false", requires: null, compile: () => () => false };
