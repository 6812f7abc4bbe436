import { tryDecodeUtf8 } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";

export interface Credentials {
  /** Whom the client wants to act as; empty means the user itself. */
  readonly authzid: string;
  readonly user: string;
  readonly password: string;
}

/**
 * Decodes the one message of PLAIN: authzid NUL authcid NUL passwd (RFC 4616 section 2). Name and password must not be
 * empty, and a fourth part means that the password holds a NUL, which is not allowed.
 */
export function decodePlain(message: Uint8Array): Credentials {
  const text = tryDecodeUtf8(message);
  if (text === null) throw new ProtocolError("The PLAIN message is not UTF-8");
  const parts = text.split("\0", 4);
  const [authzid, user, password] = parts;
  if (parts.length !== 3 || authzid === undefined || !user || !password) {
    throw new ProtocolError("The PLAIN message must be: authorization id, NUL, user, NUL, password");
  }
  return { authzid, user, password };
}

/** Whether the client asks for no other identity than its own; Mailden has no proxy users. */
export function actsForItself(credentials: Pick<Credentials, "authzid" | "user">): boolean {
  return credentials.authzid === "" || credentials.authzid.toLowerCase() === credentials.user.toLowerCase();
}
