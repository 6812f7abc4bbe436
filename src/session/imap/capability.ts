import { isLoopback } from "../../core/loopback.ts";
import { saslMechanisms } from "../../intake/sasl_log_in.ts";
import { AFTER_LOGIN, ANY_STATE, BEFORE_LOGIN } from "./command.ts";
import { offersCompression } from "./compression.ts";
import type { ImapSession, ImapState } from "./context.ts";
import { offersUnauthenticate } from "./log_out.ts";

/** What is announced, in which states, and on which condition besides. */
interface Row {
  /** The name, or the names where they depend on the session. */
  readonly name: string | ((session: ImapSession) => readonly string[]);
  readonly states: readonly ImapState[];
  readonly when?: (session: ImapSession) => boolean;
}

/** One line per capability, in the order in which they are told. */
const TABLE: readonly Row[] = [
  { name: "IMAP4rev1", states: ANY_STATE },
  { name: "IMAP4rev2", states: ANY_STATE },
  // RFC 7888 section 5: small literals are taken unasked from everybody, large ones from who has logged in.
  { name: "LITERAL-", states: BEFORE_LOGIN },
  { name: "LITERAL+", states: AFTER_LOGIN },
  { name: "SASL-IR", states: ANY_STATE },
  { name: "ID", states: ANY_STATE },
  { name: "ENABLE", states: ANY_STATE },
  { name: "IDLE", states: ANY_STATE },
  { name: "STARTTLS", states: BEFORE_LOGIN, when: ({ conn }) => conn.tls === null },
  { name: (session) => mechanisms(session).map(authName), states: BEFORE_LOGIN, when: passwordAllowed },
  { name: "LOGINDISABLED", states: BEFORE_LOGIN, when: (session) => !passwordAllowed(session) },
  { name: ({ limits }) => [`APPENDLIMIT=${limits.messageBytes}`], states: AFTER_LOGIN },
  { name: "ACL", states: AFTER_LOGIN },
  { name: "RIGHTS=texk", states: AFTER_LOGIN },
  { name: "BINARY", states: AFTER_LOGIN },
  { name: "CATENATE", states: AFTER_LOGIN },
  { name: "INPROGRESS", states: AFTER_LOGIN },
  { name: "MULTIAPPEND", states: AFTER_LOGIN },
  { name: "OBJECTID", states: AFTER_LOGIN },
  { name: "PREVIEW", states: AFTER_LOGIN },
  { name: "REPLACE", states: AFTER_LOGIN },
  { name: "SAVEDATE", states: AFTER_LOGIN },
  { name: "CHILDREN", states: AFTER_LOGIN },
  { name: "CONDSTORE", states: AFTER_LOGIN },
  { name: "CREATE-SPECIAL-USE", states: AFTER_LOGIN },
  { name: "QRESYNC", states: AFTER_LOGIN },
  { name: "UIDONLY", states: AFTER_LOGIN },
  {
    name: ({ limits }) => [`MESSAGELIMIT=${limits.messages}`],
    states: AFTER_LOGIN,
    when: ({ limits }) => limits.messages > 0,
  },
  { name: "COMPRESS=DEFLATE", states: AFTER_LOGIN, when: offersCompression },
  { name: "LIST-EXTENDED", states: AFTER_LOGIN },
  { name: "LIST-METADATA", states: AFTER_LOGIN },
  { name: "LIST-MYRIGHTS", states: AFTER_LOGIN },
  { name: "LIST-STATUS", states: AFTER_LOGIN },
  { name: "METADATA", states: AFTER_LOGIN },
  { name: "MOVE", states: AFTER_LOGIN },
  { name: "NAMESPACE", states: AFTER_LOGIN },
  { name: "NOTIFY", states: AFTER_LOGIN },
  { name: "QUOTA", states: AFTER_LOGIN },
  { name: "QUOTA=RES-STORAGE", states: AFTER_LOGIN },
  { name: "QUOTA=RES-MESSAGE", states: AFTER_LOGIN },
  { name: "QUOTA=RES-MAILBOX", states: AFTER_LOGIN },
  { name: "SPECIAL-USE", states: AFTER_LOGIN },
  { name: "CONTEXT=SEARCH", states: AFTER_LOGIN },
  { name: "CONTEXT=SORT", states: AFTER_LOGIN },
  { name: "ESEARCH", states: AFTER_LOGIN },
  { name: "ESORT", states: AFTER_LOGIN },
  { name: "I18NLEVEL=1", states: AFTER_LOGIN },
  { name: "MULTISEARCH", states: AFTER_LOGIN },
  { name: "PARTIAL", states: AFTER_LOGIN },
  { name: "SEARCH=FUZZY", states: AFTER_LOGIN },
  { name: "SEARCHRES", states: AFTER_LOGIN },
  { name: "SORT", states: AFTER_LOGIN },
  { name: "SORT=DISPLAY", states: AFTER_LOGIN },
  { name: "THREAD=ORDEREDSUBJECT", states: AFTER_LOGIN },
  { name: "THREAD=REFERENCES", states: AFTER_LOGIN },
  { name: "WITHIN", states: AFTER_LOGIN },
  { name: "STATUS=SIZE", states: AFTER_LOGIN },
  { name: "UIDPLUS", states: AFTER_LOGIN },
  { name: "UNAUTHENTICATE", states: AFTER_LOGIN, when: offersUnauthenticate },
  { name: "UNSELECT", states: AFTER_LOGIN },
  { name: "UTF8=ACCEPT", states: AFTER_LOGIN },
];

/** The list for CAPABILITY, the greeting and the answer to a log-in (RFC 3501 section 7.2.1). */
export function capabilities(session: ImapSession): string {
  const { state } = session;
  return TABLE
    .filter(({ states, when }) => states.includes(state) && (when?.(session) ?? true))
    .flatMap(({ name }) => typeof name === "string" ? name : name(session))
    .join(" ");
}

/** The SASL mechanisms that AUTHENTICATE takes, best first. */
export function mechanisms({ deps, conn }: ImapSession): string[] {
  return saslMechanisms(deps, conn.tls);
}

/** Whether a password may be sent now: under TLS, or, where the configuration allows it, on this machine. */
export function passwordAllowed({ conn, deps }: ImapSession): boolean {
  return conn.tls !== null || (deps.plaintextAuth.current && isLoopback(conn.remote.host));
}

function authName(mechanism: string): string {
  return `AUTH=${mechanism}`;
}
