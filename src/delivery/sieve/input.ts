import type { Address, ReversePath } from "../../core/address.ts";
import type { MessageDigest } from "../../wire/mime/mod.ts";
import type { CompiledSieve } from "./compile.ts";

/** The message that is judged. */
export interface SieveMessage {
  readonly size: number;
  readonly digest: MessageDigest;
  /** The bytes from `start` to `end`. */
  read(start: number, end: number): Promise<Uint8Array>;
}

export interface SieveEnvelope {
  readonly from: ReversePath;
  readonly to: Address;
  /** The authenticated sender; null when there was none. */
  readonly auth: string | null;
}

/** RFC 5490, 8579, 9042: what the account's mailboxes are like. */
export interface SieveMailboxes {
  exists(name: string): Promise<boolean>;
  idExists(id: string): Promise<boolean>;
  /** By use, as in `\Junk`; with a name: whether that mailbox has the use. */
  hasUse(use: string, name: string | null): Promise<boolean>;
  /** An annotation (of the server with a null mailbox); null when there is none. */
  annotation(mailbox: string | null, entry: string): Promise<string | null>;
}

/** RFC 6134: the account's own lists, by their name (a URI). */
export interface SieveLists {
  isKnown(list: string): boolean;
  /** Null when there is no such list. */
  members(list: string): Promise<readonly string[] | null>;
  contains(list: string, value: string): Promise<boolean>;
}

/** RFC 7352: whether this account has noted the id in its time. Noting it is an action. */
export interface SieveDuplicates {
  seen(id: string): Promise<boolean>;
}

/** RFC 6609: other scripts; null when there is none of that name. */
export interface SieveScripts {
  find(location: "personal" | "global", name: string): Promise<CompiledSieve | null>;
}

/** All that a script may ask about. */
export interface SieveInput {
  readonly message: SieveMessage;
  readonly envelope: SieveEnvelope;
  /** Whose script it is. */
  readonly owner: Address;
  /** RFC 5233: what stands between user and detail in the addresses of a domain; null when they have no details. */
  readonly separatorOf: (domain: string) => string | null;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Text that nobody can guess, for the boundaries of what `enclose` makes. */
  readonly boundary: string;
  /** Minutes east of Greenwich, for `currentdate`. */
  readonly zoneMinutes: number;
  /** RFC 5183, names in lower case. */
  readonly environment: ReadonlyMap<string, string>;
  /** RFC 5235, in percent; null when nobody has looked. */
  readonly spamPercent: number | null;
  /** RFC 5235 section 3: 0 not looked, 1 clean to 5 surely infected. */
  readonly virusLevel: number;
  readonly mailboxes: SieveMailboxes;
  readonly lists: SieveLists;
  readonly duplicates: SieveDuplicates;
  readonly scripts: SieveScripts;
  /** Lets others have the thread; awaited now and then. */
  readonly rest: () => Promise<void>;
}
