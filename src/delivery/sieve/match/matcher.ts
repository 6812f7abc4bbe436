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
      return listMatcher(args, scope);
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

function pairTest(kind: MatchKind, comparator: Comparator, relation: Relation | null): PairTest {
  const { fold } = comparator;
  if (kind === "contains") return (value, key) => fold(value).includes(fold(key));
  if (kind === "value") return (value, key) => relation!(comparator.order(value, key));
  return (value, key) => fold(value) === fold(key);
}

function simpleMatcher(_comparator: Comparator, fits: PairTest): Matcher {
  return {
    counts: false,
    checkKeys() {},
    test(machine, values, keys) {
      const texts = machine.texts(keys);
      for (const value of values) {
        for (const key of texts) {
          machine.budget.look(value.length + key.length);
          if (fits(value, key)) return true;
        }
      }
      return false;
    },
  };
}

/** RFC 5231 section 4.2. */
function countMatcher(comparator: Comparator, relation: Relation): Matcher {
  return {
    counts: true,
    checkKeys() {},
    test(machine, values, keys) {
      const count = String(values.length);
      return machine.texts(keys).some((key) => relation(comparator.order(count, key)));
    },
  };
}

function wildcardMatcher(comparator: Comparator, scope: Scope): Matcher {
  return {
    counts: false,
    checkKeys() {},
    test(machine, values, keys) {
      const look = (characters: number) => machine.budget.look(characters);
      const texts = machine.texts(keys);
      for (const value of values) {
        for (const key of texts) {
          const found = matchWildcard(key, value, { comparator, look });
          if (found === null) continue;
          if (scope.requires("variables")) machine.variables.matches = found;
          return true;
        }
      }
      return false;
    },
  };
}

function regexMatcher(args: Arguments, comparator: Comparator, scope: Scope): Matcher {
  const ignoreCase = comparator.name !== "i;octet";
  const compiled = new Map<string, Regex>();
  return {
    counts: false,
    /** An expression without variables is checked, and made ready, with the script. */
    checkKeys(keys) {
      for (const { text, at } of keys) {
        if (!isConstant(text)) continue;
        const regex = compileRegex(text, { ignoreCase });
        if (typeof regex === "string") args.fail(regex, at);
        compiled.set(text, regex);
      }
    },
    test(machine, values, keys) {
      const look = (characters: number) => machine.budget.look(characters);
      for (const key of machine.texts(keys)) {
        const regex = compiled.get(key) ?? compileRegex(key, { ignoreCase });
        if (typeof regex === "string") machine.budget.fail(regex);
        for (const value of values) {
          const found = regex.match(value, look);
          if (found === null) continue;
          if (scope.requires("variables")) machine.variables.matches = found;
          return true;
        }
      }
      return false;
    },
  };
}

/** RFC 6134 section 2.2: the keys name lists, and a value matches when it is in one. */
function listMatcher(_args: Arguments, scope: Scope): Matcher {
  return {
    counts: false,
    checkKeys() {},
    async test(machine, values, keys) {
      for (const list of machine.texts(keys)) {
        for (const value of values) {
          machine.budget.spend(1);
          if (!await machine.input.lists.contains(list, value)) continue;
          if (scope.requires("variables")) machine.variables.matches = [value];
          return true;
        }
      }
      return false;
    },
  };
}
