/** MTA-STS as text (RFC 8461 section 3): the TXT record and the policy file. */

export interface StsPolicy {
  readonly mode: "enforce" | "testing" | "none";
  /** In lower case; `*.` stands for exactly one label. */
  readonly mx: readonly string[];
  readonly maxAgeMs: number;
}

/** RFC 8461 section 3.2: a year is the longest. */
const MAX_AGE_SECONDS = 31_557_600;
/** More patterns than these no honest domain has. */
const MAX_PATTERNS = 500;

/** The id in the TXT records of `_mta-sts.<domain>`; null when the domain has no policy (section 3.1). */
export function readStsRecord(texts: readonly string[]): string | null {
  const records = texts.filter((text) => /^v=STSv1[ \t]*(?:;|$)/.test(text));
  if (records.length !== 1) return null;
  for (const field of records[0]!.split(";").slice(1)) {
    const id = /^id[ \t]*=[ \t]*([A-Za-z0-9]{1,32})$/.exec(field.trim())?.[1];
    if (id !== undefined) return id;
  }
  return null;
}

/** Null when the text is no valid policy (section 3.2). */
export function parseStsPolicy(text: string): StsPolicy | null {
  const fields = new Map<string, string>();
  const mx: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon < 0) {
      if (line.trim() === "") continue;
      return null;
    }
    const key = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    if (key === "mx") mx.push(value.toLowerCase());
    // Of a key that is there twice the first one counts.
    else if (!fields.has(key)) fields.set(key, value);
  }
  const mode = fields.get("mode");
  const maxAge = fields.get("max_age") ?? "";
  if (fields.get("version") !== "STSv1" || !/^[0-9]{1,10}$/.test(maxAge)) return null;
  if (mode !== "enforce" && mode !== "testing" && mode !== "none") return null;
  if (mx.length > MAX_PATTERNS || (mode !== "none" && mx.length === 0)) return null;
  return { mode, mx, maxAgeMs: Math.min(Number(maxAge), MAX_AGE_SECONDS) * 1000 };
}

/** Section 4.1: `*.example.com` is for `mx.example.com`, not for `example.com` or `a.mx.example.com`. */
export function listsHost({ mx }: StsPolicy, host: string): boolean {
  const name = host.toLowerCase();
  const parent = name.slice(name.indexOf(".") + 1);
  return mx.some((pattern) =>
    pattern.startsWith("*.") ? name.includes(".") && pattern.slice(2) === parent : pattern === name
  );
}
