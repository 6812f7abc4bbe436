/** The `limits:` section: the rooms' own limits under the names they have in the file. */
import {
  defaultFilterLimits,
  defaultFilterSettings,
  type FilterLimits,
  type FilterSettings,
} from "../../delivery/filter/mod.ts";
import { type AuthLimits, defaultAuthLimits } from "../../intake/authenticator.ts";
import { defaultIntakeLimits, type IntakeLimits } from "../../intake/limits.ts";
import { defaultListenLimits, type ListenLimits } from "../../net/listen.ts";
import { defaultImapLimits, type ImapLimits } from "../../session/imap/limits.ts";
import { defaultManageSieveLimits, type ManageSieveLimits } from "../../session/managesieve/limits.ts";
import { defaultPop3Limits, type Pop3Limits } from "../../session/pop3/limits.ts";
import { defaultSmtpLimits, type SmtpLimits } from "../../session/smtp/limits.ts";
import { defaultRateLimits, type RateLimits } from "../../session/smtp/rates.ts";
import { count, duration, durationFrom, sizeBetween } from "./fields.ts";
import {
  type FieldsOf,
  type FileKeys,
  section,
  settingsFrom,
  settingsSection,
  settingsShape,
} from "./section.ts";
import type { Limits } from "./types.ts";

const MANY = 1_000_000;
const KIB = 1024;

/** One message may be that large everywhere: announced by SMTP, checked by the door, taken by IMAP. */
const messageSize = sizeBetween(64 * KIB, 2 ** 31);

const intakeFields: FieldsOf<IntakeLimits> = {
  messageSize,
  headerSize: sizeBetween(16 * KIB, 2 ** 24),
  receivedFields: count(10, 1000),
};

const smtpFields: FieldsOf<Omit<SmtpLimits, "messageSize">> = {
  recipients: count(100, 100_000),
  commandLength: sizeBetween(512, 64 * KIB),
  authLength: sizeBetween(12_288, 256 * KIB),
  errors: count(1, MANY),
  refusals: count(1, MANY),
  commands: count(10, 1_000_000_000),
  transactions: count(1, 1_000_000_000),
  authTries: count(1, 1000),
  authDelayMs: durationFrom(0),
  authDelayMaxMs: durationFrom(0),
  commandTimeoutMs: durationFrom(1000),
  dataTimeoutMs: durationFrom(1000),
  holdMaxMs: durationFrom(0),
  bannerDelayMs: durationFrom(0),
  errorsBeforeDelay: count(0, MANY),
  errorDelayMs: durationFrom(0),
  errorDelayMaxMs: durationFrom(0),
  sessionMs: durationFrom(1000),
};
const smtpKeys: FileKeys<SmtpLimits> = {
  authDelayMaxMs: "auth_delay_max",
  holdMaxMs: "hold_max",
  errorDelayMaxMs: "error_delay_max",
  sessionMs: "session_time",
};

const rateFields: FieldsOf<RateLimits> = {
  messages: count(0, 1_000_000_000),
  recipients: count(0, 1_000_000_000),
  windowMs: durationFrom(1000),
  tracked: count(100, 10_000_000),
};

const imapFields: FieldsOf<Omit<ImapLimits, "messageBytes">> = {
  loginTimeoutMs: durationFrom(1000),
  // RFC 3501 section 5.4: no less.
  idleTimeoutMs: durationFrom(30 * 60_000),
  lineBytesBeforeLogin: sizeBetween(512, 2 ** 20),
  literalBytesBeforeLogin: sizeBetween(512, 2 ** 20),
  lineBytes: sizeBetween(8 * KIB, 2 ** 24),
  literalBytes: sizeBetween(8 * KIB, 2 ** 24),
  appendMessages: count(1, 100_000),
  catenateParts: count(1, 100_000),
  drainedBytesBeforeLogin: sizeBetween(0, 2 ** 30),
  drainedBytes: sizeBetween(0, 2 ** 40),
  commandsBeforeLogin: count(10, MANY),
  badCommands: count(1, MANY),
  loginFailures: count(1, 1000),
  loginDelayMs: durationFrom(0),
  mailboxes: count(10, MANY),
  mailboxNameLength: count(50, 2000),
  mailboxLevels: count(1, 100),
  keywords: count(10, 10_000),
  searchTimeMs: durationFrom(1000),
  searchContexts: count(0, 100),
  // RFC 5464 section 4.1: no less.
  annotations: count(10, 10_000),
  annotationBytes: sizeBetween(KIB, 2 ** 20),
  annotationBytesTotal: sizeBetween(10 * KIB, 2 ** 32),
  aclEntries: count(0, 1000),
  keywordLength: count(10, 100),
  messages: count(0, 1_000_000_000),
  notifyMailboxes: count(1, MANY),
  notifyBacklog: count(1, MANY),
  unauthentications: count(0, MANY),
  compressedSessions: count(0, MANY),
};
const imapKeys: FileKeys<ImapLimits> = {
  lineBytesBeforeLogin: "line_size_before_login",
  literalBytesBeforeLogin: "literal_size_before_login",
  lineBytes: "line_size",
  literalBytes: "literal_size",
  drainedBytesBeforeLogin: "drained_size_before_login",
  drainedBytes: "drained_size",
  annotationBytes: "annotation_size",
  annotationBytesTotal: "annotation_total_size",
  messages: "messages_per_command",
};

const pop3Fields: FieldsOf<Pop3Limits> = {
  loginTimeoutMs: durationFrom(1000),
  idleTimeoutMs: durationFrom(1000),
  commandLength: sizeBetween(255, 64 * KIB),
  authLength: sizeBetween(1024, 256 * KIB),
  errors: count(1, MANY),
  loginFailures: count(1, 1000),
  loginDelayMs: durationFrom(0),
};

const manageSieveFields: FieldsOf<ManageSieveLimits> = {
  loginTimeoutMs: durationFrom(1000),
  idleTimeoutMs: durationFrom(1000),
  lineBytes: sizeBetween(2 * KIB, 2 ** 20),
  literalBytes: sizeBetween(2 * KIB, 2 ** 20),
  drainedBytesBeforeLogin: sizeBetween(0, 2 ** 30),
  drainedBytes: sizeBetween(0, 2 ** 40),
  commandsBeforeLogin: count(10, MANY),
  badCommands: count(1, MANY),
  loginFailures: count(1, 1000),
  loginDelayMs: durationFrom(0),
};
const manageSieveKeys: FileKeys<ManageSieveLimits> = {
  lineBytes: "line_size",
  literalBytes: "literal_size",
  drainedBytesBeforeLogin: "drained_size_before_login",
  drainedBytes: "drained_size",
};

const connectionFields: FieldsOf<ListenLimits> = {
  connections: count(1, MANY),
  connectionsPerAddress: count(1, MANY),
  writeTimeoutMs: durationFrom(1000),
  handshakeTimeoutMs: durationFrom(1000),
};
const connectionKeys: FileKeys<ListenLimits> = {
  connections: "per_listener",
  connectionsPerAddress: "per_address",
};

const authFields: FieldsOf<AuthLimits> = {
  concurrent: count(1, 64),
  waiting: count(1, 100_000),
  failuresBeforeDelay: count(0, MANY),
  maxDelayMs: durationFrom(0),
  failuresPerAddress: count(1, MANY),
  failuresPerAccount: count(1, MANY),
  windowMs: duration,
  tracked: count(100, 10_000_000),
  cacheEntries: count(0, MANY),
  cacheMs: durationFrom(0),
};
const authKeys: FileKeys<AuthLimits> = { cacheMs: "cache_time" };

type SieveFields = FilterLimits & FilterSettings["compile"] & FilterSettings["run"];

const filterFields: FieldsOf<FilterLimits> = {
  scripts: count(0, 10_000),
  scriptsBytes: sizeBetween(KIB, 2 ** 28),
  sentPerDay: count(0, MANY),
  compiled: count(1, MANY),
};
const compileFields: FieldsOf<FilterSettings["compile"]> = {
  scriptBytes: sizeBetween(KIB, 2 ** 19),
  // RFC 5228 section 2.10.5; a script calls itself to this depth.
  nesting: count(15, 100),
  nodes: count(100, MANY),
};
const runFields: FieldsOf<FilterSettings["run"]> = {
  steps: count(1000, 100_000_000),
  actions: count(1, 1000),
  redirects: count(0, 100),
  notifications: count(0, 100),
  // RFC 5229 section 6.
  variableLength: count(4000, MANY),
  variables: count(128, 10_000),
  bodyBytes: sizeBetween(0, 2 ** 26),
  editBytes: sizeBetween(0, 2 ** 26),
  includeDepth: count(3, 100),
  addedFields: count(0, 1000),
};
const sieveFields: FieldsOf<SieveFields> = { ...filterFields, ...compileFields, ...runFields };
const sieveKeys: FileKeys<SieveFields> = {
  scriptsBytes: "scripts_size",
  scriptBytes: "script_size",
  bodyBytes: "body_size",
  editBytes: "edit_size",
};
const defaultSieve: SieveFields = {
  ...defaultFilterLimits,
  ...defaultFilterSettings.compile,
  ...defaultFilterSettings.run,
};

export const limitsSection = section({
  ...settingsShape(defaultIntakeLimits, intakeFields),
  connections: settingsSection(defaultListenLimits, connectionFields, connectionKeys),
  smtp: settingsSection<Omit<SmtpLimits, "messageSize">>(defaultSmtpLimits, smtpFields, smtpKeys),
  rates: settingsSection(defaultRateLimits, rateFields),
  imap: settingsSection<Omit<ImapLimits, "messageBytes">>(defaultImapLimits, imapFields, imapKeys),
  pop3: settingsSection(defaultPop3Limits, pop3Fields),
  managesieve: settingsSection(defaultManageSieveLimits, manageSieveFields, manageSieveKeys),
  auth: settingsSection(defaultAuthLimits, authFields, authKeys),
  sieve: settingsSection(defaultSieve, sieveFields, sieveKeys),
}).transform((read): Limits => {
  const intake = settingsFrom<IntakeLimits>(read, intakeFields);
  const { messageSize } = intake;
  return {
    intake,
    connections: read.connections,
    smtp: { ...read.smtp, messageSize },
    rates: read.rates,
    imap: { ...read.imap, messageBytes: messageSize },
    pop3: read.pop3,
    managesieve: read.managesieve,
    auth: read.auth,
    sieve: { filter: read.sieve, compile: read.sieve, run: read.sieve },
  };
});
