export interface Pop3Limits {
  /** How long a client may take to log in, all in all. */
  readonly loginTimeoutMs: number;
  /** How long it may say nothing afterwards. RFC 1939 section 3: at least ten minutes. */
  readonly idleTimeoutMs: number;
  /**
   * The longest command line with its CR LF. RFC 2449 section 4 says 255; passwords and the initial response of AUTH may be
   * longer than its authors thought.
   */
  readonly commandLength: number;
  /** A response of AUTH, which RFC 5034 section 4 leaves to the mechanism. */
  readonly authLength: number;
  /** Commands that failed for their syntax before the connection is closed. */
  readonly errors: number;
  /** Wrong passwords before the connection is closed. */
  readonly loginFailures: number;
  /** How long an account must wait from one log-in to the next (RFC 2449 section 6.5), in whole seconds; 0 for not at all. */
  readonly loginDelayMs: number;
}

export const defaultPop3Limits: Pop3Limits = {
  loginTimeoutMs: 3 * 60_000,
  idleTimeoutMs: 10 * 60_000,
  commandLength: 1024,
  authLength: 12 * 1024,
  errors: 20,
  loginFailures: 3,
  loginDelayMs: 0,
};
