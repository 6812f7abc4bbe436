/** What one session may take. */
export interface ManageSieveLimits {
  /** How long a client may take in all to log in. */
  readonly loginTimeoutMs: number;
  /** How long it may say nothing after that: at least 30 minutes (RFC 5804 section 1.4). */
  readonly idleTimeoutMs: number;
  /** The text of one command, and all its literals together but for a script, before log-in and after. */
  readonly lineBytes: number;
  readonly literalBytes: number;
  /** What is read and thrown away of a literal that is refused, before the session ends. */
  readonly drainedBytesBeforeLogin: number;
  readonly drainedBytes: number;
  /** Commands of any kind before log-in. */
  readonly commandsBeforeLogin: number;
  /** How many commands in a row may be wrong, and how many log-ins may fail, before the session ends. */
  readonly badCommands: number;
  readonly loginFailures: number;
  /** How long the answer to a failed log-in waits; longer with each one. */
  readonly loginDelayMs: number;
}

export const defaultManageSieveLimits: ManageSieveLimits = {
  loginTimeoutMs: 3 * 60_000,
  idleTimeoutMs: 30 * 60_000,
  lineBytes: 16 * 1024,
  literalBytes: 16 * 1024,
  drainedBytesBeforeLogin: 64 * 1024,
  drainedBytes: 16 * 1024 * 1024,
  commandsBeforeLogin: 100,
  badCommands: 20,
  loginFailures: 3,
  loginDelayMs: 2_000,
};
