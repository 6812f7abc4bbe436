/** What one SMTP session may use. Sizes are octets, times milliseconds. */
export interface SmtpLimits {
  /** One message; announced with SIZE (RFC 1870). */
  readonly messageSize: number;
  /** Recipients of one message; at least 100 (RFC 5321 section 4.5.3.1.8). */
  readonly recipients: number;
  /** A command line with CR LF. 512 by RFC 5321 section 4.5.3.1.4, and more with the extensions. */
  readonly commandLength: number;
  /** A line of an AUTH exchange; at least 12288 (RFC 4954 section 4). */
  readonly authLength: number;
  /** Commands that are wrong: unknown, malformed, out of sequence. */
  readonly errors: number;
  /** Senders, recipients and messages that are refused. */
  readonly refusals: number;
  readonly commands: number;
  readonly transactions: number;
  /** Failed log-ins. */
  readonly authTries: number;
  /** The wait after the first failed log-in; it doubles with each one, up to `authDelayMaxMs`. */
  readonly authDelayMs: number;
  readonly authDelayMaxMs: number;
  /** The wait for a command (RFC 5321 section 4.5.3.2.7). */
  readonly commandTimeoutMs: number;
  /** The wait for a block of the data (RFC 5321 section 4.5.3.2.5). */
  readonly dataTimeoutMs: number;
  /** The longest that a message may be held by FUTURERELEASE (RFC 4865); 0 for not at all. */
  readonly holdMaxMs: number;
  /** How long a client of the smtp service must be silent before the banner; 0 for no such check. */
  readonly bannerDelayMs: number;
  /** Wrong commands and refusals that are answered at once; each one more waits twice as long, up to `errorDelayMaxMs`. */
  readonly errorsBeforeDelay: number;
  readonly errorDelayMs: number;
  readonly errorDelayMaxMs: number;
  /** A whole session, so that nobody holds a connection by sending an octet now and then. */
  readonly sessionMs: number;
}

export const defaultSmtpLimits: SmtpLimits = {
  messageSize: 50 * 1024 * 1024,
  recipients: 100,
  commandLength: 4096,
  authLength: 12288,
  errors: 10,
  refusals: 200,
  commands: 100_000,
  transactions: 10_000,
  authTries: 4,
  authDelayMs: 1000,
  authDelayMaxMs: 10_000,
  commandTimeoutMs: 5 * 60_000,
  dataTimeoutMs: 3 * 60_000,
  holdMaxMs: 21 * 24 * 60 * 60_000,
  bannerDelayMs: 0,
  errorsBeforeDelay: 5,
  errorDelayMs: 500,
  errorDelayMaxMs: 5000,
  sessionMs: 2 * 60 * 60_000,
};
