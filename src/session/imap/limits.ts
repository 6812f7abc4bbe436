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
  /** Keywords in use in one mailbox. */
  readonly keywords: number;
}

export const defaultImapLimits: ImapLimits = {
  loginTimeoutMs: 3 * 60_000,
  idleTimeoutMs: 30 * 60_000,
  lineBytesBeforeLogin: 8 * 1024,
  literalBytesBeforeLogin: 4 * 1024,
  lineBytes: 64 * 1024,
  literalBytes: 64 * 1024,
  messageBytes: 50 * 1024 * 1024,
  commandsBeforeLogin: 100,
  badCommands: 20,
  loginFailures: 3,
  loginDelayMs: 2_000,
  mailboxes: 10_000,
  mailboxNameLength: 500,
  mailboxLevels: 30,
  keywords: 200,
};
