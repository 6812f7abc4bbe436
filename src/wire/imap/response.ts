/**
 * Status responses as values (RFC 3501 section 7.1). A response code is a word of its own and, for some, data that is
 * already in the form of the grammar.
 */
export type StatusKind = "OK" | "NO" | "BAD" | "BYE" | "PREAUTH";

/** RFC 3501 section 7.1, RFC 4315, RFC 4469, RFC 5465, RFC 5530, RFC 7162, RFC 9586, RFC 9738. */
export type CodeName =
  | "ALERT"
  | "ALREADYEXISTS"
  | "APPENDUID"
  | "AUTHENTICATIONFAILED"
  | "AUTHORIZATIONFAILED"
  | "BADCHARSET"
  | "BADURL"
  | "BADEVENT"
  | "CANNOT"
  | "CAPABILITY"
  | "CLIENTBUG"
  | "COMPRESSIONACTIVE"
  | "CLOSED"
  | "COPYUID"
  | "EXPUNGEISSUED"
  | "HIGHESTMODSEQ"
  | "LIMIT"
  | "INPROGRESS"
  | "MAILBOXID"
  | "MESSAGELIMIT"
  | "METADATA"
  | "MODIFIED"
  | "NONEXISTENT"
  | "NOUPDATE"
  | "NOPERM"
  | "NOTIFICATIONOVERFLOW"
  | "OVERQUOTA"
  | "PERMANENTFLAGS"
  | "PRIVACYREQUIRED"
  | "READ-ONLY"
  | "READ-WRITE"
  | "SERVERBUG"
  | "TOOBIG"
  | "TRYCREATE"
  | "UIDNEXT"
  | "UIDREQUIRED"
  | "UIDVALIDITY"
  | "UNAVAILABLE"
  | "UNKNOWN-CTE"
  | "UNSEEN"
  | "USEATTR";

export interface StatusResponse {
  readonly kind: StatusKind;
  readonly code: { readonly name: CodeName; readonly data: string | null } | null;
  /** For people. */
  readonly text: string;
}

export interface CodeOptions {
  readonly code?: CodeName;
  readonly data?: string;
}

export function ok(text: string, options: CodeOptions = {}): StatusResponse {
  return status("OK", text, options);
}

export function no(text: string, options: CodeOptions = {}): StatusResponse {
  return status("NO", text, options);
}

export function bad(text: string, options: CodeOptions = {}): StatusResponse {
  return status("BAD", text, options);
}

export function bye(text: string, options: CodeOptions = {}): StatusResponse {
  return status("BYE", text, options);
}

function status(kind: StatusKind, text: string, options: CodeOptions): StatusResponse {
  const code = options.code === undefined ? null : { name: options.code, data: options.data ?? null };
  return { kind, code, text };
}

/** One line without its CRLF; `tag` is null for an untagged response. */
export function formatStatus(tag: string | null, response: StatusResponse): string {
  const { kind, code, text } = response;
  const data = code === null || code.data === null ? "" : ` ${code.data}`;
  const bracket = code === null ? "" : `[${code.name}${data}] `;
  // resp-text needs at least one character, and no line end may get into it from an error's message.
  return `${tag ?? "*"} ${kind} ${bracket}${text.replace(/[^\x20-\x7e]/g, "?") || "Done"}`;
}
