/** SASL, the client's side, for mechanisms of one message: what to send as the initial response. */
import { encodeUtf8 } from "../../core/bytes.ts";
import type { BearerMechanism } from "./bearer.ts";

/** RFC 4616 section 2. */
export function plainResponse(user: string, password: string): Uint8Array {
  return encodeUtf8(`\0${user}\0${password}`);
}

/** RFC 7628 section 3.1, or XOAUTH2 as Google and Microsoft describe it. */
export function bearerResponse(
  mechanism: BearerMechanism,
  { user, token, host, port }: {
    readonly user: string;
    readonly token: string;
    readonly host: string;
    readonly port: number;
  },
): Uint8Array {
  if (mechanism === "XOAUTH2") return encodeUtf8(`user=${user}\x01auth=Bearer ${token}\x01\x01`);
  const name = user.replaceAll("=", "=3D").replaceAll(",", "=2C");
  return encodeUtf8(`n,a=${name},\x01host=${host}\x01port=${port}\x01auth=Bearer ${token}\x01\x01`);
}
