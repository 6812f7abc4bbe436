/** What the configuration says of one place to fetch mail from. */
export interface SourceSpec {
  /** The account that gets the mail, as `alice@example.com`. */
  readonly account: string;
  /** What commands and the log call it; once in an account. */
  readonly name: string;
  readonly protocol: "pop3" | "imap";
  readonly host: string;
  readonly port: number;
  /** `none` only ever to this machine itself. */
  readonly tls: "implicit" | "starttls" | "none";
  readonly user: string;
  /** From a file; null when it is in the store (`mailden retrieve secret`). With `oauth` it is the refresh token. */
  readonly secret: string | null;
  readonly oauth: OAuthSpec | null;
  readonly everyMs: number;
  /** Stay connected and be told of new mail at once (RFC 2177), where the server can. */
  readonly idle: boolean;
  /** Names as the other server has them, or patterns with `*` and `%`. */
  readonly folders: readonly string[];
  readonly keep: Keep;
  /** The mailbox that fetched mail goes to. */
  readonly into: string;
  /** The account's own filters are asked where it goes. */
  readonly filters: boolean;
  /** Address ranges that may be connected to though they are not public. */
  readonly allowNetworks: readonly string[];
}

export type Keep =
  | { readonly kind: "leave" }
  | { readonly kind: "delete" }
  /** Deleted there so long after it was fetched. */
  | { readonly kind: "delete-after"; readonly ms: number };

export interface OAuthSpec {
  /** Where a refresh token is turned into an access token (RFC 6749 section 6); https. */
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string | null;
}

/** The name under which it is remembered what was fetched. Not the place in the list, nor the port: those may change. */
export function sourceKey({ account, protocol, user, host }: SourceSpec): string {
  return `${account} ${protocol}:${user}@${host.toLowerCase()}`;
}

/** As it stands in the log and in commands: `alice@example.com/work`. */
export function sourceLabel({ account, name }: SourceSpec): string {
  return `${account}/${name}`;
}
