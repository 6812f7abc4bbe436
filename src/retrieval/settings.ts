/** What holds for all sources: how much at once, how long, and how much of it. */
export interface RetrievalSettings {
  /** Sources that are fetched from at the same time; those that wait in IDLE do not count. */
  readonly concurrency: number;
  readonly connectTimeoutMs: number;
  /** For the greeting, and for the whole answer to a small command. */
  readonly commandTimeoutMs: number;
  /** For a list of messages, however long. */
  readonly listTimeoutMs: number;
  /** For one whole message. */
  readonly messageTimeoutMs: number;
  /** The longest line, and the longest literal that is not a message. */
  readonly lineSize: number;
  /** New messages in one folder, or all in one maildrop; with more nothing is fetched. */
  readonly messages: number;
  /** Folders that patterns may lead to. */
  readonly folders: number;
  /** Messages that are fetched before other sources have their turn. */
  readonly messagesPerRound: number;
  /** So long may be fetched before other sources have their turn; the message under way comes to its end. */
  readonly roundTimeMs: number;
  /** After the first failure; doubles with each one. */
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  /** After a password was refused: a server that sees it again and again locks the account. */
  readonly refusedWaitMs: number;
  /** How long it is remembered what a fetched message was, for servers that give all their messages new numbers. */
  readonly rememberDays: number;
}

export const defaultRetrievalSettings: RetrievalSettings = {
  concurrency: 4,
  connectTimeoutMs: 30_000,
  commandTimeoutMs: 60_000,
  listTimeoutMs: 10 * 60_000,
  messageTimeoutMs: 30 * 60_000,
  lineSize: 64 * 1024,
  messages: 200_000,
  folders: 500,
  messagesPerRound: 500,
  roundTimeMs: 10 * 60_000,
  firstRetryMs: 60_000,
  maxRetryMs: 4 * 3_600_000,
  refusedWaitMs: 6 * 3_600_000,
  rememberDays: 365,
};
