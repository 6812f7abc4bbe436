/** The `delivery:` section, and what a domain or an account says of aliases and forwards. */
import type { CatchAllSpec, DomainSpec } from "../../intake/directory.ts";
import { defaultDeliverySettings, type DeliverySettings } from "../../intake/delivery_settings.ts";
import { parseSpamField, type SpamField } from "../../intake/spam_fields.ts";
import { daysBetween, durationFrom, type Field, flag, list, orNull, text, value } from "./fields.ts";
import { type FieldsOf, section, settingsFrom, settingsShape } from "./section.ts";

/** What stands between a name and a detail where the file says nothing. */
const DEFAULT_SEPARATOR = "+";
const SEPARATORS = "+-=_.#";
const MOST_MARKS = 10;

const separator: Field<string> = {
  expected: 'one character of + - = _ . # in quotes, such as "+"',
  parse: (found) =>
    typeof found === "string" && found.length === 1 && SEPARATORS.includes(found) ? found : undefined,
};

const percents: Field<readonly number[]> = {
  expected: "a list of at most 10 numbers from 1 to 100, such as [80, 95]",
  parse: (found) => {
    if (!Array.isArray(found) || found.length > MOST_MARKS) return undefined;
    return found.every((mark) => Number.isInteger(mark) && mark >= 1 && mark <= 100) ? found : undefined;
  },
};

const MOST_SPAM_FIELDS = 20;

const spamFields: Field<readonly SpamField[]> = {
  expected: `a list of at most ${MOST_SPAM_FIELDS} header fields, such as ["X-Spam-Flag: YES"]`,
  parse: (found) => {
    if (!Array.isArray(found) || found.length > MOST_SPAM_FIELDS) return undefined;
    const fields = found.map((one) => typeof one === "string" ? parseSpamField(one) : null);
    return fields.every((one) => one !== null) ? fields : undefined;
  },
};

const catchAll: Field<string | CatchAllSpec> = {
  expected: "a name of this domain, a whole address, or { to: alice, except: [old, spam-*] }",
  parse: (found) => {
    if (typeof found === "string") return text.parse(found);
    if (typeof found !== "object" || found === null) return undefined;
    const { to, except = [], ...others } = found as { to?: unknown; except?: unknown };
    if (Object.keys(others).length > 0 || !isTexts(except)) return undefined;
    const isTarget = typeof to === "string" || (isTexts(to) && to.length > 0);
    return isTarget ? { to, except } : undefined;
  },
};

function isTexts(found: unknown): found is string[] {
  return Array.isArray(found) && found.every((one) => text.parse(one) !== undefined);
}

const fields: FieldsOf<DeliverySettings> = {
  srs: flag,
  // The day in an address is counted to 1024.
  srsDays: daysBetween(1, 1000),
  quotaWarnings: percents,
  duplicateWindowMs: durationFrom(0),
  spamFields,
  strangersDsn: flag,
};

export const deliverySection = section({
  plus_separator: value(orNull(separator)).default(DEFAULT_SEPARATOR),
  ...settingsShape(defaultDeliverySettings, fields),
}).transform(({ plus_separator, ...read }) => ({
  plusSeparator: plus_separator,
  settings: settingsFrom<DeliverySettings>(read, fields),
}));

/** Of an account. */
export const forwardShape = {
  forward: list(text).default([]),
  keep_copy: value(flag).default(false),
};

/** Of a domain. */
export const domainShape = {
  catch_all: value(orNull(catchAll)).default(null),
  same_as: value(orNull(text)).default(null),
  plus_separator: value(orNull(separator)).optional(),
};

interface DomainContent {
  readonly catch_all: string | CatchAllSpec | null;
  readonly same_as: string | null;
  readonly plus_separator?: string | null | undefined;
}

export function toDomainSpec(
  { catch_all, same_as, plus_separator }: DomainContent,
): Pick<DomainSpec, "catchAll" | "sameAs" | "plusSeparator"> {
  return {
    catchAll: catch_all,
    ...(same_as === null ? {} : { sameAs: same_as }),
    ...(plus_separator === undefined ? {} : { plusSeparator: plus_separator }),
  };
}

/** Where a catch-all leads, with the place in the file. */
export function catchAllTargets(
  found: string | CatchAllSpec | null,
): readonly { readonly target: string; readonly path: readonly (string | number)[] }[] {
  if (found === null) return [];
  if (typeof found === "string") return [{ target: found, path: [] }];
  if (typeof found.to === "string") return [{ target: found.to, path: ["to"] }];
  return found.to.map((target, index) => ({ target, path: ["to", index] }));
}
