/** What one run of a script may take. */
export interface SieveRunLimits {
  /**
   * Each command and test is one step, and so are each 4,000 characters looked at, each 250 comparisons of a wildcard's and each 100
   * states of a regular expression: some 5 microseconds.
   */
  readonly steps: number;
  /** Actions of all kinds. */
  readonly actions: number;
  readonly redirects: number;
  readonly notifications: number;
  /** Characters of one variable, and of all together (RFC 5229 section 6 asks for 4,000 and 128 variables). */
  readonly variableLength: number;
  readonly variables: number;
  /** Bytes of the message's text that `body` and `extracttext` look at. */
  readonly bodyBytes: number;
  /** Bytes of a message that is taken apart and put together anew (RFC 5703). */
  readonly editBytes: number;
  /** Scripts that include each other (RFC 6609 section 3.1). */
  readonly includeDepth: number;
  /** Header fields that one script may add (RFC 5293 section 6). */
  readonly addedFields: number;
}

export const defaultSieveRunLimits: SieveRunLimits = {
  steps: 100_000,
  actions: 32,
  redirects: 4,
  notifications: 4,
  variableLength: 8_000,
  variables: 256,
  bodyBytes: 2 * 1024 * 1024,
  editBytes: 10 * 1024 * 1024,
  includeDepth: 10,
  addedFields: 50,
};
