/**
 * The match of a test: which of its values fit which of its keys, and how that is decided (RFC 5228 section 2.7, RFC 5231, RFC 6134).
 */
import type { Arguments, PlacedText } from "../arguments.ts";
import type { Machine } from "../machine.ts";
import type { Scope } from "../scope.ts";
import { isConstant } from "../text.ts";
import { type Comparator, DEFAULT_COMPARATOR, findComparator, NUMERIC_COMPARATOR } from "./comparators.ts";
import { compileRegex, type Regex } from "./regex.ts";
import { type Relation, RELATIONS } from "./relation.ts";
import { matchWildcard } from "./wildcard.ts";

export interface Matcher {
  /** Whether the test counts its values in place of looking at them; then they need not be texts of the message. */
  readonly counts: boolean;
  /** Whether one of the values matches one of the keys. Sets what the match found for `${1}` and so on. */
  test(
    machine: Machine,
    values: readonly string[],
    keys: readonly PlacedText[],
  ): boolean | Promise<boolean>;
  /** Checks keys that are known when the script is compiled. */
  checkKeys(keys: readonly PlacedText[]): void;
}

/** So many instructions of a regular expression are made in one step. */
const INSTRUCTIONS_PER_STEP = 25;

type MatchKind = "is" | "contains" | "matches" | "regex" | "list" | "count" | "value";

/** Takes `:comparator` and the match type from the arguments. */
export function takeMatcher(args: Arguments, scope: Scope): Matcher {
  const comparator = takeComparator(args);
  const { kind, relation } = takeKind(args);
  const used = comparator ?? (kind === "count" ? NUMERIC_COMPARATOR : DEFAULT_COMPARATOR);
  if (!used.hasSubstrings && (kind === "contains" || kind === "matches" || kind === "regex")) {
    args.fail(`The comparator ${used.name} cannot be used with :${kind}`);
  }
  switch (kind) {
    case "list":
      return listMatcher(scope);
    case "count":
      return countMatcher(used, relation!);
    case "regex":
      return regexMatcher(args, used, scope);
    case "matches":
      return wildcardMatcher(used, scope);
    default:
      return simpleMatcher(used, pairTest(kind, used, relation));
  }
}

function takeComparator(args: Arguments): Comparator | null {
  const given = args.tagString("comparator");
  if (given === null) return null;
  const { text, at } = given;
  const comparator = isConstant(text) ? findComparator(text) : null;
  if (comparator === null) args.fail("There is no such comparator", at);
  if (comparator.requires !== null) {
    args.require(comparator.requires, `The comparator ${comparator.name}`, at);
  }
  return comparator;
}

function takeKind(args: Arguments): { kind: MatchKind; relation: Relation | null } {
  const found: MatchKind[] = [];
  let relation: Relation | null = null;
  for (const kind of ["is", "contains", "matches"] as const) if (args.flag(kind)) found.push(kind);
  if (args.flag("regex", { requires: "regex" })) found.push("regex");
  if (args.flag("list", { requires: "extlists" })) found.push("list");
  for (const kind of ["count", "value"] as const) {
    const given = args.tagString(kind, { requires: "relational" });
    if (given === null) continue;
    found.push(kind);
    relation = isConstant(given.text) ? RELATIONS.get(given.text.toLowerCase()) ?? null : null;
    if (relation === null) args.fail(`:${kind} takes "gt", "ge", "lt", "le", "eq" or "ne"`, given.at);
  }
  if (found.length > 1) args.fail(`${args.name} has more than one match type`);
  return { kind: found[0] ?? "is", relation };
}

// ---- The kinds ----

type PairTest = (value: string, key: string) => boolean;

/** How two folded texts must stand to each other. */
function pairTest(kind: MatchKind, comparator: Comparator, relation: Relation | null): PairTest {
  if (kind === "contains") return (value, key) => value.includes(key);
  if (kind === "value") return (value, key) => relation!(comparator.order(value, key));
  return (value, key) => value === key;
}

function simpleMatcher({ fold }: Comparator, fits: PairTest): Matcher {
  return {
    counts: false,
    checkKeys() {},
    async test(machine, values, keys) {
      const { budget } = machine;
      const wanted = preparedKeys(machine, keys).map(fold);
      for (const value of values) {
        budget.look(value.length);
        const folded = fold(value);
        for (const key of wanted) {
          budget.compare(folded.length + key.length);
          const rest = budget.rest();
          if (rest !== null) await rest;
          if (fits(folded, key)) return true;
        }
      }
      return false;
    },
  };
}

/** RFC 5231 section 4.2. */
function countMatcher({ fold, order }: Comparator, relation: Relation): Matcher {
  return {
    counts: true,
    checkKeys() {},
    test(machine, values, keys) {
      const count = fold(String(values.length));
      return machine.texts(keys).some((key) => relation(order(count, fold(key))));
    },
  };
}

function wildcardMatcher(comparator: Comparator, scope: Scope): Matcher {
  return findingMatcher(scope, {
    checkKeys() {},
    find: ({ budget }, { value, key }) => {
      budget.compare(value.length + key.length);
      return budget.finish(matchWildcard(key, value, comparator));
    },
  });
}

function regexMatcher(args: Arguments, comparator: Comparator, scope: Scope): Matcher {
  const ignoreCase = comparator.name !== "i;octet";
  const compiled = new Map<string, Regex>();
  return findingMatcher(scope, {
    /** An expression without variables is checked, and made ready, with the script. */
    checkKeys(keys) {
      for (const { text, at } of keys) {
        if (!isConstant(text)) continue;
        const regex = compileRegex(text, { ignoreCase });
        if (typeof regex === "string") args.fail(regex, at);
        scope.chargeRegex(regex.size, at);
        compiled.set(text, regex);
      }
    },
    find({ budget }, { value, key }) {
      budget.compare(value.length);
      const ready = compiled.get(key);
      const regex = ready ?? compileRegex(key, { ignoreCase });
      if (typeof regex === "string") return budget.fail(regex);
      // One that is made of variables is made ready each time.
      if (ready === undefined) budget.spend(1 + Math.ceil((key.length + regex.size) / INSTRUCTIONS_PER_STEP));
      return budget.finish(regex.match(value));
    },
  });
}

/** RFC 6134 section 2.2: the keys name lists, and a value matches when it is in one. */
function listMatcher(scope: Scope): Matcher {
  return findingMatcher(scope, {
    checkKeys() {},
    async find({ budget, input }, { value, key }) {
      budget.spend(1);
      return await input.lists.contains(key, value) ? [value] : null;
    },
  });
}

/** The keys with their variables put in; a long list costs something even where there is nothing to compare it with. */
function preparedKeys(machine: Machine, keys: readonly PlacedText[]): string[] {
  const texts = machine.texts(keys);
  machine.budget.lookUp(texts.length);
  for (const text of texts) machine.budget.look(text.length);
  return texts;
}

/** A matcher whose findings are kept for `${1}` and so on (RFC 5229 section 3.2). */
function findingMatcher(
  scope: Scope,
  { checkKeys, find }: Pick<Matcher, "checkKeys"> & {
    find(
      machine: Machine,
      pair: { readonly value: string; readonly key: string },
    ): Promise<readonly string[] | null>;
  },
): Matcher {
  return {
    counts: false,
    checkKeys,
    async test(machine, values, keys) {
      const wanted = preparedKeys(machine, keys);
      for (const value of values) {
        for (const key of wanted) {
          const rest = machine.budget.rest();
          if (rest !== null) await rest;
          const found = await find(machine, { value, key });
          if (found === null) continue;
          if (scope.requires("variables")) machine.variables.matches = found;
          return true;
        }
      }
      return false;
    },
  };
}
