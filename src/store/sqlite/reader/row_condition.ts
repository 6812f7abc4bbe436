/**
 * Search keys as conditions on the tables `messages m` and `sort_keys k`: what SQLite decides by itself is decided many times
 * faster than row by row here. Texts and numbers of the client are always values, never SQL.
 */
import { flagBit } from "../../flags.ts";
import type { DayTest, SearchKey } from "../../search.ts";
import type { Value } from "../database.ts";

export interface RowCondition {
  readonly sql: string;
  readonly values: readonly Value[];
  /** The key is decided by it; else it only narrows the search down. */
  readonly exact: boolean;
  /** It needs `JOIN sort_keys k ON k.body_id = m.body_id`. */
  readonly joins: boolean;
}

const DAY_MS = 86_400_000;
/** More parts than this are left to `evaluate.ts`, long before SQLite's own limits. */
const MAX_PARTS = 200;

/** Null when nothing of the key can be said in SQL. */
export function rowCondition(key: SearchKey): RowCondition | null {
  const condition = conditionOf(key);
  return condition === null || condition.values.length > MAX_PARTS ? null : condition;
}

function conditionOf(key: SearchKey): RowCondition | null {
  switch (key.kind) {
    case "all":
      return exact("1");
    case "none":
      return exact("0");
    case "uid":
      return uidCondition(key.uids);
    case "flag":
      return flagCondition(key.flag);
    case "internalDate":
      return dayCondition("m.internal_date", key);
    case "savedDate":
      return dayCondition("coalesce(m.saved_at, m.internal_date)", key);
    case "sentDate":
      return joined(sentCondition(key));
    case "internalTime":
      return exact(`m.internal_date ${key.test === "until" ? "<=" : ">="} ?`, key.at);
    case "larger":
      return exact("m.size > ?", key.bytes);
    case "smaller":
      return exact("m.size < ?", key.bytes);
    case "modseq":
      return exact("m.modseq >= ?", key.atLeast);
    case "email":
      return exact("m.body_id = ?", key.bodyId);
    case "thread":
      return joined(exact("k.thread = ?", key.thread));
    case "not":
      return negated(conditionOf(key.key));
    case "and":
      return conjunction(key.keys);
    case "or":
      return disjunction(key.keys);
    case "header":
    case "body":
    case "text":
      return null;
  }
}

function exact(sql: string, ...values: Value[]): RowCondition {
  return { sql, values, exact: true, joins: false };
}

function joined(condition: RowCondition): RowCondition {
  return { ...condition, joins: true };
}

function uidCondition(uids: Extract<SearchKey, { kind: "uid" }>["uids"]): RowCondition | null {
  if (uids.length * 2 > MAX_PARTS) return null;
  if (uids.length === 0) return exact("0");
  return exact(`(${uids.map(() => "m.uid BETWEEN ? AND ?").join(" OR ")})`, ...uids.flat());
}

function flagCondition(flag: string): RowCondition {
  const bit = flagBit(flag);
  if (bit !== null) return exact("m.flags & ? <> 0", bit);
  // Keywords are ASCII, one space between two.
  return exact(
    "(m.keywords IS NOT NULL AND instr(' ' || lower(m.keywords) || ' ', ?) > 0)",
    ` ${flag.toLowerCase()} `,
  );
}

/** False, and never unknown, where there is no date: it may stand behind a NOT. */
function dayCondition(
  column: string,
  { test, day }: { readonly test: "before" | "on" | "since"; readonly day: number },
): RowCondition {
  const [from, to] = [day * DAY_MS, (day + 1) * DAY_MS];
  switch (test) {
    case "before":
      return exact(`coalesce(${column} < ?, 0)`, from);
    case "since":
      return exact(`coalesce(${column} >= ?, 0)`, from);
    case "on":
      return exact(`coalesce(${column} >= ? AND ${column} < ?, 0)`, from, to);
  }
}

/**
 * The day as it stands in the Date field. Zones reach a day to both sides of the time in `sort_keys`, so the field itself is looked
 * at only of messages around the day that is asked for.
 */
function sentCondition({ test, day }: { readonly test: DayTest; readonly day: number }): RowCondition {
  const sentDay = "sent_day((SELECT digest ->> '$.envelope.date' FROM heads WHERE body_id = m.body_id))";
  const [sign, before, after] = SENT_TESTS[test];
  return exact(
    `CASE WHEN k.sent_at IS NULL THEN 0 WHEN k.sent_at < ? THEN ${before} WHEN k.sent_at >= ? THEN ${after}
     ELSE coalesce(${sentDay} ${sign} ?, 0) END`,
    (day - 1) * DAY_MS,
    (day + 2) * DAY_MS,
    day,
  );
}

/** How days are compared, and what is so long before the day and long after it. */
const SENT_TESTS: Readonly<Record<DayTest, readonly [sign: string, before: number, after: number]>> = {
  before: ["<", 1, 0],
  on: ["=", 0, 0],
  since: [">=", 0, 1],
};

function negated(condition: RowCondition | null): RowCondition | null {
  return condition === null || !condition.exact ? null : { ...condition, sql: `NOT (${condition.sql})` };
}

/** The parts that SQL knows narrow down the whole. */
function conjunction(keys: readonly SearchKey[]): RowCondition | null {
  if (keys.length === 0) return exact("1");
  const parts = keys.map(conditionOf);
  const known = parts.filter((part) => part !== null);
  return known.length === 0 || known.length > MAX_PARTS ? null : {
    sql: `(${known.map(({ sql }) => sql).join(" AND ")})`,
    values: known.flatMap(({ values }) => values),
    exact: known.length === parts.length && known.every((part) => part.exact),
    joins: known.some(({ joins }) => joins),
  };
}

function disjunction(keys: readonly SearchKey[]): RowCondition | null {
  if (keys.length === 0) return exact("0");
  const known = keys.map(conditionOf).filter((part) => part !== null);
  return known.length < keys.length || known.length > MAX_PARTS ? null : {
    sql: `(${known.map(({ sql }) => sql).join(" OR ")})`,
    values: known.flatMap(({ values }) => values),
    exact: known.every((part) => part.exact),
    joins: known.some(({ joins }) => joins),
  };
}
