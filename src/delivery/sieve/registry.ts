/** Everything that a script may say: commands and tests as rows, and the names of the extensions they belong to. */
import { address } from "./check/address.ts";
import { envelope } from "./check/envelope.ts";
import { exists } from "./check/exists.ts";
import { header } from "./check/header.ts";
import { allof, anyof, no, not, yes } from "./check/logic.ts";
import { size } from "./check/size.ts";
import { discard, keep, stop } from "./cmd/basic.ts";
import { fileinto } from "./cmd/fileinto.ts";
import { redirect } from "./cmd/redirect.ts";
import { require } from "./cmd/require.ts";
import type { CommandRow, TestRow } from "./rows.ts";

function byName<Row extends { readonly name: string }>(rows: readonly Row[]): ReadonlyMap<string, Row> {
  return new Map(rows.map((row) => [row.name, row]));
}

export const COMMANDS: ReadonlyMap<string, CommandRow> = byName<CommandRow>([
  discard,
  fileinto,
  keep,
  redirect,
  require,
  stop,
]);

export const TESTS: ReadonlyMap<string, TestRow> = byName<TestRow>([
  address,
  allof,
  anyof,
  envelope,
  exists,
  header,
  no,
  not,
  size,
  yes,
]);

/** Namespaces of variables (RFC 5229 section 3), and the extension that brings each. */
export const NAMESPACES: ReadonlyMap<string, string> = new Map([["global", "include"]]);

export const EXTENSIONS: ReadonlySet<string> = new Set([
  "comparator-i;ascii-casemap",
  "comparator-i;ascii-numeric",
  "comparator-i;octet",
  "comparator-i;unicode-casemap",
  "copy",
  "encoded-character",
  "envelope",
  "extlists",
  "fileinto",
  "imap4flags",
  "mailbox",
  "mailboxid",
  "regex",
  "relational",
  "special-use",
  "subaddress",
  "variables",
]);
