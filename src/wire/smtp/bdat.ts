import { ProtocolError } from "../../core/errors.ts";

export interface BdatArguments {
  /** How many octets follow the command line. */
  readonly octets: number;
  /** The message ends with them. */
  readonly last: boolean;
}

/** The argument of BDAT (RFC 3030 section 2): `size [LAST]`. Throws `ProtocolError`. */
export function parseBdat(argument: string): BdatArguments {
  const match = /^([0-9]{1,15})( +LAST)?$/i.exec(argument);
  if (match === null) throw new ProtocolError("BDAT needs a number of octets, and LAST or nothing after it");
  return { octets: Number(match[1]), last: match[2] !== undefined };
}
