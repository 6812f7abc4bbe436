import { scriptBytes, type ScriptInfo } from "../../store/scripts.ts";
import { no, ok, type Response } from "../../wire/managesieve/mod.ts";
import type { ManageSieveSession } from "./context.ts";
import { Rejection } from "./errors.ts";

/** Reads a script before it is kept (RFC 5804 section 2.6). Throws `Rejection`; else there may be warnings. */
export async function checkScript(session: ManageSieveSession, script: string): Promise<readonly string[]> {
  const { language } = session;
  if (scriptBytes(script) > language.scriptBytes) throw tooLarge(language.scriptBytes);
  const verdict = language.check(script);
  if (!verdict.isGood) throw new Rejection(no(withLine(verdict.error, script)));
  const missing = await missingScripts(session, verdict.includes);
  return [
    ...verdict.warnings,
    ...missing.map((name) => `It includes the script "${name}", which is not there`),
  ];
}

/** A script that is good, and what its owner should know of it. */
export function goodScript(text: string, warnings: readonly string[]): Response {
  return warnings.length === 0 ? ok(text) : ok(warnings.join("\r\n"), { code: "WARNINGS" });
}

async function missingScripts(
  { scripts, account }: ManageSieveSession,
  names: readonly string[],
): Promise<string[]> {
  if (names.length === 0) return [];
  const there = new Set((await scripts.list(account)).map(({ name }) => name));
  return [...new Set(names)].filter((name) => !there.has(name));
}

/** Throws `Rejection` when a script of this size cannot be kept under this name (RFC 5804 sections 1.3 and 2.5). */
export async function requireSpace(
  { deps, scripts, account, language }: ManageSieveSession,
  { name, bytes }: { readonly name: string; readonly bytes: number },
): Promise<void> {
  if (bytes > language.scriptBytes) throw tooLarge(language.scriptBytes);
  const limits = deps.scriptLimits.current;
  const others = (await scripts.list(account)).filter((script) => script.name !== name);
  if (others.length >= limits.count) {
    throw new Rejection(no(`You may have ${limits.count} scripts`, { code: "QUOTA/MAXSCRIPTS" }));
  }
  if (bytesOf(others) + bytes > limits.bytes) {
    throw new Rejection(no(`All your scripts together may have ${limits.bytes} bytes`, { code: "QUOTA" }));
  }
}

function tooLarge(most: number): Rejection {
  return new Rejection(no(`A script may have ${most} bytes`, { code: "QUOTA/MAXSIZE" }));
}

function bytesOf(scripts: readonly ScriptInfo[]): number {
  return scripts.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** How much of the line that is wrong is shown. */
const SHOWN_LINE = 120;

/** The error, and below it the line that it names. */
function withLine(error: string, script: string): string {
  const number = Number(/^Line (\d{1,9}),/.exec(error)?.[1] ?? 0);
  const line = script.split(/\r?\n/, number)[number - 1]?.trim().slice(0, SHOWN_LINE) ?? "";
  // Controls in it would be the terminal's of whoever reads it.
  return line === "" ? error : `${error}\r\n  ${line.replace(/[\x00-\x1f\x7f-\x9f]/g, " ")}`;
}
