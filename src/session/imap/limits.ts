/** What one session may take. */
export interface ImapLimits {
  /** How long a client may take in all to log in. */
  readonly loginTimeoutMs: number;
  /** How long it may say nothing after that, IDLE included: at least 30 minutes (RFC 3501 section 5.4). */
  readonly idleTimeoutMs: number;
  /** The text of one command, and all its literals together, before log-in and after. */
  readonly lineBytesBeforeLogin: number;
  readonly literalBytesBeforeLogin: number;
  readonly lineBytes: number;
  readonly literalBytes: number;
  /** A message to APPEND; it goes to the store as it comes. */
  readonly messageBytes: number;
  /** Messages in one APPEND (MULTIAPPEND), and parts of one message that CATENATE puts together. */
  readonly appendMessages: number;
  readonly catenateParts: number;
  /** An announced literal that we do not want is read and thrown away up to this size, else the session ends. */
  readonly drainedBytesBeforeLogin: number;
  readonly drainedBytes: number;
  /** Commands of any kind before log-in. */
  readonly commandsBeforeLogin: number;
  /** How many commands in a row may be wrong, and how many log-ins may fail, before the session ends. */
  readonly badCommands: number;
  readonly loginFailures: number;
  /** How long the answer to a failed log-in waits; longer with each one. */
  readonly loginDelayMs: number;
  readonly mailboxes: number;
  readonly mailboxNameLength: number;
  readonly mailboxLevels: number;
  /** Keywords in use in one mailbox, and the characters of one. */
  readonly keywords: number;
  /** How long one search, or sort, may take. */
  readonly searchTimeMs: number;
  /** How many searches of a session may be kept up to date (RFC 5267). */
  readonly searchContexts: number;
  /** Annotations of one account on one mailbox, and the bytes of one (RFC 5464 section 4.3). */
  readonly annotations: number;
  readonly annotationBytes: number;
  /** Bytes of all annotations of one account together. */
  readonly annotationBytesTotal: number;
  /** With how many a mailbox may be shared (RFC 4314). */
  readonly aclEntries: number;
  readonly keywordLength: number;
  /** Messages that one command may touch (RFC 9738); 0 for any number. */
  readonly messages: number;
  /** Mailboxes that NOTIFY may watch, and news of them that may wait; past that the client is told so and asked again. */
  readonly notifyMailboxes: number;
  readonly notifyBacklog: number;
  /** How often one session may log out and in again (RFC 8437); 0 switches UNAUTHENTICATE off. */
  readonly unauthentications: number;
  /** How many sessions may use COMPRESS at once, each for some 110 KiB; 0 switches it off. */
  readonly compressedSessions: number;
}

export const defaultImapLimits: ImapLimits = {
  loginTimeoutMs: 3 * 60_000,
  idleTimeoutMs: 30 * 60_000,
  // A bearer token of 8 KiB comes in base64 (RFC 4959 section 6).
  lineBytesBeforeLogin: 16 * 1024,
  literalBytesBeforeLogin: 4 * 1024,
  lineBytes: 64 * 1024,
  literalBytes: 64 * 1024,
  messageBytes: 50 * 1024 * 1024,
  appendMessages: 1000,
  catenateParts: 500,
  drainedBytesBeforeLogin: 64 * 1024,
  drainedBytes: 1024 * 1024 * 1024,
  commandsBeforeLogin: 100,
  badCommands: 20,
  loginFailures: 3,
  loginDelayMs: 2_000,
  mailboxes: 10_000,
  mailboxNameLength: 500,
  mailboxLevels: 30,
  keywords: 200,
  searchTimeMs: 60_000,
  searchContexts: 8,
  annotations: 100,
  annotationBytes: 16 * 1024,
  annotationBytesTotal: 10 * 1024 * 1024,
  aclEntries: 200,
  keywordLength: 100,
  messages: 0,
  notifyMailboxes: 2000,
  notifyBacklog: 500,
  unauthentications: 1000,
  compressedSessions: 500,
};
