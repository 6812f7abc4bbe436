/** Everything that a script may say: commands and tests as rows, and the names of the extensions they belong to. */
import { address } from "./check/address.ts";
import { body } from "./check/body.ts";
import { currentdate, date } from "./check/date.ts";
import { duplicate } from "./check/duplicate.ts";
import { envelope } from "./check/envelope.ts";
import { environment } from "./check/environment.ts";
import { exists } from "./check/exists.ts";
import { hasflag } from "./check/hasflag.ts";
import { header } from "./check/header.ts";
import { ihave } from "./check/ihave.ts";
import { allof, anyof, no, not, yes } from "./check/logic.ts";
import {
  mailboxexists,
  mailboxidexists,
  metadata,
  metadataexists,
  servermetadata,
  servermetadataexists,
  specialUseExists,
} from "./check/mailboxes.ts";
import { notifyMethodCapability, validNotifyMethod } from "./check/notify_methods.ts";
import { size } from "./check/size.ts";
import { spamtest, virustest } from "./check/spamtest.ts";
import { string } from "./check/string.ts";
import { validExtList } from "./check/valid_ext_list.ts";
import { discard, keep, stop } from "./cmd/basic.ts";
import { addheader, deleteheader } from "./cmd/edit_header.ts";
import { error } from "./cmd/error.ts";
import { extracttext } from "./cmd/extracttext.ts";
import { fileinto } from "./cmd/fileinto.ts";
import { breaking, foreverypart } from "./cmd/foreverypart.ts";
import { global, include, returning } from "./cmd/include.ts";
import { notify } from "./cmd/notify.ts";
import { redirect } from "./cmd/redirect.ts";
import { enclose, replace } from "./cmd/replace.ts";
import { ereject, reject } from "./cmd/reject.ts";
import { require } from "./cmd/require.ts";
import { set } from "./cmd/set.ts";
import { addflag, removeflag, setflag } from "./cmd/set_flags.ts";
import { vacation } from "./cmd/vacation.ts";
import type { CommandRow, TestRow } from "./rows.ts";

function byName<Row extends { readonly name: string }>(rows: readonly Row[]): ReadonlyMap<string, Row> {
  return new Map(rows.map((row) => [row.name, row]));
}

export const COMMANDS: ReadonlyMap<string, CommandRow> = byName<CommandRow>([
  addflag,
  addheader,
  breaking,
  deleteheader,
  discard,
  enclose,
  ereject,
  error,
  extracttext,
  fileinto,
  foreverypart,
  global,
  include,
  keep,
  notify,
  redirect,
  reject,
  removeflag,
  replace,
  require,
  returning,
  set,
  setflag,
  stop,
  vacation,
]);

export const TESTS: ReadonlyMap<string, TestRow> = byName<TestRow>([
  address,
  allof,
  anyof,
  body,
  currentdate,
  date,
  duplicate,
  envelope,
  environment,
  exists,
  hasflag,
  header,
  ihave,
  mailboxexists,
  mailboxidexists,
  metadata,
  metadataexists,
  no,
  not,
  notifyMethodCapability,
  servermetadata,
  servermetadataexists,
  size,
  spamtest,
  specialUseExists,
  string,
  validExtList,
  validNotifyMethod,
  virustest,
  yes,
]);

/** Namespaces of variables (RFC 5229 section 3), and the extension that brings each. */
export const NAMESPACES: ReadonlyMap<string, string> = new Map([["global", "include"]]);

export const EXTENSIONS: ReadonlySet<string> = new Set([
  "body",
  "comparator-i;ascii-casemap",
  "comparator-i;ascii-numeric",
  "comparator-i;octet",
  "comparator-i;unicode-casemap",
  "copy",
  "date",
  "duplicate",
  "editheader",
  "enclose",
  "encoded-character",
  "enotify",
  "envelope",
  "environment",
  "ereject",
  "extlists",
  "extracttext",
  "fcc",
  "fileinto",
  "foreverypart",
  "ihave",
  "imap4flags",
  "include",
  "index",
  "mailbox",
  "mailboxid",
  "mboxmetadata",
  "mime",
  "regex",
  "reject",
  "relational",
  "replace",
  "servermetadata",
  "spamtest",
  "spamtestplus",
  "special-use",
  "subaddress",
  "vacation",
  "vacation-seconds",
  "variables",
  "virustest",
]);
