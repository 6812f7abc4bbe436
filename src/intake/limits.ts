/** What the door takes at most. Sizes are bytes. */
export interface IntakeLimits {
  /** One whole message (RFC 1870). */
  readonly messageSize: number;
  /** The header of one message, as it came. */
  readonly headerSize: number;
  /** Received fields; one more, and the message is taken for one that goes round in a circle (RFC 5321 section 6.3). */
  readonly receivedFields: number;
}

export const defaultIntakeLimits: IntakeLimits = {
  messageSize: 50 * 1024 * 1024,
  headerSize: 256 * 1024,
  receivedFields: 50,
};
